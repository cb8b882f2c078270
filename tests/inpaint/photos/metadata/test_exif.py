"""EXIF data lose their previews and nothing else."""

import io
import struct

import numpy as np
import piexif
import pytest
import tifffile
from PIL import Image

from inpaint.photos.metadata import exif
from inpaint.photos.metadata.removed import PREVIEW
from tests.pictures import file_bytes, picture

PREVIEW_FILE = file_bytes(picture("RGB", (64, 48)), "JPEG")
TEXTS = {piexif.ImageIFD.Make: b"Maker", piexif.ImageIFD.Orientation: 6}
MAKER_NOTE = b"MAKER\0" + bytes(range(256)) + PREVIEW_FILE + b"after"


def block(maker_note=b"", thumbnail=PREVIEW_FILE):
    directories = {
        "0th": TEXTS,
        "Exif": {piexif.ExifIFD.MakerNote: maker_note},
        "GPS": {piexif.GPSIFD.GPSAltitude: (7, 1)},
    }
    if thumbnail:
        directories |= {"1st": {piexif.ImageIFD.Compression: 6}, "thumbnail": thumbnail}
    return piexif.dump(directories)


def test_the_thumbnail_goes_and_everything_else_stays_at_its_place():
    before = block()
    cleaned = exif.without_previews(before)
    assert (len(cleaned.data), cleaned.removed) == (len(before), {PREVIEW})
    was, now = piexif.load(before), piexif.load(cleaned.data)
    assert was["thumbnail"] and now["thumbnail"] is None and not now["1st"]
    assert all(was[name] == now[name] for name in ("0th", "Exif", "GPS"))
    assert PREVIEW_FILE[20:60] not in cleaned.data


def test_a_preview_in_a_maker_note_is_blanked_and_the_note_keeps_its_length():
    note = piexif.load(exif.without_previews(block(MAKER_NOTE)).data)["Exif"][piexif.ExifIFD.MakerNote]
    assert note == MAKER_NOTE.replace(PREVIEW_FILE, bytes(len(PREVIEW_FILE)))


def test_without_previews_nothing_changes():
    before = block(thumbnail=None)
    assert exif.without_previews(before) == (before, frozenset())


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_thumbnail_of_plain_pixels_in_strips_goes_too(order):
    pixels = np.full((48, 64, 3), 77, np.uint8)
    with tifffile.TiffWriter(file := io.BytesIO(), byteorder=order) as tiff:
        tiff.write(np.zeros((1, 1), np.uint8), description="kept")
        tiff.write(pixels, rowsperstrip=16)
    cleaned = exif.without_previews(file.getvalue()).data
    assert pixels.tobytes()[:100] not in cleaned
    with tifffile.TiffFile(io.BytesIO(cleaned)) as tiff:
        assert len(tiff.pages) == 1 and tiff.pages[0].description == "kept"


def test_a_block_is_the_same_with_and_without_its_prefix():
    before = block(MAKER_NOTE)
    assert exif.without_previews(before[6:]).data == exif.without_previews(before).data[6:]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_data_are_cleaned_without_an_error_and_keep_their_length(seed):
    rng = np.random.default_rng(seed)
    data = bytearray(block(MAKER_NOTE))
    for place in rng.integers(6, 400, 12):
        data[place] = rng.integers(256)
    for end in (len(data), int(rng.integers(6, len(data)))):
        assert len(exif.without_previews(bytes(data[:end])).data) == end


def test_directories_that_form_a_ring_end():
    ring = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, 271, 2, 4, 0x41414141, 8)
    assert exif.without_previews(ring).data == ring
    chain = b"II*\0\x08\0\0\0" + b"".join(
        struct.pack("<HHHIII", 1, 513, 4, 1, 8, 8 + 18 * (index + 1)) for index in range(2000)
    )
    assert len(exif.without_previews(chain).data) == len(chain)


def test_pillow_reads_the_cleaned_data():
    exif_data = Image.Exif()
    exif_data.load(exif.without_previews(block(MAKER_NOTE)).data)
    assert exif_data[piexif.ImageIFD.Make] == "Maker"
