"""Voting: what each hole pixel copies, against slow oracles."""

import numpy as np
import pytest

from inpaint.synthesis import kernels
from inpaint.synthesis.kernels import CHANNELS, RADIUS
from inpaint.synthesis.search import strongest_offsets
from inpaint.synthesis.targets import Field, find_targets, positions


def matched(shape, stride, seed, offsets=3):
    """A hole at the upper left corner and one inside, and a field of a few random offsets with random weights."""
    rng = np.random.default_rng(seed)
    hole = np.zeros(shape, bool)
    hole[:4, :5] = hole[10:19, 12:20] = True
    targets = find_targets(hole, stride)
    some = rng.integers(RADIUS, np.subtract(shape, 2 * RADIUS + 19), (offsets, 2))
    matches = np.int32(targets.centres + some[rng.integers(0, offsets, len(targets.centres))])
    matches = np.minimum(matches, np.int32(shape) - 1 - RADIUS)
    return positions(hole), Field(targets, matches), rng.random(len(matches), np.float32) + 0.01


def patches_over(pixel, field):
    """The numbers of the targets whose patch holds a pixel."""
    return np.flatnonzero((np.abs(field.targets.centres - pixel) <= RADIUS).all(1))


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_a_pixel_takes_the_offset_with_the_largest_sum_of_weights(stride, seed):
    pixels, field, weight = matched((60, 70), stride, seed)
    offsets, share = strongest_offsets(pixels, field, weight)
    assert len(np.unique(offsets, axis=0)) > 1
    for pixel, offset, its_share in zip(pixels, offsets, share, strict=True):
        sums = {}
        for index in patches_over(pixel, field):
            own = tuple(field.matches[index] - field.targets.centres[index])
            sums[own] = sums.get(own, 0) + weight[index]
        assert sums[tuple(offset)] == pytest.approx(max(sums.values()), rel=1e-5)
        assert its_share == pytest.approx(max(sums.values()) / sum(sums.values()), rel=1e-5)


def test_a_pixel_without_a_patch_copies_itself_with_share_0():
    _, field, weight = matched((60, 70), 2, 0)
    offsets, share = strongest_offsets(np.int32([[59, 69], [0, 69]]), field, weight)
    assert not offsets.any() and not share.any()


@pytest.mark.parametrize("stride", [1, 2])
def test_the_mean_vote_is_the_weighted_mean_of_what_patches_propose(stride):
    pixels, field, weight = matched((60, 70), stride, 5)
    features = np.random.default_rng(6).random((60, 70, CHANNELS), np.float32)
    out = np.empty((len(pixels), CHANNELS), np.float32)
    rows = features.reshape(60, -1)
    kernels.vote_mean(0, len(pixels), rows, pixels, *field.targets[1:], field.matches, weight, out)
    for pixel, value in zip(pixels, out, strict=True):
        over = patches_over(pixel, field)
        sources = pixel + field.matches[over] - field.targets.centres[over]
        mean = np.average(features[sources[:, 0], sources[:, 1]], axis=0, weights=weight[over])
        assert np.allclose(value, mean, atol=1e-5)
