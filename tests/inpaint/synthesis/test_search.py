"""The search at one level: distances against a slow oracle, better matches from sweep to sweep, sources only."""

import numpy as np
import pytest

from inpaint.compiled.parallel import CancelledError
from inpaint.synthesis import search_kernels
from inpaint.synthesis.patch_kernels import RADIUS, SIDE
from inpaint.synthesis.pyramid import as_floats, build_levels
from inpaint.synthesis.search import Search
from inpaint.synthesis.settings import SETTINGS, Settings


def search_at(picture, hole, settings=SETTINGS, number=0, usable=None, offsets=None, cancelled=None):
    """A search at one of two levels."""
    levels = build_levels(picture, hole, ~hole if usable is None else usable, 0, 1, settings)
    search = Search(levels[number], settings, number, cancelled, fine=number == 0)
    if offsets is not None:
        search.try_offsets(np.float32(offsets))
    return search


def random_picture(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), np.uint8)


def square(shape=(60, 70), rows=slice(20, 38), columns=slice(25, 45)):
    hole = np.zeros(shape, bool)
    hole[rows, columns] = True
    return hole


def patch_distances(search, matches):
    """Squared distances of the patches themselves, whose rows come from the planes in turn: slow."""
    features = search.level.features.astype(np.float64) / 255
    planes = np.arange(SIDE) % len(features)

    def patch(y, x):
        return features[planes, np.arange(y - RADIUS, y + RADIUS + 1), x - RADIUS : x + RADIUS + 1]

    pairs = zip(search.targets.centres, matches, strict=True)
    return np.array([((patch(*target) - patch(*match)) ** 2).sum() for target, match in pairs])


@pytest.mark.parametrize("number", [0, 1])
def test_the_energy_is_the_mean_distance_of_patches_and_of_the_guide(number):
    # nothing is repeated, no position counts, and a sweep of no candidates keeps the matches
    settings = Settings(guide=(1e-9, 1e-9), position=0, occurrence=0, offset_tries=0)
    search = search_at(random_picture((60, 70)), square(), settings, number)
    field = search.start(3)
    expected = patch_distances(search, field.matches).mean()
    assert search.run(field, 1, 0, 0).energy == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("number", [0, 1])
def test_each_sweep_lowers_the_energy_and_all_matches_are_sources(number):
    energies = []
    for sweeps in (0, 1, 3, 6):
        search = search_at(random_picture((60, 70)), square(), number=number)
        found = search.run(search.start(0), 1, sweeps, 0)
        energies.append(found.energy)
        assert search.is_source[tuple(found.field.matches.T)].all()
        assert len(found.weight) == len(found.field.matches)
        assert np.isfinite(found.weight).all() and (found.weight > 0).all()
    assert energies == sorted(energies, reverse=True)
    assert energies[-1] < 0.8 * energies[0]


def test_a_search_that_starts_from_the_truth_stays_there_and_one_from_noise_comes_close():
    tile = random_picture((20, 20), 1)
    picture = np.tile(tile, (4, 4, 1))
    settings = Settings(position=0, occurrence=0, texture=0, guide=(1e-9, 1e-9))
    search = search_at(picture, square((80, 80)), settings)
    truth = search.targets.centres + np.int32([[20, 20]])
    found = search.run(search.start(0)._replace(matches=truth), 2, 2, 0)
    assert np.array_equal(found.field.matches, truth)
    assert found.energy == pytest.approx(0, abs=1e-4)
    found = search.run(search.start(0), 1, 30, 0)
    assert np.median(patch_distances(search, found.field.matches)) < 1e-6


@pytest.mark.parametrize("number", [0, 1])
def test_offsets_at_which_the_photo_repeats_itself_are_found_in_a_few_sweeps(number):
    picture = np.tile(random_picture((30, 30), 1), (5, 5, 1))
    energies = []
    for offsets in (None, [[30, 0], [0, -30]]):  # in photo pixels at any level
        search = search_at(picture, square((150, 150)), Settings(window=1), number, offsets=offsets)
        energies.append(search.run(search.start(0), 1, 2, 0).energy)
    assert energies[1] < 0.5 * energies[0]


def test_sources_that_are_used_often_cost_more():
    picture = random_picture((60, 70))
    used, energies = [], []
    for occurrence in (0, 2):
        search = search_at(picture, square(), Settings(occurrence=occurrence, window=16))
        matches = search.run(search.start(0), 4, 3, 0).field.matches
        used.append(len(np.unique(matches, axis=0)))
        # all targets take one source, whose price is part of the energy
        same = search.start(0)._replace(matches=np.repeat(search.sources[:1], len(matches), 0))
        energies.append(search.run(same, 1, 0, 0).energy)
    assert used[1] > used[0]
    assert energies[1] > 10 * energies[0]


def test_uses_are_counted_around_a_match_up_to_a_limit_and_forgotten():
    uses = np.zeros((6, 7), np.uint8)
    uses[2, 2] = search_kernels.NOWHERE
    matches = np.int32([[3, 3]] * 300 + [[1, 5]])
    search_kernels.count_uses(matches, uses)
    expected = np.zeros((6, 7), int)
    expected[2:5, 2:5] = 300
    expected[0:3, 4:7] += 1
    expected[2, 2] = search_kernels.NOWHERE
    assert np.array_equal(uses, np.where(expected >= 300, search_kernels.NOWHERE - 1, expected))
    search_kernels.forget_uses(matches, uses)
    assert uses[2, 2] == search_kernels.NOWHERE
    assert uses.sum() == search_kernels.NOWHERE


def test_near_sources_are_preferred_where_all_are_equal():
    picture = np.full((60, 200, 3), 90, np.uint8)
    search = search_at(picture, square((60, 200)), Settings(position=1, occurrence=0))
    matches = search.run(search.start(0), 3, 6, 0).field.matches
    assert np.abs(matches - search.targets.centres).max(1).mean() < 25


def test_the_hole_is_filled_with_pixels_of_sources_and_nothing_else_changes():
    picture = random_picture((60, 70))
    hole = square()
    search = search_at(picture, hole)
    before = as_floats(search.level.features)
    search.run(search.start(0), 2, 2, 0)
    after = as_floats(search.level.features)
    assert np.array_equal(after[~hole], before[~hole])
    copied = {tuple(value) for value in before[~hole]}
    assert all(tuple(value) in copied for value in after[hole])


def test_a_search_is_cancelled_before_the_next_sweep():
    polled = []

    def cancelled():
        polled.append(True)
        return len(polled) == 3

    search = search_at(random_picture((60, 70)), square(), cancelled=cancelled)
    with pytest.raises(CancelledError):
        search.run(search.start(0), 4, 4, 0)
    assert len(polled) == 3


def test_the_same_seed_finds_the_same_and_another_seed_something_else():
    found = []
    for seed in (0, 0, 1, 2**31 - 1):
        search = search_at(random_picture((60, 70)), square())
        found.append(search.run(search.start(seed), 1, 1, seed * 6).field.matches.tobytes())
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_random_numbers_are_below_their_limit_and_even_although_uint32_does_not_wrap_around():
    """Compiled code computes with uint32 in 64 bits: see findings/numba-uint32.sh."""

    def hashed(first, second, third):
        bits = (first * 0x9E3779B1) ^ (second * 0x85EBCA77) ^ (third * 0xC2B2AE3D)
        bits ^= bits >> 15
        bits = bits * 0x2C1B3C6D % 2**64
        bits ^= bits >> 12
        bits = bits * 0x297A2D39 % 2**64
        return bits ^ (bits >> 15)

    limit, counts = 10, np.zeros(10, int)
    for number in range(3000):
        numbers = number, 7 * number + 3, 4_294_967_295 - number
        drawn = search_kernels._below(np.uint64(search_kernels._hash(*numbers)), limit)
        assert drawn == (hashed(*numbers) % 2**32 * limit) >> 32
        counts[drawn] += 1
    assert np.abs(counts - 300).max() < 5 * np.sqrt(300)
