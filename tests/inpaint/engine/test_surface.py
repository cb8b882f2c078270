"""The surface of a thick part: plain colours, mixing with the network's fill, and what it never copies."""

import threading
import time

import numpy as np
import pytest
from scipy import ndimage

from inpaint.engine import surface as module
from inpaint.engine.fills import Fill
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box, Part, bounding_part, find_regions
from inpaint.engine.surface import synthesised_fill, synthesised_fills
from tests.inpaint.synthesis.photos import bricks, textured
from tests.inpaint.synthesis.polls import CancelAt


def disk(shape, row, column, radius):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def final_fill(photo, part_hole, mask=None, network=None, options=None, cancelled=None):
    """The final fill of a hole, given the network's fill as a picture; the mask may have other holes."""
    part = bounding_part(0, 0, part_hole)
    network = np.full_like(photo, 120) if network is None else network
    drafts = [Fill(part.box.left, part.box.top, network[part.box.slices], part.hole).pack()]
    mask = part_hole if mask is None else mask
    return synthesised_fill(part, photo, mask, drafts, options or FillOptions(), cancelled)


def pixels_of(fill):
    return fill.pixels[fill.hole].astype(int)


@pytest.mark.parametrize("value", [0, 200, 255])
def test_a_hole_in_one_colour_gets_exactly_it_whatever_the_network_says_and_lies_behind(value):
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    bubble = disk(hole.shape, 100, 110, 60)
    photo[bubble] = value
    photo[disk(hole.shape, 100, 110, 64) & ~bubble] = 0  # its outline
    photo[hole] = 77
    assert (pixels_of(final_fill(photo, hole)) == value).all()


def test_a_colour_that_differs_by_one_level_around_the_hole_is_one_colour():
    photo, hole = np.full((200, 220, 3), 180, np.uint8), disk((200, 220), 100, 110, 40)
    photo[::2, :, 1] += 1
    pixels = pixels_of(final_fill(photo, hole))
    assert len(np.unique(pixels, axis=0)) == 1
    assert set(np.unique(pixels)) <= {180, 181}


def test_a_hole_that_cuts_the_outline_is_not_filled_with_one_colour():
    photo, hole = np.full((200, 220, 3), 255, np.uint8), disk((200, 220), 100, 110, 40)
    photo[98:103] = 0
    pixels = pixels_of(final_fill(photo, hole))
    assert (pixels < 60).all(1).sum() > 200
    assert (pixels > 200).all(1).sum() > 3000


def test_known_pixels_that_are_all_unusable_leave_the_networks_fill():
    photo, hole = textured(60, 60), np.zeros((60, 60), bool)
    hole[2:-2, 2:-2] = True  # a frame narrower than a patch
    network = textured(60, 60, seed=1)
    assert np.array_equal(pixels_of(final_fill(photo, hole, network=network)), network[hole])


def test_nothing_but_the_fill_is_changed():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    before = photo.copy(), hole.copy()
    fill = final_fill(photo, hole)
    assert np.array_equal(photo, before[0]) and np.array_equal(hole, before[1])
    assert not fill.draft
    assert fill.box == Box(70, 60, 151, 141)
    assert np.array_equal(fill.hole, hole[fill.box.slices])


def test_pixels_under_the_mask_do_not_matter():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    first = pixels_of(final_fill(photo, hole))
    photo[hole] = 255
    assert np.array_equal(pixels_of(final_fill(photo, hole)), first)


def test_a_strength_between_0_and_1_mixes_the_networks_fill_and_the_surface_linearly():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    network = np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)
    full = pixels_of(final_fill(photo, hole, network=network))
    for strength in (0.01, 0.3, 0.75):
        mixed = pixels_of(final_fill(photo, hole, network=network, options=FillOptions(0, strength)))
        expected = (1 - strength) * network[hole] + strength * full
        assert np.abs(mixed - expected).max() <= 1.01


def test_other_seeds_give_other_surfaces_and_the_same_seed_the_same():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    surfaces = [pixels_of(final_fill(photo, hole, options=FillOptions(seed))).tobytes() for seed in (0, 1, 2, 0)]
    assert len(set(surfaces)) == 3
    assert surfaces[0] == surfaces[3]


def test_other_holes_are_not_copied():
    photo = np.repeat(textured(200, 220)[..., :1] // 4 + np.uint8(90), 3, 2)
    hole = disk((200, 220), 100, 110, 30)
    others = np.zeros_like(hole)
    others[::20, :80] = others[:, 150:190:15] = others[20:60] = others[150:180] = True
    others &= ~disk((200, 220), 100, 110, 34)
    photo[others] = 255, 0, 255
    pixels = pixels_of(final_fill(photo, hole, hole | others))
    assert (np.ptp(pixels, axis=1) == 0).all()


def test_a_hole_at_the_corner_of_the_photo_is_filled():
    photo = textured(150, 160)
    for hole in (disk((150, 160), 0, 0, 60), disk((150, 160), 149, 159, 60), disk((150, 160), 0, 80, 70)):
        pixels = pixels_of(final_fill(photo, hole))
        assert 0.5 < pixels.std() / photo.std() < 1.3


def test_a_cancelled_surface_is_none():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    for number in (1, 5, 20):
        assert final_fill(photo, hole, cancelled=CancelAt(number)) is None
    assert final_fill(photo, hole, cancelled=CancelAt()) is not None


def test_only_the_part_is_filled_and_other_holes_in_its_box_are_left():
    photo, hole = textured(200, 220), disk((200, 220), 100, 110, 40)
    thin = np.zeros_like(hole)
    thin[98:102, 20:200] = True
    fill = final_fill(photo, hole & ~thin, hole | thin)
    assert np.array_equal(fill.hole, (hole & ~thin)[fill.box.slices])


def test_a_part_need_not_touch_what_is_known():
    photo, mask = textured(200, 220), disk((200, 220), 100, 110, 40)
    core = disk((200, 220), 100, 110, 20)
    drafts = [Fill(0, 0, np.full_like(photo, 120), mask).pack()]
    part = Part(*bounding_part(0, 0, core))
    assert pixels_of(synthesised_fill(part, photo, mask, drafts, FillOptions(), None)).shape == (core.sum(), 3)


def plain_fill(part):
    return Fill(part.box.left, part.box.top, np.full((*part.hole.shape, 3), 120, np.uint8), part.hole)


def several():
    """A photo, a mask with four holes, of which the second in order is the largest, and their parts and drafts."""
    photo, mask = textured(260, 900), np.zeros((260, 900), bool)
    for column, radius in ((60, 20), (300, 60), (560, 24), (780, 28)):
        mask |= disk(mask.shape, 130, column, radius)
    parts = sorted(find_regions(mask), key=lambda part: part.box.left)
    drafts = [plain_fill(part).pack() for part in parts]
    return photo, mask, parts, drafts


@pytest.mark.parametrize("small_px", [0, 5000, 1 << 15])
def test_several_surfaces_are_the_same_and_in_order_with_any_number_of_threads(monkeypatch, small_px):
    photo, mask, parts, drafts = several()
    monkeypatch.setattr(module, "SMALL_PX", small_px)
    expected = [synthesised_fill(part, photo, mask, drafts, FillOptions(), None) for part in parts]
    for number in (1, 2, 4):
        monkeypatch.setattr(module, "threads", lambda number=number: number)
        fills = list(synthesised_fills(parts, photo, mask, drafts, FillOptions(), None))
        assert [fill.box for fill in fills] == [part.box for part in parts]
        assert all(np.array_equal(fill.pixels, one.pixels) for fill, one in zip(fills, expected, strict=True))


def test_a_large_hole_is_synthesised_alone_and_small_ones_together(monkeypatch):
    photo, mask, parts, drafts = several()
    running, seen, both = [], [], threading.Barrier(2)

    def slow(part, *arguments):
        running.append(part.box)
        if part.box in (parts[2].box, parts[3].box):
            both.wait(20)
        time.sleep(0.02)
        seen.append((part.box, len(running)))
        running.remove(part.box)
        return plain_fill(part)

    monkeypatch.setattr(module, "SMALL_PX", 5000)
    monkeypatch.setattr(module, "threads", lambda: 4)
    monkeypatch.setattr(module, "synthesised_fill", slow)
    assert len(list(synthesised_fills(parts, photo, mask, drafts, FillOptions(), None))) == len(parts)
    assert [box for box, _ in seen][:2] == [parts[0].box, parts[1].box]
    assert dict(seen)[parts[1].box] == 1


def test_surfaces_that_are_ready_are_not_returned_once_they_are_cancelled(monkeypatch):
    photo, mask, parts, drafts = several()
    cancelled = threading.Event()
    monkeypatch.setattr(module, "threads", lambda: 4)
    fills = synthesised_fills(parts, photo, mask, drafts, FillOptions(), cancelled.is_set)
    assert next(fills).box == parts[0].box
    time.sleep(0.2)  # in which others may become ready
    cancelled.set()
    assert list(fills) == []


def test_bricks_of_the_colour_of_skin_are_continued_as_bricks():
    truth = bricks((240, 300))
    hole = disk(truth.shape[:2], 118, 150, 36)
    photo, blurred = truth.copy(), ndimage.gaussian_filter(truth, (12, 12, 0))
    photo[hole] = 0
    fill = final_fill(photo, hole, network=blurred)
    errors = np.abs(pixels_of(fill) - truth[fill.box.slices][fill.hole]).max(1)
    assert np.mean(errors > 50) < 0.03
