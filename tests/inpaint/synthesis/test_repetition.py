"""Whether surroundings repeat themselves."""

import numpy as np
import pytest

from inpaint.engine.surface import REPEATS
from inpaint.synthesis.repetition import repetition
from tests.inpaint.synthesis.photos import bricks, textured

SHAPE = 240, 300
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


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (7, 9), (1200, 30)])
def test_any_window_has_a_number(shape):
    picture, known = np.full((*shape, 3), 90, np.uint8), np.ones(shape, bool)
    box = slice(0, 1), slice(0, 1)
    assert repetition(picture, known, box) == 0
    assert repetition(picture, np.zeros(shape, bool), box) == 0
