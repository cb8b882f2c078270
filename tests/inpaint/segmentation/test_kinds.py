"""Kinds of damage by shape."""

import numpy as np
import pytest

from inpaint.segmentation.kinds import (
    AREAS,
    KINDS,
    LINES,
    SPECKS,
    area_thickness_px,
    check_kinds,
    chosen_kinds,
    split_kinds,
)

SHAPE = 300, 400
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]


def disc(row, column, radius):
    return np.hypot(ROWS - row, COLUMNS - column) <= radius


def straight(width, angle=0.3, length=150):
    along = (COLUMNS - 200) * np.cos(angle) + (ROWS - 150) * np.sin(angle)
    across = (ROWS - 150) * np.cos(angle) - (COLUMNS - 200) * np.sin(angle)
    return (np.abs(across) <= width / 2) & (np.abs(along) <= length / 2)


def kind_of(found):
    """The kind of all of it, or None if it has several."""
    kinds = [kind for kind, part in split_kinds(found).items() if part.any()]
    return kinds[0] if len(kinds) == 1 else None


@pytest.mark.parametrize("width", [1, 2, 4, 7])
@pytest.mark.parametrize("angle", [0, 0.4, np.pi / 2])
def test_a_scratch_is_a_line_at_any_angle(width, angle):
    assert kind_of(straight(width, angle)) == LINES


def test_a_curled_hair_is_a_line():
    radius = np.hypot(ROWS - 150, COLUMNS - 200)
    assert kind_of((np.abs(radius - 40) < 1) & (COLUMNS < 230)) == LINES


@pytest.mark.parametrize("radius", [0, 1, 2, 2.5, 3, 3.5])
def test_a_grain_of_dust_is_a_speck(radius):
    assert kind_of(disc(90, 100, radius)) == SPECKS


@pytest.mark.parametrize("radius", [6, 20, 80])
def test_a_stain_is_an_area_to_its_last_pixel(radius):
    assert kind_of(disc(150, 200, radius)) == AREAS


def test_the_corners_of_a_lost_rectangle_belong_to_it():
    found = np.zeros(SHAPE, bool)
    found[100:160, 50:130] = True
    assert kind_of(found) == AREAS


def test_a_torn_off_corner_of_the_photo_is_an_area():
    assert kind_of(ROWS + COLUMNS < 24) == AREAS


def test_a_crack_that_ends_in_a_stain_is_a_line_and_the_stain_an_area():
    parts = split_kinds(disc(150, 130, 30) | straight(2))
    assert parts[AREAS][150, 130] and not parts[LINES][150, 130]
    end = straight(2) & ~disc(150, 130, 34)
    assert parts[LINES][end].all() and not parts[AREAS][end].any()


def test_each_pixel_has_one_kind():
    rng = np.random.default_rng(0)
    found = rng.random(SHAPE) < 0.01
    for _ in range(12):
        found |= disc(rng.uniform(0, 300), rng.uniform(0, 400), rng.uniform(1, 25))
    parts = split_kinds(found | straight(3))
    assert np.array_equal(sum(part.astype(int) for part in parts.values()), (found | straight(3)).astype(int))


def test_what_counts_as_an_area_depends_on_the_size_of_the_photo():
    assert area_thickness_px((256, 200)) == 8 < area_thickness_px((1500, 2000)) < area_thickness_px((4000, 6000)) == 48


def test_kinds_can_be_chosen():
    found = disc(60, 60, 2) | disc(250, 100, 20) | straight(2)
    assert np.array_equal(chosen_kinds(found, KINDS), found)
    assert np.array_equal(chosen_kinds(found, "specks"), disc(60, 60, 2))
    assert not chosen_kinds(found, {"lines", "specks"})[250, 100]


@pytest.mark.parametrize(
    ("kinds", "message"), [((), "no kind"), ("dust", "'dust'.*lines, specks, areas"), ([3], "'3'")]
)
def test_unknown_kinds_are_refused(kinds, message):
    with pytest.raises(ValueError, match=message):
        check_kinds(kinds)
