"""Smaller copies and enlarged maps, checked against Pillow."""

import numpy as np
import pytest
from PIL import Image

from inpaint.segmentation import resize

SHAPES = [((1, 1), (5, 3)), ((2, 7), (4, 14)), ((30, 41), (61, 83)), ((200, 150), (283, 212))]


@pytest.fixture(params=[True, False], ids=["numba", "pillow"])
def numba(request, monkeypatch):
    monkeypatch.setattr(resize, "is_available", lambda: request.param)


def enlarged(small, shape):
    return np.asarray(Image.fromarray(small).resize(shape[::-1], Image.Resampling.BILINEAR))


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize("scale", [0.5, 0.3535, 0.7, 0.001])
@pytest.mark.parametrize("shape", [(1, 1), (3, 400), (307, 201)])
def test_a_smaller_copy_is_that_of_pillow(shape, scale):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    small = resize.box_downscale(pixels, scale)
    sides = max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))
    wanted = np.asarray(Image.fromarray(pixels).resize(sides, Image.Resampling.BOX))
    assert small.shape == wanted.shape
    differs = np.abs(small.astype(int) - wanted).max(axis=2) > 1  # where a pixel lies exactly between two rectangles
    assert differs.sum() <= 2 * sum(wanted.shape[:2])


def test_the_mean_of_squares_of_pixels_is_exact():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 90, 3), dtype=np.uint8)
    means = pixels.reshape(32, 2, 45, 2, 3).mean((1, 3))
    assert np.array_equal(resize.box_downscale(pixels, 0.5), np.floor(means + 0.5))
    assert resize.box_downscale(pixels, 1) is pixels


@pytest.mark.usefixtures("numba")
@pytest.mark.parametrize(("small_shape", "shape"), SHAPES)
def test_maps_are_enlarged_like_those_of_pillow(small_shape, shape):
    rng = np.random.default_rng(0)
    small, values = rng.normal(0, 5, small_shape).astype(np.float32), rng.normal(0, 5, shape).astype(np.float32)
    wanted = enlarged(small, shape)
    mean, maximum = values.copy(), values.copy()
    resize.average_with_enlarged(mean, small, 0.3)
    resize.maximum_with_enlarged(maximum, small)
    assert np.allclose(mean, 0.7 * values + 0.3 * wanted, atol=1e-3)
    limited = values.copy()
    resize.average_with_enlarged(limited, small, 0.3, most_below=2)
    assert np.allclose(limited, values + 0.3 * np.maximum(wanted - values, -2), atol=1e-3)
    assert np.allclose(maximum, np.maximum(values, wanted), atol=1e-3)
    for limit in (-3, 0, 20):
        at_most = resize.enlarged_at_most(small, shape, limit)
        differs = at_most != (wanted <= limit)
        assert not differs[np.abs(wanted - limit) > 1e-3].any()


@pytest.mark.usefixtures("numba")
def test_an_enlarged_mask_is_that_of_pillow():
    mask = np.zeros((90, 120), bool)
    mask[20:50, 30:31] = mask[60, 10:90] = mask[70:90, 100:120] = True
    for shape in ((180, 240), (255, 339)):
        wanted = enlarged(mask.astype(np.uint8) * 255, shape) >= 128
        found = resize.enlarged_at_most(1 - mask.astype(np.float32), shape, 0.5)
        assert (found != wanted).mean() < 0.001 and wanted.any()
