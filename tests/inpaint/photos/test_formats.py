"""File formats are recognised by their first bytes."""

import io

import pytest

from inpaint.photos.decoding import FORMATS
from inpaint.photos.errors import PhotoError
from inpaint.photos.formats import FORMAT_OF_SUFFIX, is_heic, is_lossless_webp, readable_formats, register_heic
from inpaint.photos.opening import open_photo
from tests.pictures import file_bytes, picture


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"GIF? no \0", "not an image that can be read; use JPEG, PNG"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="...">', "SVG drawing: export it as PNG"),
        (b"\xef\xbb\xbf<svg>", "SVG drawing"),
        (b"<!DOCTYPE html><title>404</title>", "a web page: the download may have failed"),
        (b"%PDF-1.7 \xff", "a PDF"),
        (b'{"error": "not found"}', "a text file"),
        (b"see the other folder\n", "a text file"),
    ],
)
def test_the_message_says_what_a_file_is_that_is_not_an_image(tmp_path, content, message):
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(PhotoError, match=message):
        open_photo(tmp_path / "photo.png")


def test_heic_is_distinguished_from_avif_and_other_formats():
    assert register_heic()
    for format in ("HEIF", "AVIF", "PNG", "JPEG"):
        assert is_heic(file_bytes(picture("RGB", (64, 64)), format)[:256]) == (format == "HEIF")
    assert not is_heic(b"")


def test_the_formats_that_readers_are_told_are_those_that_are_read(monkeypatch):
    assert {*FORMAT_OF_SUFFIX.values(), "MPO"} == set(FORMATS)
    told = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, Netpbm, JPEG 2000"
    assert readable_formats() == f"{told} or HEIC"
    for format in set(FORMAT_OF_SUFFIX.values()):
        assert open_photo(file_bytes(picture("RGB", (64, 64)), format)).size == (64, 64), format
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert readable_formats() == told.replace(", JPEG 2000", " or JPEG 2000")


@pytest.mark.parametrize("metadata", [{}, {"icc_profile": b"an odd length"}, {"exif": b"Exif"}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_webp_file_is_recognised_as_lossless_or_lossy(mode, metadata):
    for lossless in (True, False):
        data = file_bytes(picture(mode), "WEBP", lossless=lossless, **metadata)
        assert is_lossless_webp(io.BytesIO(data)) == lossless
    assert not is_lossless_webp(io.BytesIO(data[:20]))
