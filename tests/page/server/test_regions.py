"""Regions that are said in numbers become the mask that they describe."""

import time

import numpy as np
import pytest

from page.server.regions import MAX_BOXES, MAX_POINTS, POINT_RADIUS, RegionError, regions_to_mask

SIZE = (120, 80)


def box_mask(left, top, right, bottom):
    mask = np.zeros(SIZE[::-1], bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("unit", "box"),
    [("pixels", [30, 20, 60, 40]), ("fractions", [0.25, 0.25, 0.5, 0.5]), ("thousandths", [250, 250, 500, 500])],
)
def test_the_same_box_in_each_unit_is_the_same_mask(unit, box):
    for boxes in (box, [box]):
        assert (regions_to_mask(SIZE, boxes=boxes, unit=unit) == box_mask(30, 20, 60, 40)).all()


def test_a_box_marks_each_pixel_that_it_touches_and_is_cut_at_the_edges_of_the_photo():
    assert (regions_to_mask(SIZE, boxes=[[10.4, 5.9, 12.1, 7.0]]) == box_mask(10, 5, 13, 7)).all()
    assert (regions_to_mask(SIZE, boxes=[[-50, 70, 9, 500]]) == box_mask(0, 70, 9, 80)).all()


def test_a_point_marks_the_disc_of_the_stated_radius():
    rows, columns = np.mgrid[:80, :120]
    distance = np.hypot(columns - 60, rows - 30)
    given = {8: {"point_radius": 8}, 12: {"point_radius": 0.1, "unit": "fractions"}, POINT_RADIUS * 120: {}}
    for radius, options in given.items():
        point = [0.5, 0.375] if "unit" in options else [60, 30]
        mask = regions_to_mask(SIZE, points=[point], **options)
        assert mask[distance < radius - 1].all() and not mask[distance > radius + 1].any(), radius


def test_a_polygon_marks_its_inside_as_the_crossing_rule_says():
    corners = [[10, 10], [100, 20], [60, 70], [50, 30]]
    mask = regions_to_mask(SIZE, polygon=corners)
    rows, columns = np.mgrid[:80, :120].astype(float)
    inside = np.zeros(mask.shape, bool)
    near_edge = np.zeros(mask.shape, bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        crosses = (y0 > rows) != (y1 > rows)
        inside ^= crosses & (columns < (x1 - x0) * (rows - y0) / ((y1 - y0) or 1) + x0)
        length = np.hypot(x1 - x0, y1 - y0)
        t = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length**2, 0, 1)
        near_edge |= np.hypot(columns - x0 - t * (x1 - x0), rows - y0 - t * (y1 - y0)) < 1.5
    assert inside.sum() > 1000 and (mask == inside)[~near_edge].all()


def test_all_regions_are_marked_together_and_none_marks_nothing():
    mask = regions_to_mask(SIZE, boxes=[[0, 0, 10, 10], [100, 60, 120, 80]], points=[[60, 40]], polygon=[])
    assert mask[5, 5] and mask[70, 110] and mask[40, 60] and mask.sum() < 1000
    assert not regions_to_mask(SIZE).any()


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ({"boxes": [[60, 20, 30, 40]]}, "x0 must be less than x1"),
        ({"boxes": [[200, 20, 300, 40]]}, "outside the photo of 120x80"),
        ({"boxes": [[1, 2, 3]]}, r"each must be \[x0, y0, x1, y1\]"),
        ({"boxes": [[1, 2, 3, "4"]]}, "with 4 numbers"),
        ({"boxes": [[1, 2, 3, float("nan")]]}, "with 4 numbers"),
        ({"boxes": [[1, 2, 3, True]]}, "with 4 numbers"),
        ({"boxes": "1,2,3,4"}, "must be a list"),
        ({"boxes": {"x": 1}}, "must be a list"),
        ({"boxes": [[1, 1, 9, 9]] * (MAX_BOXES + 1)}, f"at most {MAX_BOXES}"),
        ({"boxes": [[0.2, 0.2, 0.4, 0.4]]}, "add unit='fractions'"),
        ({"boxes": [[30, 20, 60, 40]], "unit": "fractions"}, "divide by the photo's size, which is 120x80"),
        ({"boxes": [[30, 20, 60, 4000]], "unit": "thousandths"}, "thousandths run from 0 to 1000"),
        ({"points": [[300, 20]]}, "outside the photo"),
        ({"points": [[30, 20]], "point_radius": 0}, "above 0"),
        ({"points": [[30, 20]], "point_radius": "big"}, "above 0"),
        ({"polygon": [[30, 20], [50, 20]]}, "at least 3"),
        ({"polygon": [[300, 20], [350, 20], [320, 70]]}, "outside the photo"),
        ({"boxes": [[30, 20, 60, 40]], "unit": "inches"}, "one of pixels, fractions, thousandths"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_value_and_the_rule(regions, words):
    with pytest.raises(RegionError, match=words):
        regions_to_mask(SIZE, **regions)


@pytest.mark.parametrize("name", ["boxes", "points", "polygon"])
@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), 1e7])
def test_absurd_numbers_are_refused(name, number):
    with pytest.raises(RegionError, match="numbers"):
        regions_to_mask(SIZE, **{name: [[number] * (4 if name == "boxes" else 2)] * 3})


def test_a_hundred_discs_are_the_union_of_each_and_take_hardly_longer_than_one():
    points = np.random.default_rng(0).uniform((0, 0), SIZE, (MAX_POINTS, 2)).tolist()
    union = np.any([regions_to_mask(SIZE, points=each, point_radius=9) for each in points], axis=0)
    assert (regions_to_mask(SIZE, points=points, point_radius=9) == union).all() and 0.5 < union.mean() < 1
    large = (3000, 2000)
    middle = [[1500 + place, 1000] for place in range(MAX_POINTS)]
    started = time.process_time()
    regions_to_mask(large, points=middle[:1], point_radius=1200)
    one_s, started = time.process_time() - started, time.process_time()
    regions_to_mask(large, points=middle, point_radius=1200)
    assert time.process_time() - started < 10 * one_s + 0.2


def test_a_polygon_that_runs_across_the_photo_again_and_again_is_refused_at_once():
    size, row = (6000, 4000), range(10_000)
    zigzag = [[place % 6000, 4000 * (place % 2)] for place in row]
    started = time.process_time()
    with pytest.raises(RegionError, match="crosses the photo 10000 times.*order"):
        regions_to_mask(size, polygon=zigzag)
    assert time.process_time() - started < 1
    beyond = [[-900_000, -900_000], [60, -900_000], [60, 900_000], [-900_000, 900_000]]  # a half of the photo
    assert (regions_to_mask(SIZE, polygon=beyond) == box_mask(0, 0, 60, 80))[:, 2:58].all()
