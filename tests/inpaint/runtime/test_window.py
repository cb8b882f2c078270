"""Windows hold every hole with its surroundings, in few sizes."""

import itertools

import numpy as np

from inpaint.runtime.free_form_graph import CELL_PX, REACH_PX
from inpaint.runtime.window import STEP_CELLS, window_of


def mask_of(height, width, *boxes):
    mask = np.zeros((max(1, len(boxes)), 1, height, width), np.float32)
    for index, (top, left, bottom, right) in enumerate(boxes):
        mask[index, 0, top:bottom, left:right] = 1
    return mask


def test_a_window_holds_the_hole_and_its_reach_unless_the_picture_ends():
    rng = np.random.default_rng(0)
    for height, width in ((16, 16), (48, 112), (512, 256)):
        for _ in range(100):
            top, bottom = sorted(rng.choice(height + 1, 2, replace=False))
            left, right = sorted(rng.choice(width + 1, 2, replace=False))
            window = window_of(mask_of(height, width, (top, left, bottom, right)))
            rows, columns = window.slices
            assert 0 <= rows.start <= max(0, top - REACH_PX) and min(height, bottom + REACH_PX) <= rows.stop <= height
            assert 0 <= columns.start <= max(0, left - REACH_PX)
            assert min(width, right + REACH_PX) <= columns.stop <= width


def test_a_window_holds_the_holes_of_all_pictures_of_a_batch():
    window = window_of(mask_of(512, 512, (100, 100, 110, 110), (300, 120, 320, 130)))
    assert window.slices[0].start <= 100 - REACH_PX and window.slices[0].stop >= 320 + REACH_PX


def test_windows_have_few_sizes_and_are_small_for_small_holes():
    sizes = set()
    for top, height in itertools.product(range(0, 256, 5), range(1, 256, 25)):
        window = window_of(mask_of(256, 256, (top, 0, min(256, top + height), 256)))
        sizes.add(window.bottom - window.top)
    assert sizes == set(range(STEP_CELLS, 256 // CELL_PX + 1, STEP_CELLS))
    small = window_of(mask_of(512, 512, (250, 250, 260, 260)))
    assert (small.bottom - small.top, small.right - small.left) == (STEP_CELLS, STEP_CELLS)


def test_without_a_hole_there_is_a_small_window_in_the_picture():
    assert window_of(mask_of(512, 512)) == (0, 0, STEP_CELLS, STEP_CELLS)
    assert window_of(mask_of(16, 32)) == (0, 0, 1, 2)
