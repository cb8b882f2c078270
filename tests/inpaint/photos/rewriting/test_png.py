"""PNG files keep every chunk and the kind of their pixels; only previews and what is signed goes."""

import base64
import io
import zlib

import numpy as np
import piexif
import pytest
from PIL import Image

from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo

from .png_reference import KINDS, chunk, chunks_of, png_file, samples, samples_of

HOLE = np.zeros((23, 37), bool)
HOLE[5:15, 10:30] = True
COLOUR_CHUNKS = [
    (b"cHRM", bytes(range(32))),
    (b"gAMA", (50_000).to_bytes(4, "big")),
    (b"cICP", bytes([12, 13, 0, 1])),
    (b"mDCV", bytes(24)),
    (b"cLLI", bytes(8)),
]
TEXTS = [
    (b"pHYs", (11811).to_bytes(4, "big") * 2 + b"\1"),
    (b"tIME", bytes([7, 226, 1, 2, 3, 4, 5])),
    (b"tEXt", b"Title\0a boat"),
    (b"zTXt", b"Comment\0\0" + zlib.compress(b"long ago")),
    (b"iTXt", b"Author\0\0\0de\0Urheber\0\xc3\x84nne"),
    (b"prVt", b"private, safe to copy"),
]


def filled(data, colour=None):
    """The file of a photo whose hole is filled with random pixels, or with one colour, and the notes."""
    photo = open_photo(data)
    shape = 23, 37, 3
    pixels = np.random.default_rng(1).integers(0, 256, shape) if colour is None else np.broadcast_to(colour, shape)
    notes = save_photo(write_patches(photo, [Patch(0, 0, pixels.astype(np.uint8))], HOLE), file := io.BytesIO())
    return file.getvalue(), notes


def others(data):
    return [pair for pair in chunks_of(data) if pair[0] != b"IDAT"]


@pytest.mark.parametrize(("depth", "colour_type"), KINDS)
def test_every_kind_keeps_all_chunks_and_all_samples_outside_the_hole(depth, colour_type):
    values = samples(depth, colour_type)
    data = png_file(values, depth, colour_type, COLOUR_CHUNKS, TEXTS)
    result, notes = filled(data)
    assert notes == ()
    assert others(result) == others(data)
    assert np.array_equal(samples_of(result)[~HOLE], values[~HOLE])
    assert not np.array_equal(samples_of(result)[HOLE], values[HOLE])


@pytest.mark.parametrize(("depth", "colour_type"), [(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2)])
@pytest.mark.parametrize("level", [0, 1])
def test_transparent_pixels_stay_so_and_no_filled_pixel_becomes_transparent(depth, colour_type, level):
    values = samples(depth, colour_type) % 2 * (2**depth - 1)  # only the darkest and the brightest value
    values[:] = values[..., :1]
    key = level * (2**depth - 1)
    data = png_file(values, depth, colour_type, [(b"tRNS", key.to_bytes(2, "big") * values.shape[2])])
    result, _ = filled(data, 255 * level)
    after, clear = samples_of(result), (values == key).all(axis=2)
    assert others(result) == others(data)
    assert np.array_equal((after == key).all(axis=2), clear)
    assert np.array_equal(after[clear | ~HOLE], values[clear | ~HOLE])


def test_a_transparent_colour_of_few_bits_is_transparent_when_it_is_read():
    values = samples(2, 0)
    photo = open_photo(png_file(values, 2, 0, [(b"tRNS", b"\0\2")]))
    alpha = np.asarray(photo.convert("RGBA").getchannel("A"))
    assert np.array_equal(alpha == 0, values[..., 0] == 2)


@pytest.mark.parametrize("alphas", [b"\xff\0", b"\0\x80\xff\0\xff"])
def test_a_palette_with_transparency_keeps_it(alphas):
    values = samples(4, 3)
    data = png_file(values, 4, 3, [(b"PLTE", bytes(range(48))), (b"tRNS", alphas)])
    result, _ = filled(data)
    clear = (values < len(alphas)) & np.isin(values, [index for index, alpha in enumerate(alphas) if alpha == 0])
    after = samples_of(result)
    assert others(result) == others(data)
    assert np.array_equal(after[clear], values[clear])
    assert not np.isin(after[HOLE[..., None] & ~clear], np.flatnonzero(np.frombuffer(alphas, np.uint8) == 0)).any()


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize(("depth", "colour_type"), [(8, 2), (16, 6)])
def test_pixels_stay_turned_as_the_orientation_says(depth, colour_type, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    values = samples(depth, colour_type)
    data = png_file(values, depth, colour_type, after=[(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))])
    save_photo(open_photo(data), file := io.BytesIO())
    assert others(file.getvalue()) == others(data)
    assert np.array_equal(samples_of(file.getvalue()), values)


def test_of_an_animation_the_first_picture_remains_and_that_is_told():
    frames = [Image.new("RGB", (37, 23), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file := io.BytesIO(), "PNG", save_all=True, append_images=frames[1:])
    result, notes = filled(file.getvalue())
    assert notes == ("it is an animation of 3 pictures: only the first was filled, and the others were removed",)
    assert [name for name, _ in chunks_of(result)] == [b"IHDR", b"IDAT", b"IEND"]
    assert np.array_equal(np.asarray(open_photo(result))[~HOLE], np.asarray(frames[0])[~HOLE])


def test_what_is_signed_or_depends_on_the_pixels_is_removed_and_told():
    values = samples(8, 2)
    data = png_file(values, 8, 2, [(b"caBX", b"manifest"), (b"iDOT", bytes(28))], [(b"mkBS", b"layers")])
    result, notes = filled(data)
    assert [name for name, _ in chunks_of(result)] == [b"IHDR", b"IDAT", b"IEND"]
    assert len(notes) == 2
    assert "private data (mkBS) was removed" in notes[0]
    assert "Content Credentials (C2PA) were removed" in notes[1]


def test_bytes_behind_the_end_are_removed_and_told():
    data = png_file(samples(8, 0), 8, 0)
    result, notes = filled(data + b"the rest of a larger picture")
    assert len(notes) == 1
    assert "data after the end of the picture was removed" in notes[0]
    assert others(result) == others(data)


def preview_in_exif():
    Image.new("RGB", (16, 16), "white").save(file := io.BytesIO(), "JPEG")
    exif = {"0th": {piexif.ImageIFD.Make: b"Camera"}, "1st": {}, "thumbnail": file.getvalue()}
    return piexif.dump(exif), file.getvalue()


XMP = b"""<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>
<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmlns:xmpGImg='http://ns.adobe.com/xap/1.0/g/img/'
xmp:Label='Red'><xmp:Thumbnails><rdf:Alt><rdf:li><xmpGImg:image>%b</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("compressed", [False, True])
def test_previews_in_exif_and_xmp_are_removed_and_the_rest_of_them_stays(compressed):
    exif, thumbnail = preview_in_exif()
    xmp = XMP % base64.b64encode(thumbnail)
    profile = b"\nexif\n%8d\n%b\n" % (len(exif), exif.hex().encode())
    packed = zlib.compress if compressed else bytes
    texts = [
        (b"eXIf", exif.removeprefix(b"Exif\0\0")),
        (b"iTXt", b"XML:com.adobe.xmp\0" + bytes([compressed, 0]) + b"\0\0" + packed(xmp)),
        (b"zTXt" if compressed else b"tEXt", b"Raw profile type exif\0" + b"\0" * compressed + packed(profile)),
        (b"tEXt", b"Title\0a boat"),
    ]
    result, notes = filled(png_file(samples(8, 2), 8, 2, after=texts))
    assert notes == ()
    found = dict(chunks_of(result)[2:-1])
    after = piexif.load(found[b"eXIf"])
    assert after["thumbnail"] is None
    assert after["0th"][piexif.ImageIFD.Make] == b"Camera"
    text = found[b"iTXt"].partition(b"\0")[2][4:]
    text = zlib.decompress(text) if compressed else text
    assert b"xmp:Label='Red'" in text
    assert base64.b64encode(thumbnail) not in text
    with Image.open(io.BytesIO(result)) as picture:
        picture.load()
        assert picture.text["Title"] == "a boat"
        lines = picture.text["Raw profile type exif"].split("\n")
    after = piexif.load(bytes.fromhex("".join(lines[3:])))
    assert after["thumbnail"] is None
    assert after["0th"][piexif.ImageIFD.Make] == b"Camera"


def test_an_interlaced_file_keeps_its_pixels():
    # Adam7 of a picture of one pixel is one pass
    data = bytearray(png_file(samples(8, 2, (1, 1)), 8, 2))
    data[8:33] = chunk(b"IHDR", bytes(data[16:28]) + b"\1")
    save_photo(open_photo(bytes(data)), file := io.BytesIO())
    assert np.array_equal(samples_of(file.getvalue()), samples(8, 2, (1, 1)))


def test_a_photo_with_another_palette_is_written_anew():
    photo = open_photo(png_file(samples(4, 3), 4, 3))
    photo.putpalette(bytes(range(48)))
    save_photo(photo, file := io.BytesIO())
    assert np.array_equal(np.asarray(open_photo(file.getvalue()).convert("RGB")), np.asarray(photo.convert("RGB")))


def test_damaged_files_are_read_and_written_as_far_as_pillow_reads_them():
    data = png_file(samples(8, 2), 8, 2, after=TEXTS)
    photo = open_photo(data[:-12])  # without the end
    save_photo(photo, file := io.BytesIO())
    assert np.array_equal(samples_of(file.getvalue()), samples(8, 2))
