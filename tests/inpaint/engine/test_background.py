"""The smooth background of a hole: gradients are found exactly, and what is no gradient is left alone."""

import numpy as np
import pytest

from inpaint.engine.background import add_background, fit_background, subtract_background
from inpaint.engine.options import FillOptions
from inpaint.engine.surroundings import RING_PX, places_around
from tests.inpaint.engine.test_surface import disk, final_fill

SHAPE = 200, 260


def gradient(shape=SHAPE, slopes=(0.3, 0.4), curve=0.0):
    """A picture whose colours change with the row and the column, float (H, W, 3)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    grey = 60 + slopes[0] * rows + slopes[1] * columns - curve * ((rows - 90) ** 2 + (columns - 120) * (rows - 40))
    return np.stack([grey, 0.8 * grey + 20, 220 - 0.5 * grey], -1)


def to_photo(values, noise=0.0):
    return np.rint(values + noise * np.random.default_rng(0).normal(size=values.shape)).clip(0, 255).astype(np.uint8)


def background_of(photo, hole):
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    places = places_around(hole, ~hole, (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)))
    return fit_background(places, photo[places[:, 0], places[:, 1]])


@pytest.mark.parametrize("curve", [0, 0.0015])
@pytest.mark.parametrize("noise", [0, 2])
def test_a_gradient_is_found_within_half_a_level_in_the_whole_hole(curve, noise):
    values = gradient(curve=curve)
    hole = disk(SHAPE, 100, 130, 60) & (np.arange(260) > 110)
    background = background_of(to_photo(values, noise), hole)
    assert np.abs(background.at(40, 110, 120, 80) - values[40:160, 110:190]).max() < 0.6
    assert 6 * noise <= background.limit < 6 * noise + 6


@pytest.mark.parametrize(
    "change",
    [
        lambda photo: photo.__setitem__((slice(99, 101), slice(None)), 30),  # a wire
        lambda photo: photo.__setitem__(slice(100, None), 30),  # a horizon
        lambda photo: photo.__setitem__((slice(None), slice(None), 1), to_photo(gradient(), 5)[..., 1]),  # texture
    ],
    ids=["wire", "horizon", "texture"],
)
def test_what_is_no_gradient_has_no_background(change):
    photo = to_photo(gradient(), 1)
    assert background_of(photo, disk(SHAPE, 100, 130, 50)) is not None
    change(photo)
    assert background_of(photo, disk(SHAPE, 100, 130, 50)) is None


def test_nearly_one_colour_has_no_background():
    assert background_of(to_photo(gradient(slopes=(0.005, 0.005)), 1), disk(SHAPE, 100, 130, 50)) is None


@pytest.mark.parametrize("count", [0, 1, 40])
def test_too_few_known_pixels_have_no_background(count):
    assert (
        fit_background(np.argwhere(np.ones((count, 1))), np.arange(3 * count).reshape(-1, 3).astype(np.uint8)) is None
    )


def test_pixels_of_one_row_have_a_background_that_is_finite_elsewhere():
    places = np.stack([np.zeros(200, int), np.arange(200)], 1)
    background = fit_background(places, np.repeat(np.arange(200, dtype=np.uint8)[:, None], 3, 1))
    assert np.isfinite(background.at(0, 0, 50, 200)).all()


def test_a_background_that_is_subtracted_and_added_again_changes_texture_by_one_level_at_most():
    photo = to_photo(gradient(), 2)
    background = background_of(photo, disk(SHAPE, 100, 130, 80))
    flat, usable = photo.copy(), np.ones(SHAPE, bool)
    subtract_background(background, flat, usable)
    assert np.abs(flat.astype(int) - 128).max() <= background.limit + 0.5
    assert usable.all()
    part = flat[20:180, 30:].copy()
    add_background(background, part, 20, 30)
    assert np.abs(part.astype(int) - photo[20:180, 30:]).max() <= 1


def test_what_differs_from_the_background_is_not_usable():
    photo = to_photo(gradient(), 1)
    background = background_of(photo, disk(SHAPE, 100, 130, 40))
    photo[:10] = 255
    usable = np.ones(SHAPE, bool)
    usable[50] = False
    subtract_background(background, photo, usable)
    assert not usable[:10].any() and not usable[50].any()
    assert usable[10:50].all() and usable[51:].all()


@pytest.mark.parametrize("radius", [20, 60])
@pytest.mark.parametrize("slopes", [(0.3, 0.4), (0, 0.5), (0.6, -0.1)])
def test_a_gradient_goes_on_through_a_thick_hole_with_its_noise(slopes, radius):
    values = gradient(slopes=slopes)
    photo, hole = to_photo(values, 2), disk(SHAPE, 100, 130, radius)
    network = to_photo(values)
    photo[hole] = 0
    fill = final_fill(photo, hole, network=network, options=FillOptions())
    error = np.zeros(SHAPE)
    error[fill.box.slices][fill.hole] = (fill.pixels - values[fill.box.slices]).mean(-1)[fill.hole]
    blocks = error[100 - 12 : 100 + 12, 130 - 12 : 130 + 12].reshape(3, 8, 3, 8).mean((1, 3))
    assert np.abs(blocks).max() < 2
    assert error[hole].std() > 0.6


def test_a_gradient_without_noise_is_continued_within_two_levels():
    values = gradient()
    hole = disk(SHAPE, 100, 130, 60)
    fill = final_fill(to_photo(values), hole, network=to_photo(values))
    assert np.abs(fill.pixels - values[fill.box.slices])[fill.hole].max() <= 2


def test_the_ring_is_wide_enough_for_a_polynomial_of_second_degree():
    assert RING_PX >= 3
