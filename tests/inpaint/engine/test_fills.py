"""Fills: packing, drawing, and the content of crops."""

import numpy as np
import pytest

from inpaint.engine.fills import (
    DRAFTS_END,
    Fill,
    draw_patches,
    read_crop,
    reflect_indices,
    without_drafts,
)
from inpaint.engine.regions import Box, Part
from tests.pictures import picture, random_rectangles


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_reflection_agrees_with_numpy_for_any_overhang(size):
    line = np.arange(size)
    expected = np.pad(line, 23, mode="reflect") if size > 1 else np.zeros(47, int)
    assert np.array_equal(line[reflect_indices(-23, size + 23, size)], expected)


@pytest.mark.parametrize("seed", range(3))
def test_a_packed_fill_draws_what_the_fill_draws(seed):
    hole = random_rectangles(40, 60, seed)
    fill = Fill(25, -10, np.asarray(picture("RGB", (60, 40), seed)), hole)
    canvases = [np.zeros((50, 70, 3), np.uint8) for _ in range(2)]
    holes = [np.ones((50, 70), bool) for _ in range(2)]
    for drawn, canvas, left in zip((fill, fill.pack()), canvases, holes, strict=True):
        drawn.draw(canvas, Box(0, 0, 70, 50), left)
    assert np.array_equal(canvases[0], canvases[1]) and np.array_equal(holes[0], holes[1])
    assert np.array_equal(canvases[0][0:30, 25:70][hole[10:40, 0:45]], fill.pixels[10:40, 0:45][hole[10:40, 0:45]])
    assert (~holes[0]).sum() == hole[10:40, 0:45].sum()


def test_a_crop_counts_fills_of_its_scale_as_known_and_coarse_fills_as_holes():
    pixels, mask = np.full((40, 60, 3), 9, np.uint8), np.zeros((40, 60), bool)
    mask[10:20, 10:40] = True
    block = np.ones((10, 10), bool)
    coarse = Fill(10, 10, np.full((10, 10, 3), 100, np.uint8), block).pack()
    known = Fill(20, 10, np.full((10, 10, 3), 200, np.uint8), block).pack()
    content = read_crop(Box(0, 0, 60, 40), pixels, mask, [coarse], [known])
    expected_hole, expected_blank = mask.copy(), mask.copy()
    expected_hole[10:20, 20:30] = expected_blank[10:20, 10:30] = False
    assert np.array_equal(content.hole, expected_hole) and np.array_equal(content.blank, expected_blank)
    assert content.pixels[15, 15, 0] == 100 and content.pixels[15, 25, 0] == 200 and pixels[15, 15, 0] == 9


def test_a_crop_beyond_the_photo_is_reflected():
    pixels, mask = np.asarray(picture("RGB", (60, 40))), random_rectangles(40, 60, 1)
    content = read_crop(Box(-7, -5, 70, 50), pixels, mask, [], [])
    around = ((5, 10), (7, 10))
    assert np.array_equal(content.pixels, np.pad(pixels, (*around, (0, 0)), mode="reflect"))
    assert np.array_equal(content.hole, np.pad(mask, around, mode="reflect"))


def test_patches_hold_all_fills_even_if_their_boxes_overlap():
    photo, mask = np.asarray(picture("RGB", (60, 40))), np.zeros((40, 60), bool)
    mask[5:30, 5:8] = mask[27:30, 5:50] = mask[10:14, 20:40] = True  # an L around another hole
    corner = mask.copy()
    corner[10:14, 20:40] = False
    fills = [
        Fill(5, 5, np.full((25, 45, 3), 1, np.uint8), corner[5:30, 5:50]),
        Fill(20, 10, np.full((4, 20, 3), 2, np.uint8), np.ones((4, 20), bool)),
    ]
    expected = np.where(corner[..., None], 1, np.where(mask[..., None], 2, photo)).astype(np.uint8)
    drawn = photo.copy()
    for left, top, pixels in draw_patches(fills, photo):
        drawn[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    assert np.array_equal(drawn, expected)


def drawn(fills, photo):
    canvas = photo.copy()
    for fill in fills:
        fill.draw(canvas, Box(0, 0, photo.shape[1], photo.shape[0]))
    return canvas


def test_drafts_leave_no_trace_in_the_result():
    photo, hole = np.zeros((40, 60, 3), np.uint8), np.ones((10, 10), bool)
    draft = Fill(5, 5, np.full((10, 10, 3), 1, np.uint8), hole, draft=True)
    thin = Fill(40, 5, np.full((10, 10, 3), 2, np.uint8), hole)
    final = Fill(5, 5, np.full((10, 10, 3), 3, np.uint8), hole)
    fills = [draft, thin, DRAFTS_END, final]
    assert [fill.ends_drafts for fill in fills] == [False, False, True, False]
    assert list(without_drafts(fills)) == [thin, final]
    assert np.array_equal(drawn(fills, photo), drawn([thin, final], photo))


@pytest.mark.parametrize("shift", [(0, 0), (-3, 2), (4, 5), (30, 0)])
def test_a_fill_is_split_into_a_draft_inside_a_part_and_the_rest_outside(shift):
    rng = np.random.default_rng(0)
    fill = Fill(10, 20, rng.integers(0, 256, (8, 9, 3), np.uint8), rng.random((8, 9)) < 0.7)
    left, top = 10 + shift[0], 20 + shift[1]
    part = Part(Box(left, top, left + 9, top + 8), rng.random((8, 9)) < 0.5)
    in_part = np.zeros((80, 80), bool)
    in_part[part.box.slices] = part.hole
    covered = np.zeros((80, 80), int)
    for piece in fill.split(part):
        assert piece.hole.any() and piece.box == fill.box
        assert np.array_equal(piece.pixels, fill.pixels)
        assert (in_part[piece.box.slices][piece.hole] == piece.draft).all()
        covered[piece.box.slices] += piece.hole
    expected = np.zeros((80, 80), int)
    expected[fill.box.slices] = fill.hole
    assert np.array_equal(covered, expected)
