"""WebP files keep metadata, profile, alpha and hidden colours; lossless ones every pixel outside the hole."""

import io
import struct

import numpy as np
import piexif
import pytest
from PIL import Image, ImageCms

from inpaint.photos.errors import PhotoError
from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from tests.pictures import file_bytes, picture

SIZE = (64, 48)
HOLE = np.zeros((48, 64), bool)
HOLE[10:20, 10:40] = True


def saved(data, quality=None):
    """The file of a photo whose hole is filled with random pixels, and the notes."""
    photo = open_photo(data)
    pixels = np.random.default_rng(1).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    notes = save_photo(write_patches(photo, [Patch(0, 0, pixels)], HOLE), file := io.BytesIO(), quality=quality)
    return file.getvalue(), notes


def chunks_of(data):
    found, position = [], 12
    while position < len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        found.append((name, data[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    return found


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_lossless_file_stays_equal_outside_the_hole_hidden_colours_too(mode):
    data = file_bytes(picture(mode, SIZE), "WEBP", lossless=True, exact=True)
    result, notes = saved(data)
    assert notes == ()
    before, after = (np.asarray(Image.open(io.BytesIO(file))) for file in (data, result))
    assert np.array_equal(after[~HOLE], before[~HOLE])
    assert not np.array_equal(after[HOLE], before[HOLE])
    assert b"VP8L" in dict(chunks_of(result))
    assert b"VP8L" not in dict(chunks_of(saved(data, quality=60)[0]))


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_profile_and_metadata_stay_and_previews_go(mode, lossless):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    thumbnail = file_bytes(Image.new("RGB", (16, 16)), "JPEG")
    exif = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Camera"}, "1st": {}, "thumbnail": thumbnail})
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    data = file_bytes(picture(mode, SIZE), "WEBP", exif=exif, xmp=xmp, icc_profile=profile, lossless=lossless)
    data += b"abcd" + struct.pack("<I", 3) + b"own\0"
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    result, notes = saved(data)
    assert notes == ()
    before, after = dict(chunks_of(data)), dict(chunks_of(result))
    for name in (b"ICCP", b"XMP ", b"abcd", b"VP8X"):
        assert after[name] == before[name]
    tags = piexif.load(result)
    assert tags["thumbnail"] is None
    assert tags["0th"][piexif.ImageIFD.Make] == b"Camera"
    with Image.open(io.BytesIO(result)) as opened:
        assert (opened.mode, opened.size) == (mode, SIZE)


def test_of_an_animation_the_first_picture_remains_and_that_is_told():
    frames = [picture("RGB", SIZE, seed) for seed in range(3)]
    data = file_bytes(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    result, notes = saved(data)
    assert notes == ("it is an animation of 3 pictures: only the first was filled, and the others were removed",)
    with Image.open(io.BytesIO(result)) as opened:
        assert opened.n_frames == 1
        assert np.array_equal(np.asarray(opened.convert("RGB"))[~HOLE], np.asarray(frames[0])[~HOLE])


@pytest.mark.parametrize("turn", range(1, 9))
def test_pixels_stay_turned_as_the_orientation_says(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    data = file_bytes(picture("RGB", SIZE), "WEBP", exif=exif.tobytes(), lossless=True)
    save_photo(open_photo(data), file := io.BytesIO())
    with Image.open(file) as opened:
        assert opened.getexif()[0x0112] == turn
        assert np.array_equal(np.asarray(opened), np.asarray(picture("RGB", SIZE)))


def test_content_credentials_and_trailing_data_are_removed_and_told():
    data = file_bytes(picture("RGB", SIZE), "WEBP", xmp=b"<x/>") + b"C2PA" + struct.pack("<I", 4) + b"jumb"
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:] + b"more"
    result, notes = saved(data)
    assert b"C2PA" not in dict(chunks_of(result))
    assert len(notes) == 2
    assert "Content Credentials" in notes[0] and "data after the end of the picture" in notes[1]


def test_an_animation_larger_than_a_picture_may_be_is_a_photo_error():
    first, second = Image.new("RGB", (8, 8), 90), Image.new("RGB", (8, 8), 200)
    first.save(file := io.BytesIO(), "WEBP", save_all=True, append_images=[second])
    data = bytearray(file.getvalue())
    data[27:30] = (20_000 - 1).to_bytes(3, "little")  # the height of the canvas in VP8X
    photo = open_photo(bytes(data))
    assert photo.size == (8, 20_000)
    photo.paste((1, 2, 3), (0, 0, 4, 4))
    with pytest.raises(PhotoError, match="save it as PNG"):
        save_photo(photo, io.BytesIO(), "WEBP")
