"""Which way of compression PNG files get."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.photos.png_compression import png_options


def encoded(photo: Image.Image, **options: int) -> bytes:
    photo.save(file := io.BytesIO(), "PNG", **options)
    return file.getvalue()


def grainy_photo() -> Image.Image:
    pixels = synthetic_photo(480, 360) + np.random.default_rng(0).normal(0, 3, (360, 480, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def test_a_photo_is_compressed_by_runs_and_is_no_larger():
    photo = grainy_photo()
    options = png_options(photo)
    assert options["compress_type"] == zlib.Z_RLE
    assert len(encoded(photo, **options)) <= 1.03 * len(encoded(photo, compress_level=3))


def test_what_repeats_is_compressed_by_repetitions():
    tile = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    pattern = Image.fromarray(np.tile(tile, (40, 40, 1)))
    options = png_options(pattern)
    assert "compress_type" not in options
    assert len(encoded(pattern, **options)) < 0.2 * len(encoded(pattern, compress_level=1, compress_type=zlib.Z_RLE))


def test_a_plain_top_does_not_decide_for_a_pattern_below():
    tile = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    pattern = np.tile(tile, (60, 40, 1))
    pattern[:120] = 240
    assert "compress_type" not in png_options(Image.fromarray(pattern))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (300, 7), (200, 300)])
def test_pixels_of_every_mode_return(mode: str, size: tuple[int, int]):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 4), np.uint8)
    photo = Image.fromarray(pixels)
    if mode == "I;16":
        photo = Image.fromarray(pixels[..., 0].astype(np.uint16) * 251)
    elif mode != "RGBA":
        photo = photo.convert("L").convert(mode) if mode in ("1", "LA") else photo.convert("RGB").convert(mode)
    before = photo.tobytes()
    with Image.open(io.BytesIO(encoded(photo, **png_options(photo)))) as read:
        assert read.mode == mode
        assert read.tobytes() == before
