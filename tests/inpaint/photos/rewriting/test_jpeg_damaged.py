"""JPEG files that are damaged or of a kind that cannot be edited are encoded anew, or refused with a sentence."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.opening import open_photo
from inpaint.photos.rewriting import jpeg_file
from inpaint.photos.rewriting.jpeg_coding import decode, encode
from inpaint.photos.rewriting.rewrite import CannotRewriteError
from inpaint.photos.saving import save_photo
from tests.inpaint.photos.rewriting.jpegs import jpeg
from tests.pictures import file_bytes


def place_of(data, marker):
    """Where a segment begins: found segment by segment."""
    at = 2
    while data[at + 1] != marker:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def with_bytes(data, place, *values):
    return data[:place] + bytes(values) + data[place + len(values) :]


def frame_with(data, offset, value):
    """A file with another value in its frame header, at an offset from the marker."""
    return with_bytes(data, place_of(data, 0xC0) + offset, value)


BASE = jpeg("4:2:0")
SCAN = place_of(BASE, 0xDA)
KINDS = {
    "is coded arithmetically": frame_with(BASE, 1, 0xC9),
    "is lossless": frame_with(BASE, 1, 0xC3),
    "is hierarchical": frame_with(BASE, 1, 0xC5),
    "has 12 bits per sample": frame_with(BASE, 4, 12),
    "has fractional chroma sampling": frame_with(frame_with(BASE, 11, 0x32), 14, 0x22),
}
DAMAGED = {
    "its frame has no size": frame_with(BASE, 11, 0x02),
    "its frame has a wrong length": frame_with(BASE, 9, 4),
    "a scan has a component or table that does not exist": with_bytes(BASE, SCAN + 5, 9),
    "a scan header has a wrong length": with_bytes(BASE, SCAN + 4, 2),
    "a quantization table is missing": frame_with(BASE, 12, 3),
    "a quantization table is cut off": with_bytes(BASE, place_of(BASE, 0xDB) + 3, 66, 16),
    "its scans do not follow each other": BASE[:-2] + BASE[SCAN:],
    "a Huffman table is missing": with_bytes(BASE, SCAN + 6, 0x33),
    "a segment is cut off": BASE[: place_of(BASE, 0xC4) + 30],
    "it has no frame": BASE[: place_of(BASE, 0xC0)] + BASE[place_of(BASE, 0xC0) + 19 :],
    "it has two frames": BASE[:SCAN] + BASE[place_of(BASE, 0xC0) :][:19] + BASE[SCAN:],
    "a component has no scan": BASE[:SCAN] + b"\xff\xd9",
    "a scan is cut off": BASE[: len(BASE) // 2],
    "the marker FFDC is at a wrong place": BASE[:-2] + b"\xff\xdc\0\x04\0\x10\xff\xd9",
    "a restart marker is missing": jpeg("restarts").replace(b"\xff\xd1", b"\xff\xd5"),
    "a Huffman table has too many codes": with_bytes(
        BASE, place_of(BASE, 0xC4) + 5, *[3, 1, 2, 1, 1, 1, 1, 1, 1, *[0] * 7]
    ),
}


def decoded(data):
    decode(jpeg_file.read(data), data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_that_cannot_be_edited_is_named(kind):
    with pytest.raises(CannotRewriteError, match=f"^this JPEG {kind}, so all of the photo was encoded anew$"):
        decoded(KINDS[kind])


@pytest.mark.parametrize("reason", DAMAGED)
def test_damage_is_named(reason):
    with pytest.raises(CannotRewriteError, match=rf"^this JPEG is damaged \({reason}"):
        decoded(DAMAGED[reason])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("is lossless", "a lossless JPEG"),
        ("has 12 bits per sample", "a JPEG of 12 bits"),
    ],
)
def test_a_kind_that_cannot_be_read_is_named_with_what_to_do(kind, said):
    with pytest.raises(PhotoError, match=f"it is {said}.*: save it as an ordinary JPEG"):
        open_photo(KINDS[kind])


def test_a_long_file_with_arithmetic_coding_is_read_and_encoded_anew():
    """An arithmetic decoder makes something of any bytes: these are more than Pillow reads at once by itself."""
    plain = file_bytes(Image.new("RGB", (2500, 2500)), "JPEG", subsampling=0)
    start = place_of(plain, 0xDA) + 14
    noise = np.random.default_rng(0).integers(0, 255, 1_500_000, dtype=np.uint8).tobytes()
    data = plain[:start] + noise + b"\xff\xd9"
    photo = open_photo(with_bytes(data, place_of(data, 0xC0) + 1, 0xC9))
    photo.paste("red", (9, 9, 20, 20))
    notes = save_photo(photo, file := io.BytesIO())
    assert notes == ("this JPEG is coded arithmetically, so all of the photo was encoded anew",)
    assert open_photo(file.getvalue()).info["subsampling"] == 0


def test_a_file_without_its_end_marker_or_with_bytes_between_segments_can_be_edited():
    for data in (BASE[:-2], BASE[:20] + b"\0junk\xff\0" + BASE[20:], BASE[:-2] + b"junk\xff\xff\xd9"):
        file = jpeg_file.read(data)
        assert encode(file, file.parts, decode(file, data)) == BASE


@pytest.mark.parametrize("kind", ["4:2:0", "progressive", "restarts", "CMYK"])
def test_files_with_random_damage_are_refused_or_saved_as_a_photo_of_their_size(kind):
    rng, saved = np.random.default_rng(0), 0
    good = jpeg(kind)
    for _ in range(60):
        data = bytearray(good)
        for place in rng.integers(2, len(data), rng.integers(1, 5)):
            data[place] = rng.integers(256)
        if rng.random() < 0.2:
            del data[int(rng.integers(2, len(data))) :]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of damaged metadata
            try:
                photo = open_photo(bytes(data), max_pixels=10**6)
            except PhotoError:
                continue
            photo.paste(photo.crop((0, 0, 9, 9)), (photo.width // 2, photo.height // 2))
            save_photo(photo, file := io.BytesIO())
            with Image.open(file) as result:
                result.load()
                assert sorted(result.size) == sorted(photo.size)
        saved += 1
    assert saved > 5


def test_a_damaged_file_is_encoded_anew_and_told():
    photo = open_photo(DAMAGED["a restart marker is missing"])
    photo.paste("red", (9, 9, 20, 20))
    notes = save_photo(photo, file := io.BytesIO())
    assert notes == ("this JPEG is damaged (a restart marker is missing), so all of the photo was encoded anew",)
    assert open_photo(file.getvalue()).getpixel((14, 14))[0] > 200


def test_without_numba_the_photo_is_encoded_anew_and_told(monkeypatch):
    monkeypatch.setattr("inpaint.photos.rewriting.jpeg.is_available", lambda: False)
    photo = open_photo(BASE)
    photo.paste("red", (9, 9, 20, 20))
    (note,) = save_photo(photo, io.BytesIO())
    assert "pip install numba" in note
