"""Outlines rasterised, compared with the winding number and the distance of each pixel, computed by definition."""

import numpy as np
import pytest

from inpaint.engine.polygon import polygon_to_mask
from inpaint.engine.regions import Box
from tests.inpaint.engine.test_brush import distance_to_path


def on_photo(points, width, height, grow_px=0):
    box, area = polygon_to_mask(points, (width, height), grow_px)
    full = np.zeros((height, width), bool)
    full[box.slices] = area
    return full


def winding_numbers(points, width, height):
    """How often the outline goes around each pixel centre: the sum of the angles that its edges span."""
    y, x = np.mgrid[:height, :width] + 0.5
    angles = np.zeros((height, width))
    for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
        before, after = np.arctan2(y0 - y, x0 - x), np.arctan2(y1 - y, x1 - x)
        angles += (after - before + np.pi) % (2 * np.pi) - np.pi
    return np.round(angles / (2 * np.pi))


@pytest.mark.parametrize("seed", range(20))
def test_an_area_is_every_pixel_that_the_outline_winds_around(seed):
    rng = np.random.default_rng(seed)
    width, height = (int(side) for side in rng.integers(20, 120, 2))
    points = rng.uniform(-40, 160, (rng.integers(3, 9), 2)).tolist()
    distance = distance_to_path([*points, points[0]], width, height)
    clear = distance > 0.75  # pixels on the outline belong to the area as well
    area = on_photo(points, width, height)
    assert np.array_equal(area[clear], (winding_numbers(points, width, height) != 0)[clear])
    assert area[distance < 0.49].all()


def test_a_rectangle_is_the_pixels_between_its_corners():
    expected = np.zeros((30, 40), bool)
    expected[5:20, 10:31] = True
    area = on_photo([[10.2, 5.3], [30.4, 5.3], [30.4, 19.6], [10.2, 19.6]], 40, 30)
    assert np.array_equal(area, expected)


def test_grow_px_dilates_the_area():
    square = [[20, 20], [40, 20], [40, 35], [20, 35]]
    grown = on_photo(square, 80, 70, grow_px=6)
    inside = np.zeros((70, 80), bool)
    inside[20:35, 20:40] = True
    assert np.array_equal(grown, inside | (distance_to_path([*square, square[0]], 80, 70) <= 6.5))


@pytest.mark.parametrize("points", [[[9.5, 8.5]], [[3, 3], [3, 3], [3, 3]], [[2, 2], [12, 9]]])
def test_an_outline_without_an_area_is_the_line_itself(points):
    area = on_photo(points, 20, 15)
    assert area.any() and (distance_to_path(points, 20, 15)[area] <= 1).all()


def test_an_outline_around_the_photo_is_all_of_it_and_one_beside_it_is_nothing():
    assert on_photo([[-9, -9], [99, -9], [99, 99], [-9, 99]], 20, 15).all()
    box, area = polygon_to_mask([[-9, -9], [-5, -9], [-5, 99]], (20, 15))
    assert box == Box(0, 0, 0, 0) and area.size == 0


@pytest.mark.parametrize("points", [[], [[1]], [[1, 2], [3]], [[1, float("nan")], [2, 2]], "ab", None])
def test_outlines_that_are_not_points_raise_as_strokes_do(points):
    with pytest.raises(ValueError, match="stroke"):
        polygon_to_mask(points, (20, 15))
