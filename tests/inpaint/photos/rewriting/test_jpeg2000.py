"""JPEG 2000 files keep depth, boxes and metadata; lossless ones every value outside the hole."""

import io
import struct

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from inpaint.photos import jpeg2000
from inpaint.photos.errors import PhotoError
from inpaint.photos.jpeg2000 import boxes, codestream_of, coding_of
from inpaint.photos.modes import Patch, write_patches
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo
from tests.pictures import file_bytes, picture

SIZE = WIDTH, HEIGHT = 64, 48
HOLE = np.zeros((HEIGHT, WIDTH), bool)
HOLE[10:20, 10:40] = True


def j2k(values, depth, box=True):
    return bytes(
        imagecodecs.jpeg2k_encode(
            values, level=0, codecformat="jp2" if box else "j2k", reversible=True, bitspersample=depth
        )
    )


def saved(data):
    """The file of a photo whose hole is filled with random pixels, and the notes."""
    photo = open_photo(data)
    pixels = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    notes = save_photo(write_patches(photo, [Patch(0, 0, pixels)], HOLE), file := io.BytesIO())
    return file.getvalue(), notes


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("depth", [8, 10, 12, 16])
@pytest.mark.parametrize("box", [True, False])
def test_a_lossless_file_keeps_its_depth_and_every_value_outside_the_hole(channels, depth, box):
    values = np.random.default_rng(0).integers(0, 2**depth, (HEIGHT, WIDTH, channels))
    values = values.astype(np.uint8 if depth == 8 else np.uint16)
    values = np.ascontiguousarray(values[..., 0] if channels == 1 else values)
    data = j2k(values, depth, box)
    result, notes = saved(data)
    after = imagecodecs.jpeg2k_decode(result)
    assert notes == ()
    assert coding_of(codestream_of(result)) == coding_of(codestream_of(data))
    assert np.array_equal(after[~HOLE], values[~HOLE])
    assert not np.array_equal(after[HOLE], values[HOLE])
    assert result.startswith(b"\xff\x4f") != box


def test_a_lossy_file_keeps_about_its_size():
    smooth = Image.fromarray(np.random.default_rng(0).integers(0, 256, (12, 16, 3)).astype(np.uint8)).resize(SIZE)
    data = file_bytes(smooth, "JPEG2000", irreversible=True, quality_mode="rates", quality_layers=[12])
    result, notes = saved(data)
    assert notes == ()
    assert not coding_of(codestream_of(result)).reversible
    assert 0.8 < len(result) / len(data) < 1.25


def test_boxes_stay_and_signatures_and_previews_go():
    data = file_bytes(picture("RGB", SIZE), "JPEG2000")
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"
    contents = [
        (b"xml ", b"<note>a boat</note>"),
        (b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + xmp),
        (b"uuid", bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"manifest"),
    ]
    data += b"".join(struct.pack(">I4s", len(content) + 8, kind) + content for kind, content in contents)
    result, notes = saved(data)
    kept = [(box.kind, box.content) for box in boxes(result) if box.kind != b"jp2c"]
    assert kept == [(box.kind, box.content) for box in boxes(data) if box.kind != b"jp2c"][:-1]
    assert len(notes) == 1
    assert "Content Credentials" in notes[0]


def test_damaged_files_are_refused_or_read():
    data = j2k(np.random.default_rng(0).integers(0, 4096, (HEIGHT, WIDTH, 3)).astype(np.uint16), 12)
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(data[: rng.integers(12, len(data))] if rng.random() < 0.5 else data)
        damaged[rng.integers(0, min(len(damaged), 250))] = rng.integers(0, 256)
        try:
            photo = open_photo(bytes(damaged), max_pixels=1_000_000)
        except PhotoError:
            continue
        assert photo.width * photo.height <= 1_000_000


def test_the_size_of_the_codestream_is_checked_too():
    data = bytearray(j2k(np.zeros((HEIGHT, WIDTH, 3), np.uint16), 12))
    start = data.index(b"\xff\x4f\xff\x51")
    data[start + 8 : start + 16] = struct.pack(">II", 200_000, 200_000)
    with pytest.raises(PhotoError):
        open_photo(bytes(data), max_pixels=1_000_000)


def test_without_imagecodecs_what_is_lost_is_told(monkeypatch):
    data = j2k(np.random.default_rng(0).integers(0, 4096, (HEIGHT, WIDTH, 3)).astype(np.uint16), 12)
    monkeypatch.setattr(jpeg2000, "has_full_codec", lambda: False)
    assert saved(data)[1] == (
        "it has 12 bits per sample, and was saved with 8: run  pip install imagecodecs  to keep it",
    )
