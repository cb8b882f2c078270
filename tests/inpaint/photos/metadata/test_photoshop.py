"""Photoshop's image resources lose thumbnails and nothing else."""

import hashlib
import struct

import piexif
import pytest

from inpaint.photos.metadata import photoshop
from inpaint.photos.metadata.removed import PREVIEW
from tests.inpaint.photos.metadata.test_exif import PREVIEW_FILE, block


def resource(number, data, name=b""):
    head = bytes([len(name)]) + name
    return (
        b"8BIM" + struct.pack(">H", number) + head + b"\0" * (len(head) % 2)
        + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
    )  # fmt: skip


def dataset(record, number, data):
    if len(data) > 32767:
        return struct.pack(">BBBHI", 0x1C, record, number, 0x8004, len(data)) + data
    return struct.pack(">BBBH", 0x1C, record, number, len(data)) + data


CAPTION = dataset(2, 120, b"A boat at sea") + dataset(2, 25, b"boat")


def test_thumbnails_go_and_captions_and_paths_stay():
    kept = [resource(0x0404, CAPTION), resource(2000, b"a path!", b"Path 1"), resource(0x03ED, b"resolution")]
    thumbnails = [resource(number, b"\0" * 28 + PREVIEW_FILE) for number in (0x0409, 0x040C)]
    cleaned = photoshop.without_previews(kept[0] + thumbnails[0] + kept[1] + thumbnails[1] + kept[2])
    assert cleaned == (b"".join(kept), {PREVIEW})


def test_a_preview_in_iptc_goes_and_its_digest_is_made_anew():
    preview = dataset(2, 200, b"\0\x0b") + dataset(2, 202, PREVIEW_FILE + bytes(40_000))
    cleaned = photoshop.without_previews(resource(0x0404, CAPTION + preview) + resource(0x0425, bytes(16)))
    assert cleaned.data[:-16] == (resource(0x0404, CAPTION) + resource(0x0425, bytes(16)))[:-16]
    assert cleaned.data[-16:] == hashlib.md5(CAPTION).digest()


def test_the_exif_data_in_a_resource_lose_their_thumbnail():
    cleaned = photoshop.without_previews(resource(0x0422, block()[6:]))
    assert len(cleaned.data) == len(resource(0x0422, block()[6:]))
    assert piexif.load(b"Exif\0\0" + cleaned.data[12:])["thumbnail"] is None


@pytest.mark.parametrize("end", range(1, 60))
def test_resources_that_are_cut_off_stay_as_they_are(end):
    data = resource(0x0404, CAPTION, b"name") + resource(2000, b"abc")
    assert photoshop.without_previews(data[:end]) == (data[:end], frozenset())
