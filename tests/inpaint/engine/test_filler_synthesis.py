"""Fills of thick holes: drafts first, final fills that cover them once, and known pixels that never change."""

import itertools

import numpy as np
import pytest

from inpaint.engine.filler import Filler
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.inpaint.mean_generator import MeanGenerator, in_pytorch
from tests.inpaint.synthesis.photos import textured
from tests.inpaint.synthesis.polls import CancelAt
from tests.pictures import random_rectangles


def filler(**options):
    """A filler that synthesises, with a generator whose fills are one colour."""
    return Filler(in_pytorch(MeanGenerator()), **{"synthesis": True, **options})


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


def free_form_filler(**options):
    """A filler with an untrained free-form generator, whose prediction is the initial fill."""
    return Filler(in_pytorch(build_generator(FreeFormConfig())), **options)


def thin_mask(shape):
    """Scratches of up to 15 px at several angles, a thin ring and dust, none of which is thick."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    mask = np.zeros(shape, bool)
    mask[20:35, 10:-10] = mask[60:, 30:42] = mask[120:123, 20:] = True
    mask |= (np.abs((rows - 220) - (columns - 300) / 3) < 6) & (columns > 100)
    ring = np.hypot(rows - 350, columns - 150)
    mask |= (ring > 30) & (ring < 42)
    return mask | (np.random.default_rng(0).random(shape) < 0.001)


def test_thin_holes_are_bit_for_bit_what_they_are_without_synthesis():
    photo, mask = textured(450, 600), thin_mask((450, 600))
    with_synthesis, without = (list(free_form_filler(synthesis=s).fills(photo, mask)) for s in (True, False))
    assert not any(fill.draft for fill in with_synthesis)
    assert len(with_synthesis) == len(without) > 1
    for fill, other in zip(with_synthesis, without, strict=True):
        assert fill.box == other.box
        assert np.array_equal(fill.hole, other.hole) and np.array_equal(fill.pixels, other.pixels)


def test_thin_holes_far_from_a_thick_one_are_bit_for_bit_what_they_are_without_synthesis():
    photo, thin = textured(450, 600), thin_mask((450, 600))
    thin[:, 350:] = False
    thick = disk(thin.shape, 300, 480, 50)
    filled = [drawn(free_form_filler(synthesis=s).fills(photo, thin | thick), photo, thin) for s in (True, False)]
    assert np.array_equal(filled[0][thin], filled[1][thin])
    assert not np.array_equal(filled[0][thick], filled[1][thick])


def test_the_thin_part_of_a_thick_hole_is_the_networks_fill():
    photo, mask = textured(300, 500), disk((300, 500), 150, 120, 50)
    mask[147:153, 120:480] = True
    network = drawn(free_form_filler().without_synthesis().fills(photo, mask), photo, mask)
    filled = drawn(free_form_filler(synthesis=True).fills(photo, mask), photo, mask)
    far = (mask & (np.arange(500) > 200)).nonzero()
    assert np.array_equal(filled[far], network[far])
    assert not np.array_equal(filled[mask], network[mask])


def test_the_seed_decides_thick_holes_and_only_them():
    photo, mask = textured(300, 500), disk((300, 500), 150, 120, 40)
    mask[40:46, 300:480] = True
    filled = [run(photo, mask, options=FillOptions(seed)) for seed in (0, 0, 1, 7, 2**31 - 1)]
    thick = mask & (np.arange(500) < 250)
    assert len({canvas[thick].tobytes() for canvas in filled}) == 4
    assert len({canvas[~thick].tobytes() for canvas in filled}) == 1
    assert np.array_equal(filled[0], filled[1])


def test_the_texture_strength_goes_from_the_networks_fill_to_the_surface():
    photo, mask = textured(300, 500), disk((300, 500), 150, 250, 60)
    mask[100:104, 20:200] = True
    full, half, none = (run(photo, mask, options=FillOptions(3, strength)).astype(int) for strength in (1, 0.5, 0))
    network = drawn(filler().without_synthesis().fills(photo, mask), photo, mask)
    assert np.array_equal(none, network)
    assert np.abs(2 * half - full - none).max() <= 2
    assert full[mask].std() > 2 * none[mask].std()


def test_without_texture_there_are_no_drafts():
    photo, mask = textured(300, 500), disk((300, 500), 150, 250, 60)
    for fills in (
        filler().without_synthesis().fills(photo, mask),
        filler().fills(photo, mask, None, FillOptions(0, 0)),
    ):
        assert not any(fill.draft for fill in fills)


def test_within_a_box_only_the_thick_parts_near_it_change():
    shape = 400, 900
    photo = textured(*shape)
    left, right = disk(shape, 200, 120, 60), disk(shape, 200, 780, 60)
    mask = left | right
    mask[196:204, 120:780] = True  # joins them
    complete = run(photo, mask)
    box = Box(740, 190, 760, 210)
    fills = list(filler().fills(complete, mask, box, FillOptions(1)))
    after = drawn(fills, complete, mask)
    assert np.array_equal(after[:, :500], complete[:, :500])
    assert not np.array_equal(after[right], complete[right])
    covered = np.zeros(shape, int)
    for fill in fills:
        if not fill.draft:
            covered[fill.box.slices] += fill.hole
    assert (covered[right] == 1).all()
    assert covered.max() == 1


def test_drafts_that_are_drawn_before_the_final_fills_are_asked_for_change_nothing():
    photo, mask = textured(300, 500), disk((300, 500), 150, 250, 60) | disk((300, 500), 30, 30, 30)
    expected = run(photo, mask)
    canvas = photo.copy()
    for fill in filler().fills(canvas, mask):
        fill.draw(canvas, photo_of(mask))
    assert np.array_equal(canvas, expected)


def test_another_hole_is_never_copied_into_a_thick_one():
    shape = 300, 400
    photo = np.repeat(textured(*shape)[..., :1] // 4 + np.uint8(90), 3, 2)
    thick = disk(shape, 150, 200, 50)
    others = np.zeros(shape, bool)
    others[20:30] = others[270:285] = others[:, 20:90] = others[:, 340:350] = True
    photo[others | thick] = 0, 255, 0
    filled = run(photo, thick | others)
    assert (np.ptp(filled[thick].astype(int), axis=1) == 0).all()
    assert filled[thick].std() > 5


def test_a_photo_of_which_only_a_narrow_frame_is_known_is_filled():
    for frame in (6, 7, 9, 12):
        mask = np.zeros((150, 200), bool)
        mask[frame:-frame, frame:-frame] = True
        assert check(textured(150, 200), mask)


@pytest.mark.parametrize(
    ("shape", "radii"), [((2048, 2048), (731, 731)), ((4000, 6000), (500, 750))], ids=["40 %", "24 MP"]
)
def test_large_holes_are_filled_with_detail_of_full_resolution(shape, radii):
    noise = np.random.default_rng(0).integers(100, 156, (500, shape[1], 3), np.uint8)
    photo = np.concatenate([np.roll(noise, 37 * part, 1) for part in range(shape[0] // 500 + 1)])[: shape[0]]
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    mask = ((rows - shape[0] // 2) / radii[0]) ** 2 + ((columns - shape[1] // 2) / radii[1]) ** 2 <= 1
    filled = run(photo, mask)
    window = tuple(
        slice(side // 2 - radius // 2, side // 2 + radius // 2) for side, radius in zip(shape, radii, strict=True)
    )
    around = (slice(0, 400), window[1])
    assert 0.9 < filled[window].std() / photo[around].std() < 1.05
    steps, known = (np.abs(np.diff(area.astype(np.int16), axis=1)).mean() for area in (filled[window], photo[around]))
    assert 0.9 < steps / known < 1.05


def test_thick_parts_that_a_scratch_joins_are_synthesised_apart():
    shape = 300, 900
    mask = disk(shape, 150, 100, 30) | disk(shape, 150, 800, 50)
    mask[148:152, 100:800] = True
    fills = list(filler().fills(textured(*shape), mask))
    ended = [fill.ends_drafts for fill in fills].index(True)
    assert [fill.box.width < 150 for fill in fills[ended + 1 :]] == [True, True]
