"""What cannot be read is named, with the next step."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.opening import open_photo
from inpaint.photos.unreadable import describe
from tests.pictures import file_bytes, picture

SIGNATURES = {
    b"8BPS\0\1": "a Photoshop document: export it",
    b"gimp xcf v011\0": "a GIMP project: export it as PNG",
    b"\xff\x0a\xfa\x1f\x41": "a JPEG XL image: save it as PNG",
    b"\0\0\0\x0cJXL \r\n\x87\n": "a JPEG XL image: save it as PNG",
    b"II\xbc\x01\x08\0\0\0": "a JPEG XR image: save it as PNG",
    b"v/1\x01\2\0\0\0": "an OpenEXR image: tone-map it",
    b"#?RADIANCE\n": "a Radiance HDR image: tone-map it",
    b"\xd7\xcd\xc6\x9a\0\0": "a WMF drawing: export it as PNG",
    b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41": "a video: export the frame as PNG",
    b"\0\0\0\x14ftypqt  ": "a video: export the frame as PNG",
    b"PK\3\4\x14\0": "a ZIP archive, or a document that is one: unpack it",
    b"%PDF-1.7 \xff": "a PDF: export its page as PNG",
    b"version https://git-lfs.github.com/spec/v1\n": "a Git LFS pointer, not the photo: run  git lfs pull",
}


@pytest.mark.parametrize(("content", "message"), SIGNATURES.items())
def test_a_kind_of_file_is_recognised_by_its_first_bytes(tmp_path, content, message):
    (tmp_path / "photo.jpg").write_bytes(content + bytes(600))
    with pytest.raises(PhotoError, match="photo.jpg is not an image that can be read; it is " + re.escape(message)):
        open_photo(tmp_path / "photo.jpg")


@pytest.mark.parametrize(
    ("format", "message"),
    [("TGA", "a TGA image"), ("ICO", "an icon file"), ("DDS", "a DDS texture"), ("EPS", "a PostScript file")],
)
def test_a_kind_of_image_that_pillow_writes_is_named(format, message):
    data = file_bytes(picture("RGB", (64, 64)), format)
    assert message in describe(io.BytesIO(data))
    with pytest.raises(PhotoError, match=message):
        open_photo(data)


def jpeg_with(marker, bits=8):
    """A JPEG whose frame header says that it is of another kind."""
    data = bytearray(file_bytes(Image.fromarray(np.zeros((8, 8, 3), np.uint8)), "JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 1], data[start + 4] = marker, bits
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (jpeg_with(0xC1, 12), "a JPEG of 12 bits per sample: save it as an ordinary JPEG"),
        (jpeg_with(0xC3), "a lossless JPEG: save it as an ordinary JPEG"),
        (jpeg_with(0xC9), "a JPEG with arithmetic coding: save it as an ordinary JPEG"),
        (b"\xff\xd8\xff\xff\xff\xff\xff\xff", "a JPEG whose header is damaged: get the file again"),
        (b"\xff\xd8" + b"\xff\xe1\0\0" * 9, "a JPEG whose header is damaged: get the file again"),
    ],
)
def test_the_frame_header_says_what_kind_of_jpeg_it_is(data, message):
    assert message in describe(io.BytesIO(data))


def test_a_jpeg_of_12_bits_is_named_when_it_is_opened():
    with pytest.raises(PhotoError, match="it is a JPEG of 12 bits per sample"):
        open_photo(jpeg_with(0xC1, 12))


def test_a_file_whose_header_is_damaged_is_named():
    for format in ("PNG", "GIF", "WEBP"):
        data = file_bytes(picture("RGB"), format)
        with pytest.raises(PhotoError, match="header is damaged|is damaged or cannot be read"):
            open_photo(data[:13])
