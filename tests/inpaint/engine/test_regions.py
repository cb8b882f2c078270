"""Regions of masks: which holes belong together, the boxes that cover them, and dilation."""

import numpy as np
import pytest
from scipy import ndimage

from inpaint.engine.regions import CELL, Box, Part, covering_boxes, dilate, find_regions, occupancy, regions_of
from inpaint.photos.errors import MaskError


def spots(height, width, count, seed, side=20):
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(count):
        top, left = rng.integers(height), rng.integers(width)
        mask[top : top + rng.integers(1, side), left : left + rng.integers(1, side)] = True
    return mask


def as_set(regions):
    return {(region.box, region.hole.tobytes()) for region in regions}


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (127, 129), (400, 300)])
@pytest.mark.parametrize("seed", range(3))
def test_every_hole_pixel_belongs_to_exactly_one_region(shape, seed):
    mask = spots(*shape, count=12, seed=seed)
    count = np.zeros(shape, int)
    for box, hole in find_regions(mask):
        assert hole.any(axis=0)[[0, -1]].all()
        assert hole.any(axis=1)[[0, -1]].all()
        count[box.slices] += hole
    assert np.array_equal(count, mask.astype(int))


def test_near_holes_are_one_region_and_distant_ones_two():
    mask = np.zeros((200, 400), bool)
    mask[100:110, 100:110] = mask[100:110, 125:135] = True
    mask[100:110, 300] = True
    assert sorted(region.box for region in find_regions(mask)) == [Box(100, 100, 135, 110), Box(300, 100, 301, 110)]


def test_an_empty_mask_has_no_regions():
    assert find_regions(np.zeros((50, 60), bool)) == []
    assert find_regions(np.zeros((50, 60), bool), Box(0, 0, 10, 10)) == []


@pytest.mark.parametrize("seed", range(30))
def test_regions_near_a_box_are_whole_and_the_same_as_without_a_box(seed):
    mask = spots(2500, 3000, count=900, seed=seed)
    rng = np.random.default_rng(seed)
    left, top = int(rng.integers(2900)), int(rng.integers(2400))
    within = Box(left, top, left + 40, top + 40)
    everything = find_regions(mask)
    near = as_set(find_regions(mask, within))
    assert near <= as_set(everything)
    for region in everything:
        inside = region.box.intersection(within)
        if inside.width > 0 and inside.height > 0 and region.hole[inside.relative_to(*region.box[:2]).slices].any():
            assert (region.box, region.hole.tobytes()) in near


@pytest.mark.parametrize("gap", [2, 3])
@pytest.mark.parametrize("phase", range(6))
@pytest.mark.parametrize("direction", [(0, 1), (0, -1), (1, 0), (-1, 0)])
def test_a_region_that_leaves_the_first_window_is_found_whole(direction, phase, gap):
    mask = np.zeros((2401, 2401), bool)
    steps = range(phase * CELL, 1200, (gap + 1) * CELL)
    for distance in (0, *steps) if phase <= 3 else steps:
        mask[1200 + direction[0] * distance, 1200 + direction[1] * distance] = True
    within = Box(1190, 1190, 1210, 1210)
    everything = find_regions(mask)
    assert (len(everything) < 3) == (gap == 2)
    assert as_set(find_regions(mask, within)) <= as_set(everything)


def test_a_hole_in_the_box_of_another_region_is_not_part_of_it():
    mask = np.zeros((400, 400), bool)
    mask[10:390, 10:20] = mask[380:390, 10:390] = True
    mask[100:110, 200:210] = True
    assert sorted(region.hole.sum() for region in find_regions(mask)) == [100, 380 * 10 * 2 - 100]


def test_a_region_far_from_the_box_is_left_out():
    mask = np.zeros((1000, 1000), bool)
    mask[10, 10] = mask[900, 900] = True
    assert [region.box for region in find_regions(mask, Box(890, 890, 905, 905))] == [Box(900, 900, 901, 901)]


def test_a_box_outside_the_photo_finds_nothing():
    assert find_regions(np.ones((100, 100), bool), Box(-5000, -5000, -4900, -4900)) == []


@pytest.mark.parametrize("shape", [(1, 1), (16, 32), (17, 33), (100, 5)])
def test_occupancy_marks_the_cells_that_hold_a_hole(shape):
    mask = spots(*shape, count=3, seed=0, side=4)
    padded = np.pad(mask, [(0, -side % CELL) for side in shape])
    expected = padded.reshape(padded.shape[0] // CELL, CELL, -1, CELL).any(axis=(1, 3))
    assert np.array_equal(occupancy(mask), expected)


@pytest.mark.parametrize("shape", [(1, 1), (90, 130), (300, 40)])
def test_covering_boxes_are_disjoint_tight_and_hold_every_hole_pixel(shape):
    mask = spots(*shape, count=4, seed=1)
    count = np.zeros(shape, int)
    for box in covering_boxes(mask, side=50):
        assert box.width <= 50
        assert box.height <= 50
        part = mask[box.slices]
        assert part.any(axis=0)[[0, -1]].all()
        assert part.any(axis=1)[[0, -1]].all()
        count[box.slices] += 1
    assert count.max() <= 1
    assert (count[mask] == 1).all()


@pytest.mark.parametrize("grow_px", [1, 2.5, 7, 40])
@pytest.mark.parametrize("size", [(1, 1), (90, 61), (700, 1100)])
def test_a_dilated_mask_is_every_pixel_within_that_distance(grow_px, size):
    rng = np.random.default_rng(0)
    mask = rng.random(size) < 5 / np.prod(size)
    mask[rng.integers(size[0]), rng.integers(size[1])] = True
    before = mask.copy()
    expected = ndimage.distance_transform_edt(~mask) <= grow_px if not mask.all() else mask
    assert np.array_equal(dilate(mask, grow_px), expected)
    assert np.array_equal(mask, before)


def test_a_radius_of_0_an_empty_and_a_full_mask_change_nothing():
    mask = np.eye(9, dtype=bool)
    assert np.array_equal(dilate(mask, 0), mask)
    assert not dilate(np.zeros((9, 9), bool), 5).any()
    assert dilate(np.ones((9, 9), bool), 5).all()


@pytest.mark.parametrize("grow_px", [-1, float("nan"), 1001, True, "3", None])
def test_an_invalid_radius_is_refused(grow_px):
    with pytest.raises(MaskError, match="grow_px is"):
        dilate(np.eye(9, dtype=bool), grow_px)


def test_a_part_is_divided_into_the_regions_that_it_consists_of():
    hole = np.zeros((200, 300), bool)
    hole[20:60, 30:80] = hole[130:170, 220:270] = hole[65:70, 70:90] = True
    part = Part(Box(1000, 500, 1300, 700), hole)
    parts = regions_of(part)
    assert sorted(found.box for found in parts) == [Box(1030, 520, 1090, 570), Box(1220, 630, 1270, 670)]
    drawn = np.zeros_like(hole)
    for found in parts:
        drawn[found.box.relative_to(1000, 500).slices] |= found.hole
    assert np.array_equal(drawn, hole)
