"""Offsets at which a photo repeats itself: the period of a pattern, the direction of an edge, and bounded effort."""

import numpy as np
import pytest

from inpaint.synthesis import candidates
from inpaint.synthesis.candidates import find_structure
from inpaint.synthesis.pyramid import build_levels
from inpaint.synthesis.settings import SETTINGS
from tests.inpaint.synthesis.photos import textured


def level_of(photo, hole, number=0):
    """The level of a photo at a factor of 2**number."""
    return build_levels(photo, hole, ~hole, number, number + 1, SETTINGS)[0]


def square(shape, top, left, side):
    hole = np.zeros(shape, bool)
    hole[top : top + side, left : left + side] = True
    return hole


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("period", [(16, 24), (20, 12)])
def test_the_most_frequent_offsets_are_multiples_of_the_period_of_a_pattern(period, number):
    photo = np.tile(textured(*period), (10, 10, 1))[:170, :190]
    offsets = find_structure(level_of(photo, square((170, 190), 60, 70, 40), number)).offsets
    strongest = {tuple(offset) for offset in offsets[: 24 * 8]} - {(0, 0)}
    multiples = [offset for offset in strongest if not any(np.mod(offset, period))]
    assert len(multiples) >= 8
    assert len(multiples) > 0.7 * len(strongest)
    assert np.linalg.matrix_rank(multiples) == 2


@pytest.mark.parametrize("degrees", [0, 45, 90, 30, 110])
def test_offsets_follow_a_straight_edge_in_both_directions(degrees):
    rows, columns = np.mgrid[:160, :160] - 80
    angle = np.deg2rad(degrees)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    photo = np.repeat(np.where(across > 0, np.uint8(200), np.uint8(40))[..., None], 3, 2)
    offsets = find_structure(level_of(photo, square((160, 160), 60, 60, 40))).offsets
    along = offsets @ [np.sin(angle), np.cos(angle)]
    aside = np.abs(offsets @ [np.cos(angle), -np.sin(angle)])
    for sign in (1, -1):
        far = (along * sign > 40) & (along * sign < 80)
        assert (aside[far] < 3).sum() > 30


def test_a_photo_of_one_colour_has_no_edges_and_no_error():
    assert np.isfinite(
        find_structure(level_of(np.full((90, 90, 3), 7, np.uint8), square((90, 90), 30, 30, 30))).offsets
    ).all()


@pytest.mark.parametrize("known", [1, 8, 12])
def test_little_that_is_known_gives_no_offsets_or_finite_ones(known):
    hole = np.ones((90, 90), bool)
    hole[:known] = False
    offsets = find_structure(level_of(textured(90, 90), hole)).offsets
    assert offsets.shape[1] == 2 and np.isfinite(offsets).all()
    if known < 7:
        assert not len(offsets)


def test_a_long_hole_costs_no_more_than_a_compact_one(monkeypatch):
    counts = []
    parallel = candidates.parallel

    def counted(kernel, count, *arguments, **least):
        counts.append(count)
        parallel(kernel, count, *arguments, **least)

    monkeypatch.setattr(candidates, "parallel", counted)
    monkeypatch.setattr(candidates, "_MOST_TARGETS", 500)
    hole = np.eye(400, dtype=bool) | np.eye(400, k=1, dtype=bool) | np.eye(400, k=-1, dtype=bool)
    find_structure(level_of(textured(400, 400), hole))
    assert 300 < counts[0] < 1000
