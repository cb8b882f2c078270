"""Whether surroundings repeat themselves."""

import tracemalloc

import numpy as np
import pytest

from inpaint.engine.surface import REPEATS
from inpaint.synthesis.repetition import repetition
from tests.inpaint.synthesis.photos import bricks, textured

SHAPE = 240, 300
SKIN = 210, 160, 135
BOX = slice(90, 150), slice(110, 180)


def usable():
    known = np.ones(SHAPE, bool)
    known[BOX] = False
    return known


def test_a_wall_of_bricks_repeats_itself():
    assert repetition(bricks(SHAPE), usable(), BOX) > REPEATS + 0.2


def test_noise_does_not():
    assert repetition(textured(*SHAPE), usable(), BOX) < REPEATS - 0.2


def test_what_is_not_known_does_not_count():
    noise = np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)
    known = usable()
    known[:, :60] = False
    photos = [np.where(known[..., None], bricks(SHAPE), other) for other in (noise, np.uint8(0))]
    assert repetition(photos[0], known, BOX) == repetition(photos[1], known, BOX)


def test_the_brightness_and_the_contrast_of_a_pattern_do_not_matter():
    faint = (bricks(SHAPE) // 4 + 150).astype(np.uint8)
    assert repetition(faint, usable(), BOX) == pytest.approx(repetition(bricks(SHAPE), usable(), BOX), abs=0.1)


@pytest.mark.parametrize("degrees", [0, 20, 45, 70, 90])
@pytest.mark.parametrize("noise", [0, 2])
def test_a_straight_edge_repeats_itself_in_one_direction_only(degrees, noise):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    angle = np.deg2rad(degrees)
    is_dark = (columns - 130) * np.sin(angle) > (rows - 100) * np.cos(angle)
    picture = np.where(is_dark[..., None], [120, 80, 60], SKIN) + np.random.default_rng(0).normal(0, noise, (*SHAPE, 3))
    assert repetition(picture.astype(np.uint8), usable(), BOX) < REPEATS - 0.2


@pytest.mark.parametrize("noise", [0, 2])
@pytest.mark.parametrize("shape", ["corner", "corner at 45 degrees", "cross", "bars"])
def test_neither_do_several_edges(shape, noise):
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    is_dark = {
        "corner": (rows < 60) | (columns < 70),
        "corner at 45 degrees": (rows + columns < 150) | (columns - rows > 170),
        "cross": (abs(rows - 60) < 6) | (abs(columns - 60) < 6),
        "bars": (abs(columns - 60) < 6) | (abs(columns - 240) < 6),
    }[shape]
    picture = np.where(is_dark[..., None], [120, 80, 60], SKIN) + np.random.default_rng(0).normal(0, noise, (*SHAPE, 3))
    assert repetition(picture.astype(np.uint8), usable(), BOX) < REPEATS - 0.1


@pytest.mark.parametrize("slope", [0, 0.05, 0.1])
@pytest.mark.parametrize("colour", [SKIN, (200, 150, 120), (230, 190, 170), (90, 90, 90)])
def test_the_steps_of_a_smooth_gradient_are_no_pattern(colour, slope):
    shading = np.add.outer(np.arange(SHAPE[0]), np.arange(SHAPE[1])) * slope
    picture = (np.array(colour) + shading[..., None]).clip(0, 255).astype(np.uint8)
    assert repetition(picture, usable(), BOX) == 0


@pytest.mark.parametrize("columns", [[80], [80, 220]], ids=["one", "two"])
def test_spots_on_plain_skin_do_not_repeat_themselves(columns):
    picture = np.full((*SHAPE, 3), SKIN, np.uint8)
    for column in columns:
        picture[np.hypot(*(np.mgrid[: SHAPE[0], : SHAPE[1]] - np.array([50, column])[:, None, None])) < 10] = 40
    assert 0 <= repetition(picture, usable(), BOX) < REPEATS - 0.1


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (2, 700), (700, 2), (24, 4200), (4200, 24), (300, 300)])
def test_any_window_has_a_number(shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    box, known = (slice(0, shape[0]), slice(shape[1] // 4, shape[1] // 2 + 1)), np.ones(shape, bool)
    known[box] = False
    assert 0 <= repetition(noise, known, box) < REPEATS
    assert repetition(np.full_like(noise, 90), known, box) == 0
    assert repetition(noise, np.zeros(shape, bool), box) == 0


def test_a_large_window_takes_little_memory():
    noise, known = np.zeros((3000, 3000, 3), np.uint8), np.ones((3000, 3000), bool)
    tracemalloc.start()
    repetition(noise, known, (slice(500, 2500), slice(500, 2500)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * noise.nbytes
