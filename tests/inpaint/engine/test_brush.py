"""Strokes rasterised with a round brush, compared with the distance to the polyline."""

import numpy as np
import pytest

from inpaint.engine.brush import MAX_POINTS, stroke_to_mask


def distance_to_path(points, width, height):
    """The distance of each pixel centre from the nearest point of the polyline, computed by definition."""
    y, x = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    points = np.asarray(points, float)
    for (x0, y0), (x1, y1) in zip(points, np.vstack([points[1:], points[-1:]]), strict=True):
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / (length or 1), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0)))
    return nearest


def on_photo(points, brush_px, width, height):
    box, painted = stroke_to_mask(points, brush_px, (width, height))
    full = np.zeros((height, width), bool)
    full[box.slices] = painted
    return full


@pytest.mark.parametrize("seed", range(40))
def test_a_stroke_is_every_pixel_within_half_a_brush_of_the_path(seed):
    rng = np.random.default_rng(seed)
    width, height = rng.integers(20, 120, 2)
    points = rng.uniform(-40, 160, (rng.integers(1, 6), 2)).tolist()
    brush_px = rng.uniform(2, 70)
    distance = distance_to_path(points, width, height)
    painted = on_photo(points, brush_px, width, height)
    clear = np.abs(distance - brush_px / 2) > 1e-6
    under = np.zeros_like(painted)  # the pixels under the points are painted in any case
    for x, y in np.floor(points).astype(int):
        if 0 <= x < width and 0 <= y < height:
            under[y, x] = True
    assert np.array_equal(painted[clear & ~under], (distance <= brush_px / 2)[clear & ~under])


def test_grow_px_widens_a_stroke_on_all_sides():
    line = [[20, 20], [60, 45]]
    box, painted = stroke_to_mask(line, 9, (90, 70), grow_px=4)
    full = np.zeros((70, 90), bool)
    full[box.slices] = painted
    assert np.array_equal(full, distance_to_path(line, 90, 70) <= 8.5)


@pytest.mark.parametrize("line", [[[5, 9], [25, 9]], [[9, 3], [9, 25]], [[5.5, 5.5], [5.5, 5.5]], [[30, 30], [4, 8]]])
def test_horizontal_vertical_and_repeated_points_are_painted(line):
    assert np.array_equal(on_photo(line, 7, 40, 40), distance_to_path(line, 40, 40) <= 3.5)


def test_a_brush_thinner_than_a_pixel_paints_the_pixel_under_the_pointer():
    painted = on_photo([[7.01, 3.99]], 0.1, 20, 10)
    assert painted[3, 7]
    assert painted.sum() == 1


def test_the_box_is_the_bounding_box_of_the_stroke():
    box, _ = stroke_to_mask([[100, 200], [150, 200]], 20, (6000, 4000))
    assert box == (90, 190, 160, 210)


def test_a_stroke_outside_the_photo_paints_nothing():
    box, painted = stroke_to_mask([[-500, -500], [-400, -450]], 60, (100, 100))
    assert painted.size == 0
    assert (box.width, box.height) == (0, 0)


@pytest.mark.parametrize(
    ("points", "brush_px", "message"),
    [
        ([], 5, "0 points"),
        ([[0, 0]] * (MAX_POINTS + 1), 5, "split"),
        ([[0, float("nan")]], 5, "coordinate nan"),
        ([[0, float("inf")]], 5, "coordinate inf"),
        ([[0, 1e7]], 5, r"coordinate 1e\+07"),
        ([[0, 1, 2]], 5, "pairs of numbers"),
        ([[0, 1], [2]], 5, "pairs of numbers"),
        ([["a", "b"]], 5, "pairs of numbers"),
        ([[0, None]], 5, "coordinate nan"),
        ([1, 2], 5, "pairs of numbers"),
        (None, 5, "list of points"),
        ("ab", 5, "list of points"),
        ([[0, 0]], 0, "more than 0"),
        ([[0, 0]], float("nan"), "more than 0"),
        ([[0, 0]], float("inf"), "at most"),
        ([[0, 0]], "wide", "must be a number"),
        ([[0, 0]], True, "must be a number"),
    ],
)
def test_an_invalid_stroke_is_refused_with_the_reason(points, brush_px, message):
    with pytest.raises(ValueError, match=message):
        stroke_to_mask(points, brush_px, (100, 100))
