"""Photos are opened from any source within limits; everything else is rejected with a message."""

import io
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from inpaint.photos.errors import PhotoError, PhotoTooLargeError
from inpaint.photos.formats import register_heic
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from tests.pictures import file_bytes, picture, raw


def test_the_orientation_is_applied_and_its_tag_removed():
    pixels = np.arange(6 * 4 * 3, dtype=np.uint8).reshape(4, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate right
    exif[0x010E] = "a boat"
    photo = open_photo(file_bytes(Image.fromarray(pixels), exif=exif.tobytes()))
    assert np.array_equal(np.asarray(photo), np.rot90(pixels, -1))
    kept = open_photo(file_bytes(photo, exif=photo.info["exif"])).getexif()
    assert 0x0112 not in kept
    assert kept[0x010E] == "a boat"


def test_a_truncated_photo_is_rejected():
    good = file_bytes(picture("RGB", (90, 90)), "JPEG")
    with pytest.raises(PhotoError, match="damaged"):
        open_photo(good[: len(good) // 2])


def test_too_many_pixels_are_rejected_before_they_are_decoded(monkeypatch):
    data = file_bytes(Image.new("L", (1000, 1000)))
    with pytest.raises(PhotoTooLargeError, match=r"1000x1000 and the limit is 0\.9 million.*max_pixels"):
        open_photo(data, max_pixels=900_000)
    assert open_photo(data, max_pixels=1_000_000).size == (1000, 1000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900_000)
    with pytest.raises(PhotoTooLargeError):
        open_photo(data)
    assert open_photo(data, max_pixels=1_000_000).size == (1000, 1000)
    assert open_photo(Image.new("L", (1000, 1000))).size == (1000, 1000)  # in memory already


def test_too_many_bytes_are_rejected_from_any_source(tmp_path):
    data = file_bytes(picture("RGB"))
    (tmp_path / "a.png").write_bytes(data)

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    for source in (data, tmp_path / "a.png", io.BytesIO(data), Pipe(data)):
        with pytest.raises(PhotoTooLargeError, match=f"more than {len(data) - 1} bytes.*raise max_bytes"):
            open_photo(source, max_bytes=len(data) - 1)
    for source in (data, tmp_path / "a.png", io.BytesIO(data), Pipe(data)):
        assert open_photo(source, max_bytes=len(data)).tobytes() == picture("RGB").tobytes()


def test_what_is_not_a_photo_is_rejected(tmp_path):
    with pytest.raises(PhotoError, match="no such file"):
        open_photo(tmp_path / "absent.png")
    with pytest.raises(PhotoError, match="is a folder"):
        open_photo(tmp_path)
    for wrong in (None, [[1, 2]], 7):
        with pytest.raises(PhotoError, match=f"type {type(wrong).__name__}; it must be a path"):
            open_photo(wrong)
    with pytest.raises(PhotoError, match="empty file"):
        open_photo(b"")
    with pytest.raises(PhotoError, match="must be uint8 or uint16"):
        open_photo(np.zeros((4, 4, 3)))
    with pytest.raises(PhotoError, match="mode LAB"):
        open_photo(Image.new("LAB", (3, 3)))
    with pytest.raises(PhotoError, match="no pixels"):
        open_photo(Image.new("RGB", (0, 3)))


def test_a_photo_with_damaged_exif_data_is_read():
    photo = picture("RGB")
    photo.info["exif"] = b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"
    assert open_photo(photo).tobytes() == photo.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_data_with_a_tag_of_a_wrong_type_still_turn_the_photo(orientation):
    tags = struct.pack("<HHHIIHHI4sI", 2, 274, 3, 1, orientation, 282, 2, 4, b"300\0", 0)  # a resolution in words
    plain = file_bytes(picture("RGB", (24, 16)), "JPEG")
    data = file_bytes(picture("RGB", (24, 16)), "JPEG", exif=b"Exif\0\0II*\0" + struct.pack("<I", 8) + tags)
    turned = Image.Exif()
    turned[274] = orientation
    photo, expected = open_photo(data), Image.open(io.BytesIO(plain))
    expected.info["exif"] = turned.tobytes()
    assert photo.tobytes() == ImageOps.exif_transpose(expected).tobytes()
    photo.paste((255, 0, 0), (0, 0, 8, 8))
    save_photo(photo, file := io.BytesIO(), "JPEG")
    red = open_photo(file.getvalue())
    assert red.size == photo.size
    assert red.getpixel((4, 4))[0] > 200 > red.getpixel((4, 4))[1] + 100


def test_a_tiff_with_damaged_tags_is_read(monkeypatch):
    data = file_bytes(picture("RGB"), "TIFF")
    monkeypatch.setattr("inpaint.photos.tiff.reading.tiff_exif", lambda tags: 1 / 0)
    assert open_photo(data).tobytes() == picture("RGB").tobytes()


def test_an_animation_is_read_as_its_first_frame():
    frames = [Image.new("L", (5, 5), value) for value in (10, 200)]
    photo = open_photo(file_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert to_rgb(photo).max() == 10


def test_heic_is_read_and_without_its_package_the_message_says_what_to_install(monkeypatch):
    assert register_heic()
    data = file_bytes(Image.new("RGB", (64, 48), (200, 90, 30)), "HEIF")
    photo = open_photo(data)
    assert (photo.format, photo.size) == ("HEIF", (64, 48))
    assert np.abs(np.asarray(photo).astype(int) - (200, 90, 30)).max() < 6
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match="pip install pillow-heif"):
        open_photo(data)


def test_many_threads_can_open_one_image_that_is_not_loaded(tmp_path):
    picture("RGB", (300, 300)).save(tmp_path / "a.png")
    for _ in range(5):
        with Image.open(tmp_path / "a.png") as lazy, ThreadPoolExecutor(8) as pool:
            photos = list(pool.map(open_photo, [lazy] * 8))
        assert all(np.array_equal(raw(photo), raw(picture("RGB", (300, 300)))) for photo in photos)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "I;16"])
def test_an_image_is_copied_unless_the_caller_only_reads_it(mode):
    image = picture(mode)
    before = image.tobytes()
    for copy in (True, False):
        photo = open_photo(image, copy=copy)
        assert photo is not image and photo.tobytes() == before
        assert (photo.im is image.im) != copy
    photo = open_photo(image)
    photo.paste(0, (0, 0, *photo.size))
    assert image.tobytes() == before


def test_opening_and_saving_a_jpeg_imports_only_what_that_needs(tmp_path):
    picture("RGB").save(tmp_path / "a.jpg", exif=Image.Exif().tobytes())
    code = (
        "import sys; from inpaint.photos import masks, opening, pairing, pixels, saving, tone; "
        "saving.save_photo(opening.open_photo(sys.argv[1]), sys.argv[2]); "
        "unused = {'torch', 'scipy', 'numba', 'pillow_heif', 'PIL.WebPImagePlugin', 'PIL.FliImagePlugin'}; "
        "print(*unused & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.jpg"), str(tmp_path / "b.jpg")]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_a_jpeg_of_very_many_scans_is_refused_before_it_is_decoded():
    data = file_bytes(picture("RGB", (64, 48)), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(PhotoError, match="more than 200 scans"):
        open_photo(data[:-2] + data[last:-2] * 200 + b"\xff\xd9")
    few = data[:-2] + data[last:-2] * 5 + b"\xff\xd9"
    assert open_photo(few + b"\xff\xda" * 300).tobytes() == open_photo(few).tobytes()  # what follows does not count
