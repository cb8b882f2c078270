"""Joining of copied runs: a dense solution of the Poisson equation, exact copies, tiles, and finer levels."""

import dataclasses

import numpy as np
import pytest

from inpaint.synthesis import joining
from inpaint.synthesis.joining import join, refined
from inpaint.synthesis.search import Found
from inpaint.synthesis.settings import SETTINGS
from inpaint.synthesis.targets import Field, find_sources, find_targets, positions
from inpaint.synthesis.voting import ballot, box_of, strongest_offsets
from tests.inpaint.synthesis.photos import textured

SOLVED = dataclasses.replace(SETTINGS, poisson_iterations=300)


def square(shape, top, left, height, width):
    hole = np.zeros(shape, bool)
    hole[top : top + height, left : left + width] = True
    return hole


def found_with(hole, matches, stride=2, seed=None):
    """A field with the matches of a function of the centres, and equal or random weights."""
    targets = find_targets(hole, stride)
    chosen = np.ascontiguousarray(matches(targets.centres), np.int32)
    count = len(chosen)
    weight = np.ones(count, np.float32) if seed is None else np.random.default_rng(seed).random(count, np.float32) + 0.1
    return Found(Field(targets, chosen), weight, 0.0)


def dense_solution(picture, hole, usable, offsets, screening):
    """Solve the equation as its definition reads: (m, 3) in [0, 1], for the hole's pixels in row-major order."""
    colours = picture / 255
    places = [tuple(place) for place in np.argwhere(hole)]
    number = {place: index for index, place in enumerate(places)}

    def copied_difference(pixel, neighbour, offset):
        """The difference of two neighbours where an offset copies them from; None if it cannot."""
        pair = [(place[0] + offset[0], place[1] + offset[1]) for place in (pixel, neighbour)]
        if not all(0 <= y < hole.shape[0] and 0 <= x < hole.shape[1] and usable[y, x] for y, x in pair):
            return None
        return colours[pair[0]] - colours[pair[1]]

    matrix, right = np.zeros((len(places), len(places))), np.zeros((len(places), 3))
    for index, (y, x) in enumerate(places):
        own = offsets[index]
        matrix[index, index] = screening
        right[index] = screening * colours[y + own[0], x + own[1]]
        for neighbour in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
            if not (0 <= neighbour[0] < hole.shape[0] and 0 <= neighbour[1] < hole.shape[1]):
                continue
            matrix[index, index] += 1
            differences = [copied_difference((y, x), neighbour, own)]
            if neighbour in number:
                matrix[index, number[neighbour]] = -1
                if tuple(offsets[number[neighbour]]) != tuple(own):
                    differences.append(copied_difference((y, x), neighbour, offsets[number[neighbour]]))
            else:
                right[index] += colours[neighbour]
            known = [difference for difference in differences if difference is not None]
            right[index] += np.mean(known, 0) if known else 0
    return np.linalg.solve(matrix, right)


@pytest.mark.parametrize("corner", [(20, 25), (0, 0), (37, 44)])
def test_runs_are_joined_as_the_dense_solution_of_the_equation_says(corner):
    shape = (50, 60)
    picture, hole = textured(*shape), square(shape, *corner, 13, 16)
    usable = ~hole
    usable[5, 30:] = usable[33, :20] = False
    sources = positions(find_sources(usable))
    chosen = sources[np.random.default_rng(1).integers(0, len(sources), 6)]
    middle = np.int32(corner) + 8

    def from_six_places(centres):
        quarter = 2 * (centres[:, 0] > middle[0]) + (centres[:, 1] > middle[1])
        return chosen[quarter]

    found = found_with(hole, from_six_places, seed=3)
    votes = ballot(found.field, found.weight, shape[1])
    chosen_offsets = strongest_offsets(votes, hole, box_of(hole))[0][hole[hole.any(1)][:, hole.any(0)]]
    moved = np.argwhere(hole) @ [shape[1], 1] + chosen_offsets
    offsets = np.stack(np.divmod(moved, shape[1]), 1) - np.argwhere(hole)
    expected = dense_solution(picture, hole, usable, offsets, SETTINGS.screening).clip(0, 1) * 255
    assert len(np.unique(offsets, axis=0)) > 4
    surface = join(found, picture, hole, usable, SOLVED, None)
    assert np.abs(surface.pixels[hole[hole.any(1)][:, hole.any(0)]] - expected).max() <= 0.75
    few = join(found, picture, hole, usable, SETTINGS, None)
    assert np.abs(few.pixels.astype(int) - surface.pixels).max() <= 4


@pytest.mark.parametrize(("stride", "corner"), [(1, (50, 60)), (2, (0, 0)), (4, (60, 79))])
def test_a_run_that_fits_its_surroundings_is_copied_exactly_and_all_patches_agree(stride, corner):
    truth = np.tile(textured(10, 11), (10, 11, 1))
    hole = square(truth.shape[:2], *corner, 33, 35)
    picture = np.where(hole[..., None], np.uint8(0), truth)
    offset = np.int32([-40 if corner[0] >= 40 else 40, -44 if corner[1] >= 50 else 44])
    surface = join(found_with(hole, lambda centres: centres + offset, stride), picture, hole, ~hole, SETTINGS, None)
    box = tuple(slice(start, start + size) for start, size in zip(corner, surface.agreement.shape, strict=True))
    assert np.array_equal(surface.pixels[hole[box]], truth[box][hole[box]])
    assert (surface.agreement[hole[box]] == 255).all()


def test_a_difference_of_brightness_is_spread_over_the_hole():
    left = np.full((60, 60, 3), 100, np.uint8)
    picture = np.concatenate([left, left + 60], 1)
    hole = square((60, 120), 20, 40, 20, 30)
    found = found_with(hole, lambda centres: np.where(centres[:, 1:] < 55, [[30, 20]], [[30, 100]]))
    row = join(found, picture, hole, ~hole, SOLVED, None).pixels[10, :, 0].astype(int)
    assert row[0] < 115 and row[-1] > 145
    assert (np.diff(row) >= -1).all()
    assert np.diff(row).max() < 40


def test_tiles_leave_no_seams(monkeypatch):
    picture, hole = textured(160, 170), square((160, 170), 30, 40, 90, 95)
    sources = positions(find_sources(~hole))
    chosen = sources[np.random.default_rng(0).integers(0, len(sources), 400)]
    found = found_with(hole, lambda centres: chosen[centres[:, 0] // 12 * 20 + centres[:, 1] // 12], seed=2)
    whole = join(found, picture, hole, ~hole, SOLVED, None)
    monkeypatch.setattr(joining, "_TILE", 37)
    tiled = join(found, picture, hole, ~hole, SOLVED, None)
    assert np.abs(whole.pixels.astype(int) - tiled.pixels).max() <= 12
    assert np.abs(whole.pixels.astype(int) - tiled.pixels).mean() < 0.2
    assert np.abs(whole.agreement.astype(int) - tiled.agreement).max() <= 1


@pytest.mark.parametrize("finest", [0, 1, 2, 3])
def test_offsets_found_at_a_coarse_level_become_exact_at_full_resolution(finest):
    period = 24
    truth = np.tile(textured(period, period), (14, 14, 1))[:331, :321]
    hole = square(truth.shape[:2], 100, 110, 121, 101)
    picture = np.where(hole[..., None], np.uint8(0), truth)
    coarse_hole = hole[(1 << finest) // 2 :: 1 << finest, (1 << finest) // 2 :: 1 << finest]
    shift = 72 >> finest  # to the right or left, a whole number of periods
    coarse = found_with(
        coarse_hole,
        lambda centres: centres + np.where(centres[:, 1:] << finest < 160, [[0, -shift]], [[0, shift]]),
        stride=2,
    )
    found = refined(coarse, picture, hole, ~hole, finest, None)
    surface = join(found, picture, hole, ~hole, SETTINGS, None)
    assert np.abs(surface.pixels - truth[100:221, 110:211].astype(int)).max() <= 1


def test_an_odd_offset_is_corrected_where_patches_reach_over_the_rim():
    truth = np.tile(textured(25, 25), (14, 14, 1))[:331, :321]
    hole = square(truth.shape[:2], 100, 130, 120, 60)
    picture = np.where(hole[..., None], np.uint8(0), truth)
    coarse = found_with(hole[::2, ::2], lambda centres: centres + np.int32([0, 37]))  # 74 at full resolution
    field = refined(coarse, picture, hole, ~hole, 1, None).field
    offsets = field.matches - field.targets.centres
    rim = ((field.targets.centres < (100, 130)) | (field.targets.centres >= (220, 190))).any(1)
    assert (offsets[rim] == [0, 75]).all(1).mean() > 0.9
    assert (np.abs(offsets - [0, 75]) <= 1).all()
