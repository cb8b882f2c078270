"""What surrounds a hole: which pixels count, one plain colour, and skin."""

import numpy as np
import pytest

from inpaint.engine.surroundings import PLAIN_LEVELS, RING_PX, places_around, plain_colour, shows_skin

# sRGB colours of skin from light to dark, as photographed
SKIN = [(241, 194, 165), (224, 172, 136), (198, 134, 98), (141, 85, 60), (96, 58, 42)]
NOT_SKIN = {"grass": (90, 130, 60), "sky": (130, 170, 220), "sand": (170, 158, 138), "grey": (128, 128, 128)}


def test_the_pixels_around_a_hole_are_the_known_ones_within_the_ring():
    hole, usable = np.zeros((60, 60), bool), np.ones((60, 60), bool)
    hole[20:30, 25:40] = usable[20:30, 25:40] = True
    usable[hole] = usable[:15] = False  # the hole itself, and another one above it
    places = places_around(hole, usable, (slice(20, 30), slice(25, 40)))
    expected = {
        (row, column)
        for row in range(15, 30 + RING_PX)
        for column in range(25 - RING_PX, 40 + RING_PX)
        if not hole[row, column]
    }
    assert set(map(tuple, places.tolist())) == expected
    assert len(places) == len(expected)


def test_at_the_edge_of_the_picture_the_ring_is_cut_off():
    hole = np.zeros((12, 9), bool)
    hole[:3, :2] = True
    assert len(places_around(hole, ~hole, (slice(0, 3), slice(0, 2)))) == 11 * 9 - 6


@pytest.mark.parametrize(("spread", "plain"), [(0, True), (PLAIN_LEVELS, True), (PLAIN_LEVELS + 1, False)])
def test_surroundings_are_plain_if_their_levels_hardly_differ(spread, plain):
    colours = np.full((40, 3), (255 - spread, 120, 3), np.uint8)
    colours[::4, 0] = 255
    colour = plain_colour(colours)
    assert (colour is not None) == plain
    if plain:
        assert np.abs(colour.astype(int) - colours[1]).max() <= PLAIN_LEVELS


def test_no_surroundings_are_neither_plain_nor_skin():
    nothing = np.zeros((0, 3), np.uint8)
    assert plain_colour(nothing) is None
    assert not shows_skin(nothing)


@pytest.mark.parametrize("colour", SKIN, ids=str)
def test_light_and_dark_skin_is_skin(colour):
    noise = np.random.default_rng(0).integers(-4, 5, (200, 1))
    assert shows_skin((np.array(colour) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("colour", NOT_SKIN.values(), ids=NOT_SKIN.keys())
def test_other_surfaces_are_not_skin(colour):
    assert not shows_skin(np.full((200, 3), colour, np.uint8))


def test_surroundings_that_are_half_skin_do_not_count_as_skin():
    assert not shows_skin(np.array([SKIN[0], NOT_SKIN["sky"]] * 50, np.uint8))
