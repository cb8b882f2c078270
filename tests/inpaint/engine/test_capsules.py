"""Strokes as runs of capsules: the same bytes in NumPy, in the kernel, and drawn one segment at a time."""

import time

import numpy as np
import pytest

from inpaint.engine import capsules
from inpaint.engine.brush import MAX_POINTS, stroke_to_mask
from inpaint.engine.capsules import add_capsules, make_capsules
from inpaint.engine.regions import Box
from tests.inpaint.engine.capsule_by_capsule import drawn

PATHS = {
    "far apart": lambda rng: rng.uniform(-100, 300, (30, 2)),
    "close together": lambda rng: np.cumsum(rng.normal(0, 2, (300, 2)), axis=0) + 90,
    "whole pixels": lambda rng: rng.integers(-9, 200, (40, 2)).astype(float),
    "half pixels": lambda rng: rng.integers(0, 300, (40, 2)) / 2,
    "horizontal": lambda rng: np.stack([rng.uniform(0, 200, 9), np.full(9, 70.5)], axis=1),
    "vertical": lambda rng: np.stack([np.full(9, 70.5), rng.uniform(0, 200, 9)], axis=1),
    "repeated": lambda rng: np.full((5, 2), 60.25),
    "far outside": lambda rng: rng.uniform(-1e6, 1e6, (30, 2)),
}


def with_kernel(monkeypatch, is_used):
    monkeypatch.setattr(capsules, "are_worth_it", lambda numpy_s: is_used)


@pytest.mark.parametrize("is_compiled", [False, True])
@pytest.mark.parametrize("kind", PATHS)
def test_capsules_are_the_pixels_that_segments_drawn_one_by_one_paint(kind, is_compiled, monkeypatch):
    with_kernel(monkeypatch, is_compiled)
    monkeypatch.setattr(capsules, "_BLOCK", 100)
    rng = np.random.default_rng(len(kind))
    for radius in (0.5, 4.25, 30.0, 700.0):
        path, box = PATHS[kind](rng), Box(11, 5, 170, 140)
        steps = np.zeros((box.height, box.width + 1), np.int16)
        add_capsules(make_capsules(path[:-1], path[1:], radius, box), steps)
        assert np.array_equal(np.cumsum(steps, axis=1)[:, :-1] > 0, drawn(path, radius, box))


@pytest.mark.parametrize("is_compiled", [False, True])
def test_a_pixel_that_all_points_of_the_longest_stroke_paint_is_painted(is_compiled, monkeypatch):
    with_kernel(monkeypatch, is_compiled)
    _, painted = stroke_to_mask([[4, 4]] * MAX_POINTS, 6, (9, 9))
    assert painted[3, 3] and not painted[0, 0]


def test_the_longest_stroke_takes_a_small_part_of_the_time_of_its_segments_one_by_one():
    path = np.cumsum(np.random.default_rng(0).normal(0, 3, (MAX_POINTS, 2)), axis=0) + 2000
    before = time.process_time()
    box, painted = stroke_to_mask(path.tolist(), 3, (6000, 4000))
    taken = time.process_time() - before
    part = path[: MAX_POINTS // 20]
    before = time.process_time()
    drawn(part, 1.5, box)
    assert painted.any()
    assert taken < 20 * (time.process_time() - before) / 4
