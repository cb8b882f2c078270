"""Voting: what each hole pixel copies, against slow oracles."""

import numpy as np
import pytest

from inpaint.synthesis.patch_kernels import CHANNELS, PLANES, RADIUS
from inpaint.synthesis.pyramid import as_floats
from inpaint.synthesis.targets import Field, find_targets, positions
from inpaint.synthesis.voting import ballot, box_of, copy_features, strongest_offsets, vote_mean


def matched(shape, stride, seed, offsets=3):
    """A hole at the upper left corner and one inside, and a field of a few random offsets with random weights."""
    rng = np.random.default_rng(seed)
    hole = np.zeros(shape, bool)
    hole[:4, :5] = hole[10:19, 12:20] = True
    targets = find_targets(hole, stride)
    some = rng.integers(RADIUS, np.subtract(shape, 2 * RADIUS + 19), (offsets, 2))
    matches = np.int32(targets.centres + some[rng.integers(0, offsets, len(targets.centres))])
    matches = np.minimum(matches, np.int32(shape) - 1 - RADIUS)
    return hole, Field(targets, matches), rng.random(len(matches), np.float32) + 0.01


def patches_over(pixel, field):
    """The numbers of the targets whose patch holds a pixel."""
    return np.flatnonzero((np.abs(field.targets.centres - pixel) <= RADIUS).all(1))


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_a_pixel_takes_the_offset_with_the_largest_sum_of_weights(stride, seed):
    hole, field, weight = matched((60, 70), stride, seed)
    box = box_of(hole)
    offsets, share = strongest_offsets(ballot(field, weight, hole.shape[1]), hole, box)
    assert len(np.unique(offsets[hole[: box.bottom, : box.right]])) > 1
    assert not offsets[~hole[: box.bottom, : box.right]].any()
    for y, x in positions(hole):
        sums = {}
        for index in patches_over((y, x), field):
            down, right = (field.matches[index] - field.targets.centres[index]).tolist()
            own = down * hole.shape[1] + right
            sums[own] = sums.get(own, 0) + weight[index]
        assert sums[offsets[y, x]] == pytest.approx(max(sums.values()), rel=1e-5)
        assert share[y, x] == pytest.approx(max(sums.values()) / sum(sums.values()), rel=1e-5)


def test_a_pixel_without_a_patch_copies_itself_with_share_0():
    hole, field, weight = matched((60, 70), 2, 0)
    elsewhere = np.zeros_like(hole)
    elsewhere[59, 69] = elsewhere[0, 69] = True
    offsets, share = strongest_offsets(ballot(field, weight, 70), elsewhere, box_of(elsewhere))
    assert not offsets.any() and not share.any()


def test_pixels_are_copied_from_their_offsets_in_every_plane_and_no_other_pixel_changes():
    hole, field, weight = matched((60, 70), 2, 4)
    rng, box = np.random.default_rng(0), box_of(hole)
    offsets, _ = strongest_offsets(ballot(field, weight, 70), hole, box)
    features = rng.integers(0, 256, (PLANES, 60, 70, CHANNELS), np.uint8)
    copied = features.copy()
    copy_features(offsets, hole, box, copied.reshape(PLANES, 60, -1))
    for y, x in np.ndindex(hole.shape):
        source = divmod(y * 70 + x + int(offsets[y, x]), 70) if hole[y, x] else (y, x)
        assert np.array_equal(copied[:, y, x], features[:, *source])


@pytest.mark.parametrize("stride", [1, 2])
def test_the_mean_vote_is_the_weighted_mean_of_what_patches_propose(stride):
    hole, field, weight = matched((60, 70), stride, 5)
    features = np.random.default_rng(6).integers(0, 256, (PLANES, 60, 70, CHANNELS), np.uint8)
    features[1, ..., :3] = features[0, ..., :3]  # both planes have the colours
    before = as_floats(features)
    vote_mean(ballot(field, weight, 70), hole, box_of(hole), features.reshape(PLANES, 60, -1))
    after = as_floats(features)
    assert np.array_equal(after[~hole], before[~hole])
    assert np.array_equal(features[1, ..., :3], features[0, ..., :3])
    for pixel in positions(hole):
        over = patches_over(pixel, field)
        sources = pixel + field.matches[over] - field.targets.centres[over]
        mean = np.average(before[sources[:, 0], sources[:, 1]], axis=0, weights=weight[over])
        assert np.allclose(after[tuple(pixel)], mean, atol=0.51 / 255)
