"""Damaged and malicious files give a picture or a PhotoError, quickly."""

import io
import struct
import time
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.errors import PhotoError, PhotoTooLargeError
from inpaint.photos.formats import register_heic
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import open_photo
from inpaint.photos.sixteen_bit import save_deep
from tests.pictures import deep_pixels, file_bytes, picture

FILES = 2000


def intact_files():
    """Small intact files of every format, several kinds of each."""
    assert register_heic()
    size = (24, 20)
    yield from (file_bytes(picture(mode, size), "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"))
    yield from (file_bytes(picture(mode, size), "JPEG") for mode in ("L", "RGB", "CMYK"))
    yield file_bytes(picture("RGB", size), "JPEG", progressive=True, exif=Image.Exif().tobytes())
    yield from (file_bytes(picture(mode, size), "TIFF") for mode in ("1", "P", "RGB", "I;16B", "F"))
    yield from (file_bytes(picture("RGB", size), "TIFF", compression=name) for name in ("tiff_lzw", "jpeg", "packbits"))
    yield from (file_bytes(picture("RGBA", size), "WEBP", lossless=lossless) for lossless in (True, False))
    yield from (file_bytes(picture(mode, size), "BMP") for mode in ("1", "P", "RGB"))
    frames = [picture("P", size, seed) for seed in range(2)]
    yield file_bytes(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield file_bytes(picture("RGB", size), "PPM")
    yield file_bytes(picture("RGB", size), "JPEG2000")
    yield from (file_bytes(picture("RGB", (32, 32)), format) for format in ("AVIF", "HEIF"))
    for format in ("PNG", "TIFF"):
        save_deep(open_photo(deep_pixels(3, size)), file := io.BytesIO(), format)
        yield file.getvalue()


def damage(file, rng):
    """A file with bytes changed, truncated, or with a part repeated or removed; PNG chunks get a correct CRC."""
    data = bytearray(file)
    kind = rng.integers(4)
    if kind == 0:
        del data[rng.integers(1, len(data)) :]
    elif kind == 1:
        start = rng.integers(len(data))
        del data[start : start + rng.integers(1, 9)]
    elif kind == 2:
        start, stop = np.sort(rng.integers(len(data), size=2))
        data[start:start] = data[start:stop]
    front = len(data) if rng.random() < 0.5 else min(len(data), 64)  # decoders trust headers
    for position in rng.integers(front, size=rng.integers(0 if kind < 3 else 1, 8)):
        data[position] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
    return with_checksums(bytes(data)) if data[:4] == b"\x89PNG" else bytes(data)


def with_checksums(png):
    """A PNG whose chunks have the correct CRC, so that changes get past the first check."""
    done, rest = png[:8], png[8:]
    while len(rest) >= 12:
        length = struct.unpack(">I", rest[:4])[0]
        if length + 12 > len(rest):
            break
        done += rest[: length + 8] + struct.pack(">I", zlib.crc32(rest[4 : length + 8]))
        rest = rest[length + 12 :]
    return done + rest


def test_each_damaged_file_gives_a_picture_or_a_photo_error_within_five_seconds():
    intact = list(intact_files())
    rng = np.random.default_rng(0)
    pictures = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns about some damage before it fails
        for index in range(FILES):
            data = damage(intact[index % len(intact)], rng)
            begun = time.monotonic()
            try:
                photo = open_photo(data, max_pixels=4_000_000)
                assert to_rgb(photo).shape == (photo.height, photo.width, 3)
                pictures += 1
            except PhotoError:
                pass
            assert time.monotonic() - begun < 5, f"file {index}"
    assert FILES / 10 < pictures < FILES * 9 / 10


def test_a_picture_of_absurd_size_is_rejected_before_it_is_decoded():
    """A header of 1.2 gigapixels in a small file, and one of more pixels than there is memory."""
    header = struct.pack(">2I5B", 40_000, 30_000, 8, 2, 0, 0, 0)
    bomb = file_bytes(picture("RGB", (9, 9)))
    bomb = with_checksums(bomb[:16] + header + bomb[29:])
    tall = bytearray(file_bytes(picture("RGB", (9, 9)), "BMP"))
    tall[18:26] = struct.pack("<2i", 2_000_000_000, 2_000_000_000)
    for data in (bomb, bytes(tall)):
        begun = time.monotonic()
        with pytest.raises(PhotoTooLargeError, match="too many pixels"):
            open_photo(data)
        assert time.monotonic() - begun < 0.5
