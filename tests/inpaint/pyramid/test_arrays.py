"""NumPy alone and the kernels: the same bytes for pictures of all sizes, and for all holes."""

import numpy as np
import pytest

from inpaint.pyramid import fills


def by_both(monkeypatch, function, *arguments):
    """The result of a function by the kernels, and by NumPy."""
    results = []
    for kernels in (True, False):
        monkeypatch.setattr(fills, "are_worth_it", lambda seconds, kernels=kernels: kernels)
        monkeypatch.setattr(fills, "is_available", lambda kernels=kernels: kernels)
        results.append(function(*arguments))
    return results


def pictures(seed):
    """Pixels and a hole: of any size up to 70 pixels, with any share of hole in cells of several sizes."""
    rng = np.random.default_rng(seed)
    height, width = ((1, 9), (7, 1), (1, 1), tuple(rng.integers(1, 71, 2)))[min(seed, 3)]
    cell, share = rng.choice([1, 1, 4, 9]), rng.choice([0, 0.02, 0.3, 0.5, 0.9, 1])
    hole = rng.random((-(-height // cell), -(-width // cell))) < share
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    return pixels, hole.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


@pytest.mark.parametrize("seed", range(40))
def test_fills_and_composites_have_the_same_bytes(monkeypatch, seed):
    pixels, hole = pictures(seed)
    (image, mask), (other_image, other_mask) = by_both(monkeypatch, fills.downscale, pixels, hole, 1)
    assert (image.tobytes(), mask.tobytes()) == (other_image.tobytes(), other_mask.tobytes())
    for function in (fills.initial_fill, fills.push_pull):
        filled, other = by_both(monkeypatch, function, image, mask)
        assert np.array_equal(filled, other) and filled.dtype == other.dtype == np.float32
    wide = filled * np.float32(1.3)
    wide[:, ::7] = np.nan
    one, other = by_both(monkeypatch, fills.composite_pixels, image, wide, mask)
    assert one.dtype == other.dtype == np.uint8 and np.array_equal(one, other)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("seed", range(3, 15))
def test_smaller_pictures_have_the_same_bytes(monkeypatch, seed, factor):
    pixels, hole = (np.tile(array, (factor, factor, 1)[: array.ndim]) for array in pictures(seed))
    for one, other in zip(*by_both(monkeypatch, fills.downscale, pixels, hole, factor), strict=True):
        assert one.dtype == other.dtype == np.float32 and np.array_equal(one, other)


@pytest.mark.parametrize("block", [15, 16])
def test_transferred_frequencies_differ_by_rounding(monkeypatch, block):
    rng = np.random.default_rng(0)
    image, source = rng.uniform(-1, 1, (2, 3, 5 * block, 3 * block)).astype(np.float32)
    mask = (rng.random(image.shape[1:]) < 0.5).astype(np.float32)
    one, other = by_both(monkeypatch, fills.transfer_low_frequencies, image, source, mask, block)
    assert np.abs(one - other).max() < 1e-6
    assert np.abs(one - image).max() > 0.01
