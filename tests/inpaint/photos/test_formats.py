"""What a file's first bytes say."""

import io

import pytest

from inpaint.photos.formats import describe, is_heic, is_lossless_webp, register_heic
from inpaint.photos.opening import PhotoError, open_photo
from tests.pictures import file_bytes, picture


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GIF? no \0", "not a picture that can be read; use one of"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="...">', "SVG drawing: export it as PNG"),
        (b"\xef\xbb\xbf<svg>", "SVG drawing"),
        (b"<!DOCTYPE html><title>404</title>", "a web page: the download may have failed"),
        (b"%PDF-1.7 \xff", "a PDF"),
        (b'{"error": "not found"}', "a text file"),
        (b"see the other folder\n", "a text file"),
    ],
)
def test_a_file_that_is_something_else_is_told_what_it_is(tmp_path, content, message):
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(PhotoError, match=message):
        open_photo(tmp_path / "photo.png")


def test_heic_is_told_from_avif_and_from_the_rest():
    assert register_heic()
    for format in ("HEIF", "AVIF", "PNG", "JPEG"):
        assert is_heic(file_bytes(picture("RGB", (64, 64)), format)[:256]) == (format == "HEIF")
    assert not is_heic(b"")


@pytest.mark.parametrize("carried", [{}, {"icc_profile": b"an odd length"}, {"exif": b"Exif"}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_says_whether_it_is_lossless(mode, carried):
    for lossless in (True, False):
        data = file_bytes(picture(mode), "WEBP", lossless=lossless, **carried)
        assert is_lossless_webp(io.BytesIO(data)) == lossless
    assert not is_lossless_webp(io.BytesIO(data[:20]))


def test_a_picture_is_not_described():
    for format in ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP"):
        assert describe(file_bytes(picture("RGB"), format)[:256]) == ""
