"""The levels of the picture: means, shares and interpolations against slow oracles, and what a level may copy."""

import numpy as np
import pytest

from inpaint.synthesis.patch_kernels import CHANNELS, PLANES
from inpaint.synthesis.pyramid import as_floats, build_levels, diffused, doubled, halved, set_features
from inpaint.synthesis.settings import SETTINGS

SHAPES = [(1, 1), (1, 9), (8, 8), (13, 7), (64, 33)]


@pytest.mark.parametrize("shape", SHAPES)
def test_halving_takes_weighted_means_of_what_lies_inside(shape):
    rng = np.random.default_rng(0)
    values, weight = rng.random((*shape, 3), np.float32), rng.random(shape, np.float32)
    weight[rng.random(shape) < 0.4] = 0
    means, weights = halved(values, weight)
    for y, x in np.ndindex(weights.shape):
        block = slice(2 * y, 2 * y + 2), slice(2 * x, 2 * x + 2)
        total = weight[block].sum()
        mean = (values[block] * weight[block][..., None]).sum((0, 1)) / total if total else np.zeros(3)
        assert np.allclose(means[y, x], mean, atol=1e-6)
        assert weights[y, x] == pytest.approx(weight[block].mean())


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (9, 16)])
def test_doubling_interpolates_a_plane_exactly_but_for_the_outermost_pixels(shape):
    y, x = np.mgrid[: shape[0], : shape[1]]
    fine = doubled(np.float32(2 + 3 * y - x)[..., None], (2 * shape[0], 2 * shape[1]))[..., 0]
    rows, columns = ((np.arange(2 * side) + 0.5) / 2 - 0.5 for side in shape)
    rows, columns = rows.clip(0, shape[0] - 1), columns.clip(0, shape[1] - 1)
    assert np.allclose(fine, 2 + 3 * rows[:, None] - columns, atol=1e-5)


@pytest.mark.parametrize("shape", [*SHAPES, (100, 3)])
def test_diffusion_keeps_known_values_and_stays_between_them(shape):
    rng = np.random.default_rng(2)
    values = rng.random((*shape, 2), np.float32)
    known = rng.random(shape) < 0.1
    known[rng.integers(shape[0]), rng.integers(shape[1])] = True
    values[~known] = 9
    result = diffused(values, known.astype(np.float32))
    assert np.array_equal(result[known], values[known])
    low, high = values[known].min(0), values[known].max(0)
    assert ((result >= low - 1e-5) & (result <= high + 1e-5)).all()


def test_diffusion_of_one_value_is_constant():
    values, weight = np.full((50, 70, 1), 9, np.float32), np.zeros((50, 70), np.float32)
    values[40, 3], weight[40, 3] = 0.25, 1
    assert np.allclose(diffused(values, weight), 0.25)


def levels_of(picture, hole, usable, finest=0, coarsest=2):
    return build_levels(picture, hole, usable, finest, coarsest, SETTINGS)


@pytest.mark.parametrize("finest", [0, 1])
@pytest.mark.parametrize("shape", [(29, 31), (96, 64), (130, 57)])
def test_levels_have_the_sizes_of_their_factors_and_copy_only_what_is_usable(shape, finest):
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (*shape, 3), np.uint8)
    hole, usable = np.zeros(shape, bool), rng.random(shape) > 0.01
    hole[5:22, 6:24] = True
    usable &= ~hole
    levels = levels_of(picture, hole, usable, finest, finest + 2)
    assert [level.factor for level in levels] == [1 << number for number in range(finest, finest + 3)]
    for level in levels:
        assert level.hole.shape == tuple(-(-side // level.factor) for side in shape)
        assert level.features.shape == (PLANES, *level.hole.shape, CHANNELS)
        assert (level.features.dtype, level.guide.dtype) == (np.uint8, np.float32)
        assert np.array_equal(level.features[0, ..., :3], level.features[1, ..., :3])
        assert np.isfinite(level.guide).all()
        assert level.guide.shape[:2] == tuple(-(-side >> level.shift) for side in level.hole.shape)
        for y, x in np.ndindex(level.hole.shape):
            block = tuple(slice(place * level.factor, (place + 1) * level.factor) for place in (y, x))
            assert level.usable[y, x] == usable[block].all()
            assert level.hole[y, x] == (hole[block].mean() > 0.5)


def test_colours_of_a_level_are_means_of_known_pixels_outside_the_hole_and_of_the_fill_inside():
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    hole = np.zeros((64, 64), bool)
    hole[20:44, 22:41] = True
    for level in levels_of(picture, hole, ~hole):
        for y, x in np.ndindex(level.hole.shape):
            block = tuple(slice(place * level.factor, (place + 1) * level.factor) for place in (y, x))
            chosen = picture[block].reshape(-1, 3) if level.hole[y, x] else picture[block][~hole[block]]
            assert np.allclose(level.features[0, y, x, :3], chosen.mean(0), atol=0.51)


def test_the_fill_changes_no_texture_outside_the_hole_and_asks_for_that_of_the_surroundings_inside():
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (96, 96, 3), np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[32:64, 32:64] = True
    smooth = picture.copy()
    smooth[hole] = 128
    for level, smooth_level in zip(*(levels_of(fill, hole, ~hole) for fill in (picture, smooth)), strict=True):
        texture = as_floats(level.features)[..., 3:]
        assert np.array_equal(texture, as_floats(smooth_level.features)[..., 3:])
        outside, inside = texture[~level.hole], texture[level.hole]
        assert (inside > 0.5 * outside.mean(0)).all() and (inside < 1.5 * outside.mean(0)).all()


@pytest.mark.parametrize("value", [0, 255])
def test_a_constant_picture_has_constant_finite_levels(value):
    hole = np.zeros((40, 60), bool)
    hole[10:30, 20:40] = True
    for level in levels_of(np.full((40, 60, 3), value, np.uint8), hole, ~hole):
        assert (level.features == [value] * 3 + [0]).all()
        assert np.allclose(level.guide[..., :6], value / 255, atol=1e-5)


def test_features_become_floats_and_return():
    features = np.random.default_rng(7).integers(0, 256, (PLANES, 9, 8, CHANNELS), np.uint8)
    features[1, ..., :3] = features[0, ..., :3]
    values, again = as_floats(features), np.zeros_like(features)
    assert values.shape == (9, 8, CHANNELS + 1) and values.max() <= 1
    set_features(again, values)
    assert np.array_equal(again, features)


@pytest.mark.parametrize("shape", [(64, 48), (33, 50)])
def test_the_energy_of_the_texture_is_the_mean_difference_of_grey_values(shape):
    picture = np.random.default_rng(8).integers(100, 120, (*shape, 3), np.uint8)
    hole = np.zeros(shape, bool)
    hole[:3, :3] = True
    level = levels_of(picture, hole, ~hole, 0, 1)[1]
    grey = picture @ [0.299, 0.587, 0.114] / 255
    down, across = (np.abs(np.diff(grey, axis=axis)).mean() for axis in (0, 1))
    weight = np.sqrt(PLANES * SETTINGS.texture)
    texture = as_floats(level.features)[8:, 8:, 3:].mean((0, 1))
    assert texture == pytest.approx([weight * across, weight * down], rel=0.1)
