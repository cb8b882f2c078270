"""Fills of thick holes: drafts first, final fills that cover them once, and known pixels that never change."""

import itertools

import numpy as np
import pytest

from inpaint.engine.filler import Filler
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box
from tests.inpaint.mean_generator import MeanGenerator
from tests.inpaint.synthesis.photos import textured
from tests.inpaint.synthesis.polls import CancelAt
from tests.pictures import random_rectangles


def filler(**options):
    """A filler that synthesises, with a generator whose fills are one colour."""
    return Filler(MeanGenerator(), **{"synthesis": True, **options})


def photo_of(mask):
    return Box(0, 0, mask.shape[1], mask.shape[0])


def drawn(fills, pixels, mask):
    """The photo with all fills drawn into it that are not drafts."""
    canvas = pixels.copy()
    for fill in fills:
        if not fill.draft:
            fill.draw(canvas, photo_of(mask))
    return canvas


def run(pixels, mask, within=None, options=None, **of_filler):
    return drawn(filler(**of_filler).fills(pixels, mask, within, options or FillOptions()), pixels, mask)


def disk(shape, row, column, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def masks(shape, seed):
    """Masks of all kinds: at borders and corners, with one known pixel, a known frame, a strip, an island, dust."""
    rng = np.random.default_rng(seed)
    height, width = shape
    yield random_rectangles(height, width, seed)
    one_known = np.ones(shape, bool)
    one_known[rng.integers(height), rng.integers(width)] = False
    yield one_known
    frame = np.zeros(shape, bool)
    frame[seed + 1 : -seed - 1, seed + 1 : -seed - 1] = True
    yield frame
    strip = np.zeros(shape, bool)
    strip[:, : max(1, width - 7 - seed)] = True
    yield strip
    yield disk(shape, rng.integers(height), rng.integers(width), rng.integers(1, max(2, max(shape) // 2)))
    island = np.ones(shape, bool)
    island[height // 2 - 4 : height // 2 + 4, width // 2 - 4 : width // 2 + 4] = False
    yield island
    yield rng.random(shape) < 0.97


def check(pixels, mask):
    """Fill, and check what holds for all photos and masks; return whether there were drafts."""
    before = pixels.copy(), mask.copy()
    final, drafts = np.zeros(mask.shape, int), np.zeros(mask.shape, int)
    ended = False
    canvas = pixels.copy()
    for fill in filler().fills(pixels, mask):
        if fill.ends_drafts:
            assert drafts.any() and not ended
            ended = True
            continue
        (drafts if fill.draft else final)[fill.box.slices] += fill.hole
        assert not (fill.draft and ended)
        assert fill.draft or not ended or (drafts[fill.box.slices][fill.hole] == 1).all()
        fill.draw(canvas, photo_of(mask))
    assert np.array_equal(final, mask.astype(int))
    assert ended == drafts.any()
    assert np.array_equal(canvas[~mask], before[0][~mask])
    assert np.array_equal(pixels, before[0]) and np.array_equal(mask, before[1])
    return ended


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 9), (6, 60), (7, 7), (8, 8), (20, 20), (29, 61), (64, 64), (40, 300), (129, 127)]
)
def test_final_fills_cover_each_hole_pixel_once_after_the_drafts_and_change_no_known_one(shape):
    height, width = shape
    stripes = np.repeat((np.mgrid[:height, :width][1] // 4 % 2 * 255).astype(np.uint8)[..., None], 3, 2)
    photos = textured(*shape), np.full((*shape, 3), 77, np.uint8), stripes
    thick = 0
    for seed, pixels in itertools.product(range(2), photos):
        for mask in masks(shape, seed):
            if mask.any() and not mask.all():
                thick += check(pixels, mask)
    assert (thick > 0) == (min(shape) > 16)


@pytest.mark.parametrize("shape", [(3000, 40), (40, 3000)])
def test_very_long_and_narrow_photos_are_filled(shape):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(side // 4, None) for side in shape)] = True
    assert check(textured(*shape), mask)


def test_cancelled_fills_end_at_that_poll_and_nothing_follows():
    pixels, mask = textured(200, 300), disk((200, 300), 100, 150, 40)
    mask[5:9, 20:280] = mask[180:185, 100:200] = True
    never = CancelAt()
    complete = list(filler().fills(pixels, mask, cancelled=never))
    assert never.polls > 10
    for number in [*range(1, 9), *range(9, never.polls, never.polls // 6), never.polls]:
        cancelled = CancelAt(number)
        fills = []
        for fill in filler().fills(pixels, mask, cancelled=cancelled):
            assert cancelled.polls < number
            fills.append(fill)
        assert cancelled.polls <= number + 5  # each region and the end of the drafts
        assert len(fills) < len(complete)
        assert [fill.box for fill in fills] == [fill.box for fill in complete[: len(fills)]]
