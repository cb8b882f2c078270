"""Straight lines that cross a hole: their directions, and their continuation from both sides."""

import numpy as np
import pytest

from inpaint.synthesis import lines
from inpaint.synthesis.lines import continued_along, edge_directions, offsets_along
from inpaint.synthesis.pyramid import as_floats, build_levels, diffused
from inpaint.synthesis.settings import SETTINGS

SHAPE = 90, 100


def across(degrees, shape=SHAPE):
    """The distance of each pixel to a line through the middle, in pixels."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    angle = np.deg2rad(degrees)
    return (rows - shape[0] / 2) * np.cos(angle) - (columns - shape[1] / 2) * np.sin(angle)


def stripe(degrees, width=7, background=200, colour=40):
    """A straight stripe on a plain background, uint8 (H, W, 3)."""
    inside = np.clip(width / 2 + 0.5 - np.abs(across(degrees)), 0, 1)[..., None]
    return np.rint(background + inside * (np.array(colour) - background) + np.zeros(3)).astype(np.uint8)


def disk(radius, row=45, column=50):
    rows, columns = np.ogrid[: SHAPE[0], : SHAPE[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def level_of(photo, hole):
    """The photo as a level, with grey in the hole, and what is carried into the hole from all sides."""
    level = build_levels(np.where(hole[..., None], np.uint8(128), photo), hole, ~hole, 0, 0, SETTINGS)[0]
    return level, diffused(as_floats(level.features), (~hole).astype(np.float32))


def continued(photo, hole, degrees):
    """Colours in levels after lines of a direction are continued; None if there are none."""
    level, carried = level_of(photo, hole)
    features = continued_along(level, np.deg2rad(degrees), carried)
    return None if features is None else features[..., :3] * 255


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 135, 179])
def test_the_direction_of_a_stripe_is_found_within_a_degree(degrees):
    level, _ = level_of(stripe(degrees), disk(15))
    found = np.rad2deg(edge_directions(level, level.usable & ~disk(20)))
    assert np.abs((found[0] - degrees + 90) % 180 - 90) <= 1.5


def test_a_photo_of_one_colour_has_no_directions():
    level, _ = level_of(np.full((*SHAPE, 3), 128, np.uint8), disk(15))
    assert len(edge_directions(level, level.usable)) == 0


def test_offsets_along_directions_have_all_lengths_and_both_signs():
    offsets = offsets_along(np.deg2rad([0, 90, 30]), 4, 9)
    assert len(offsets) == 3 * 2 * 5
    assert {(0, 4), (0, -8), (5, 0), (-6, 0)} <= {tuple(offset) for offset in np.rint(offsets).astype(int).tolist()}
    assert sorted(np.unique(np.hypot(*offsets.T).round(6))) == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("degrees", [0, 90, 45, 20, 115])
def test_a_stripe_is_continued_straight_through_the_hole(degrees):
    photo, hole = stripe(degrees), disk(22)
    result = continued(photo, hole, degrees)
    assert np.array_equal(result[~hole], as_floats(level_of(photo, hole)[0].features)[..., :3][~hole] * 255)
    assert np.abs(result[hole & (np.abs(across(degrees)) < 2)] - 40).max() < 12
    assert np.abs(result[hole & (np.abs(across(degrees)) > 6)] - 200).max() < 12


def test_both_ends_of_a_line_are_interpolated():
    photo = stripe(0)
    photo[:, 60:] += 12
    values = continued(photo, disk(22), 0)[45, 30:70, 0]
    assert (np.diff(values) >= -1e-3).all()
    assert values[0] < 44 and values[-1] > 48


def test_a_line_that_ends_in_the_hole_is_not_continued():
    photo, hole = stripe(0), disk(22)
    photo[:, 50:] = 200
    continuation = continued(photo, hole, 0)
    _, carried = level_of(photo, hole)
    row = (45, slice(None))
    assert np.array_equal(continuation[row], carried[row][:, :3] * 255)


def test_a_line_at_whose_other_end_the_photo_ends_is_not_continued():
    assert continued(stripe(0), np.broadcast_to(np.arange(100) >= 60, SHAPE).copy(), 0) is None


@pytest.mark.parametrize("degrees", [0, 45])
def test_a_photo_without_lines_is_not_changed(degrees):
    assert continued(np.full((*SHAPE, 3), 200, np.uint8), disk(22), degrees) is None


def test_other_holes_are_no_ends_of_lines():
    photo, hole = stripe(0), disk(15)
    level, carried = level_of(photo, hole)
    usable = level.usable.copy()
    usable[:, 30:72] = False  # up to here the network's fill
    features = continued_along(level._replace(usable=usable), 0, carried)
    assert np.abs(features[45, 35:65, 0] * 255 - 40).max() < 5


def test_very_long_holes_have_no_lines(monkeypatch):
    monkeypatch.setattr(lines, "_MOST_STEPS", 1000)
    assert continued(stripe(0), disk(22), 0) is None
