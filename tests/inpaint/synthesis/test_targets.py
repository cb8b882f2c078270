"""Which patches are to be found and which may be copied: coverage at all borders and strides, against slow oracles."""

import itertools

import numpy as np
import pytest

from inpaint.synthesis import upsampling_kernels
from inpaint.synthesis.patch_kernels import RADIUS, SIDE
from inpaint.synthesis.targets import Field, find_sources, find_targets, targets_on, upsampled_matches

SHAPES = [(7, 7), (7, 40), (23, 8), (30, 31), (64, 45)]


def holes(shape, seed):
    """Holes in the middle, at every border and corner, across, and scattered pixels, few to nearly all."""
    rng = np.random.default_rng(seed)
    spans = [(slice(3), slice(side // 2, side // 2 + 3), slice(-2, None), slice(None)) for side in shape]
    for rows, columns in itertools.product(*spans):
        hole = np.zeros(shape, bool)
        hole[rows, columns] = True
        yield hole
    for share in (0.01, 0.3, 0.97):
        hole = rng.random(shape) < share
        hole[rng.integers(shape[0]), rng.integers(shape[1])] = True
        yield hole


def patch(centre):
    """Rows and columns of a patch."""
    return tuple(slice(place - RADIUS, place + RADIUS + 1) for place in centre)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_pixel_of_a_hole_lies_in_a_patch_and_every_patch_in_the_picture_and_on_the_hole(shape, stride):
    for hole in holes(shape, stride):
        targets = find_targets(hole, stride)
        covered = np.zeros(shape, bool)
        for centre in targets.centres:
            assert (centre >= RADIUS).all() and (centre < np.subtract(shape, RADIUS)).all()
            assert hole[patch(centre)].any()
            covered[patch(centre)] = True
        assert covered[hole].all()


@pytest.mark.parametrize("shape", SHAPES)
def test_with_stride_1_all_patches_on_the_hole_are_targets(shape):
    for hole in holes(shape, 0):
        inside = itertools.product(*(range(RADIUS, side - RADIUS) for side in shape))
        assert find_targets(hole, 1).centres.tolist() == [[*place] for place in inside if hole[patch(place)].any()]


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_lattice_leads_to_each_target_and_to_nothing_else(stride):
    for hole in holes((40, 50), 3):
        targets = find_targets(hole, stride)
        rows, columns = targets.cells.T
        assert np.array_equal(np.stack([targets.rows[rows], targets.columns[columns]], 1), targets.centres)
        assert np.array_equal(targets.index_at[rows, columns], np.arange(len(rows)))
        assert (targets.index_at >= 0).sum() == len(rows)
        assert (np.diff(targets.rows) > 0).all() and (np.diff(targets.columns) > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (6, 20), (20, 6), (7, 7), (8, 90), (150, 131)])
@pytest.mark.parametrize("share", [0.0, 0.005, 1.0])
def test_sources_are_the_centres_of_patches_all_of_whose_pixels_may_be_copied(shape, share):
    usable = np.random.default_rng(1).random(shape) >= share
    expected = np.zeros(shape, bool)
    for place in itertools.product(*(range(RADIUS, side - RADIUS) for side in shape)):
        expected[place] = usable[patch(place)].all()
    assert np.array_equal(find_sources(usable), expected)


def test_a_finer_level_takes_over_doubled_offsets():
    coarse_hole = np.zeros((40, 50), bool)
    coarse_hole[18:24, 20:28] = True
    coarse = find_targets(coarse_hole, 1)
    field = Field(coarse, coarse.centres + np.int32([9, -11]))
    fine = find_targets(coarse_hole.repeat(2, 0).repeat(2, 1), 2)
    matches = upsampled_matches(field, fine.centres, np.ones((80, 100), bool))
    assert np.array_equal(matches, fine.centres + np.int32([18, -22]))


@pytest.mark.parametrize("offset", [(9, 11), (-20, 0), (300, -300)])
def test_matches_of_a_finer_level_are_sources_wherever_doubled_offsets_lead(offset):
    hole = np.zeros((81, 99), bool)
    hole[30:52, 40:60] = True
    sources = find_sources(np.random.default_rng(0).random(hole.shape) > 0.02)
    sources[hole] = False
    assert 20 < sources.sum() < 3000
    coarse = find_targets(hole[::2, ::2], 1)
    matches = upsampled_matches(
        Field(coarse, coarse.centres + np.int32(offset)), find_targets(hole, 2).centres, sources
    )
    assert sources[matches[:, 0], matches[:, 1]].all()


def test_the_nearest_source_is_taken_where_a_doubled_offset_leads_to_none():
    centres = np.int32([[5, 5]])
    sources = np.zeros((40, 40), bool)
    sources[20, 19] = sources[20, 25] = sources[36, 20] = True
    coarse = targets_on(np.ones((1, 1), bool), np.int32([2]), np.int32([2]))
    field = Field(coarse, np.int32([[10, 10]]))  # doubled: to row 21, column 21
    assert upsampled_matches(field, centres, sources).tolist() == [[20, 19]]
    sources[20, 19] = sources[20, 25] = False
    assert upsampled_matches(field, centres, sources).tolist() == [[36, 20]]


@pytest.mark.parametrize("seed", range(4))
def test_a_finer_level_asks_a_nearest_coarse_target_also_where_the_lattice_is_sparse(seed):
    rng = np.random.default_rng(seed)
    rows, columns = (np.sort(rng.choice(60, count, replace=False)).astype(np.int32) for count in (17, 23))
    coarse = targets_on(rng.random((17, 23)) < 0.1, rows, columns)
    places = rng.integers(0, 120, (200, 2)).astype(np.int32)
    nearest = np.empty(len(places), np.int32)
    upsampling_kernels.nearest_targets(0, len(places), places, *coarse[2:], nearest)
    distance = np.hypot(*(places[:, None] // 2 - coarse.centres).transpose(2, 0, 1))
    found = distance[np.arange(len(places)), nearest]
    assert (found <= 3 * distance.min(1) + 8).all()
    assert (found == distance.min(1)).mean() > 0.3


def test_patches_have_an_odd_side():
    assert SIDE == 2 * RADIUS + 1
