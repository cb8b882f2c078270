import struct
import time

import numpy as np
import pytest

from inpaint.photos.errors import PhotoError
from inpaint.photos.opening import open_photo
from tests.pictures import file_bytes, picture

from .files import ramp, several, tiff_bytes


def _directory(entries, following=0):
    packed = b"".join(struct.pack("<2H2I", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + packed + struct.pack("<I", following)


def _tiff(entries, following=0, data=b""):
    return b"II*\0" + struct.pack("<I", 8) + _directory(entries, following) + data


SIZE = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 1, 8)]


@pytest.mark.parametrize(
    "data",
    [
        _tiff([*SIZE, (273, 4, 1, 8), (279, 4, 1, 4)], following=8),
        _tiff([*SIZE, (273, 4, 1, 8), (279, 4, 1, 4)], following=0xFFFFFF00),
        _tiff([*SIZE, (273, 4, 1, 0xFFFFFFF0), (279, 4, 1, 10000)]),
        _tiff([*SIZE, (273, 4, 1, 8), (279, 4, 1, 0xFFFFFFFF)]),
        _tiff([*SIZE, (273, 4, 0xFFFFFFFF, 8), (279, 4, 0xFFFFFFFF, 8)]),
        _tiff([*SIZE, (277, 3, 1, 65535), (273, 4, 1, 8), (279, 4, 1, 10)]),
        _tiff([*SIZE, (322, 4, 1, 0xFFFFFFF0), (323, 4, 1, 0xFFFFFFF0), (324, 4, 1, 8), (325, 4, 1, 10)]),
        _tiff([*SIZE, (322, 4, 1, 1), (323, 4, 1, 0), (324, 4, 1, 8), (325, 4, 1, 10)]),
        _tiff([*SIZE, (322, 4, 1, 1), (323, 4, 1, 1), (324, 4, 1, 8), (325, 4, 1, 10)]),
        _tiff([(256, 4, 1, 0), (257, 4, 1, 9), (273, 4, 1, 8), (279, 4, 1, 4)]),
        _tiff([*SIZE, (330, 4, 1, 8), (273, 4, 1, 8), (279, 4, 1, 4)]),
        b"II*\0" + struct.pack("<IH", 8, 65535),
        b"II*\0\xff\xff\xff\xff",
        b"II*\0",
        b"MM\0+\0\x08\0\0" + b"\xff" * 8,
    ],
)
def test_a_hostile_header_is_refused_at_once(data):
    start = time.monotonic()
    with pytest.raises(PhotoError):
        open_photo(data)
    assert time.monotonic() - start < 1


def test_a_strip_that_claims_another_size_than_the_picture_in_it_is_refused():
    large = tiff_bytes(np.zeros((4000, 4000, 3), np.uint8), compression="jpeg", rowsperstrip=4000)
    small = tiff_bytes(ramp("uint8", 3), compression="jpeg", rowsperstrip=40)
    stream = large[large.index(b"\xff\xd8") : large.rindex(b"\xff\xd9") + 2]
    at = small.index(b"\xff\xd8")
    end = small.rindex(b"\xff\xd9") + 2
    cut = small[:at] + stream[: end - at].ljust(end - at, b"\0") + small[end:]
    with pytest.raises(PhotoError):
        open_photo(cut)


def test_any_changed_byte_gives_a_photo_or_a_photo_error():
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    options = ({}, {"compression": "jpeg"}, {"tile": (16, 16), "compression": "zlib"}, {"bigtiff": True})
    bases = [tiff_bytes(pixels, **option) for option in options]
    bases.append(several([(pixels, {"subifds": 1}), (pixels[::2], {"subfiletype": 1})]))
    results = set()
    for turn in range(600):
        data = bytearray(bases[turn % len(bases)])
        for place in generator.integers(0, min(len(data), 400), 1 + turn % 5):
            data[place] = generator.choice([0, 1, 255, generator.integers(256)])
        try:
            open_photo(bytes(data[: len(data) - turn % 7 * 10]))
            results.add("read")
        except PhotoError:
            results.add("refused")
    assert results == {"read", "refused"}


@pytest.mark.parametrize("more", [3, 300])
def test_a_jpeg_strip_of_very_many_scans_is_refused_before_it_is_decoded(more):
    jpeg = file_bytes(picture("L", (100, 100)), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    strip = jpeg[:-2] + jpeg[last:-2] * more + b"\xff\xd9"
    entries = [*SIZE, (259, 3, 1, 7), (262, 3, 1, 1), (273, 4, 1, 0), (279, 4, 1, len(strip))]
    entries[-2] = (273, 4, 1, 8 + 2 + 12 * len(entries) + 4)
    if more == 3:
        assert open_photo(_tiff(entries, data=strip)).size == (100, 100)
        return
    with pytest.raises(PhotoError, match="more than 200 scans"):
        open_photo(_tiff(entries, data=strip))
