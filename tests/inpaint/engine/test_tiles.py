"""Tiles: disjoint, complete, and cheaper than a grid; merged as a slow search would merge them."""

import numpy as np
import pytest

from inpaint.engine import tiles as module
from inpaint.engine.crop_sizes import CropSizes
from inpaint.engine.plan import plan
from inpaint.engine.regions import Box, Part, find_regions
from inpaint.engine.tiles import CropSides, cut

SIZES = CropSizes(sides=(64, 128, 192, 256, 384, 512))  # bounds below are for these
PHOTO = Box(0, 0, 3000, 2000)
SIDES = SIZES.crop_sides(PHOTO, 1, 32)
LARGEST = SIZES.largest_hole(PHOTO, 1, 32)


def line(height, width, start, stop, thickness):
    """A straight scratch from one (x, y) to another."""
    mask = np.zeros((height, width), bool)
    count = 2 * max(abs(stop[0] - start[0]), abs(stop[1] - start[1]))
    for x, y in np.linspace(start, stop, count).round().astype(int):
        mask[y : y + thickness, x : x + thickness] = True
    return mask


def part_of(mask):
    """All of a mask as one part, whatever its regions."""
    return Part(Box(0, 0, mask.shape[1], mask.shape[0]), mask)


def tiles_of(mask, sides=SIDES, largest=LARGEST, needed=lambda box: box):
    return cut(part_of(mask), sides, largest, needed)


def total_price(tiles, sides=SIDES):
    return sum(sides.price(tile.needed) for tile in tiles)


def grid_price(mask, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(module, "is_available", lambda: False)
        return total_price(tiles_of(mask))


def specks(seed, height=900, width=1200, count=60):
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), bool)
    for _ in range(count):
        top, left, side = rng.integers(0, height), rng.integers(0, width), rng.integers(1, 90)
        mask[top : top + rng.integers(1, 12), left : left + side] = True
    return mask


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0, 24])
def test_tiles_are_disjoint_hold_every_hole_pixel_and_fit_into_their_crops(seed, margin):
    mask = specks(seed)
    photo = part_of(mask).box
    count = np.zeros(mask.shape, int)
    for (box, hole), needed in tiles_of(mask, needed=lambda box: box.expanded(margin).intersection(photo)):
        assert hole.shape == (box.height, box.width)
        count[box.slices] += hole
        assert SIDES.fits(needed)
        assert box.expanded(margin).intersection(photo).intersection(needed) == box.expanded(margin).intersection(photo)
    assert np.array_equal(count, mask.astype(int))


def slowly_merged_price(boxes):
    """The price after merging the pair that saves most until no pair saves anything."""
    boxes = list(boxes)

    def merged(first, second):
        return Box(*np.minimum(first[:2], second[:2]).tolist(), *np.maximum(first[2:], second[2:]).tolist())

    def saving(pair):
        both = merged(boxes[pair[0]], boxes[pair[1]])
        return SIDES.price(boxes[pair[0]]) + SIDES.price(boxes[pair[1]]) - SIDES.price(both) if SIDES.fits(both) else 0

    while len(boxes) > 1:
        pair = max(((i, j) for j in range(len(boxes)) for i in range(j)), key=saving)
        if saving(pair) <= 0:
            break
        boxes[pair[0]] = merged(boxes[pair[0]], boxes.pop(pair[1]))
    return sum(SIDES.price(box) for box in boxes)


@pytest.mark.parametrize("seed", range(6))
def test_merging_saves_as_much_as_a_slow_search_for_the_best_pair(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((1000, 1400), bool)
    for _ in range(25):  # each inside a cell of 64 px; prices of pairs are seldom equal, so the order is theirs
        y, x = 64 * rng.integers(0, 15), 64 * rng.integers(0, 21)
        top, left = rng.integers(0, 40, 2)
        mask[y + top : y + top + rng.integers(1, 24), x + left : x + left + rng.integers(1, 24)] = True
    cells = module.covering_boxes(mask, 64)
    price = total_price(module._merged(part_of(mask), SIDES, lambda box: box))
    assert price < sum(SIDES.price(box) for box in cells)
    assert price == pytest.approx(slowly_merged_price(cells), rel=0.03)


@pytest.mark.parametrize(("stop", "share"), [((1500, 1500), 0.67), ((1500, 700), 0.85), ((300, 1600), 0.85)])
def test_the_crops_of_a_slanted_scratch_cost_less_than_those_of_a_grid(stop, share, monkeypatch):
    mask = line(2000, 3000, (200, 200), stop, 6)
    assert total_price(tiles_of(mask)) < share * grid_price(mask, monkeypatch)


def test_near_specks_share_a_crop_and_distant_ones_do_not():
    mask = np.zeros((600, 900), bool)
    mask[100:104, 100:104] = mask[140:144, 150:154] = mask[500:504, 800:804] = True
    assert [tile.part.box for tile in tiles_of(mask)] == [Box(100, 100, 154, 144), Box(800, 500, 804, 504)]


def test_a_part_for_which_two_crops_would_cost_more_is_one_tile():
    mask = line(600, 900, (100, 100), (190, 150), 5)
    (tile,) = tiles_of(mask)
    assert np.array_equal(tile.part.hole, mask[tile.part.box.slices])
    assert tile.part.hole.sum() == mask.sum()


def test_a_thick_hole_is_cut_into_no_more_expensive_tiles_than_a_grid(monkeypatch):
    y, x = np.ogrid[:1200, :1500]
    mask = (y - 600) ** 2 + (x - 700) ** 2 < 450**2
    assert total_price(tiles_of(mask)) <= grid_price(mask, monkeypatch)


def test_a_needed_margin_widens_the_crops_of_those_tiles_only():
    mask = line(2000, 3000, (100, 1000), (2800, 1000), 6)
    mask[980:1026, 1500:1546] = True
    crops = [crop for region in plan(mask, SIZES) for crop in region.crops]
    context = [min(crop.write.top - crop.box.top, crop.box.bottom - crop.write.bottom) for crop in crops]
    thick = [crop.write.height > 40 for crop in crops]
    assert all(
        px >= (SIZES.context if is_thick else SIZES.min_context) for px, is_thick in zip(context, thick, strict=True)
    )
    assert sum(thick) < len(crops) / 2
    assert {crop.box.height for crop, is_thick in zip(crops, thick, strict=True) if not is_thick} == {64}


def test_the_same_mask_is_always_cut_into_the_same_tiles():
    first, second = (tiles_of(specks(9)) for _ in range(2))
    assert [tile.part.box for tile in first] == [tile.part.box for tile in second]


def test_without_numba_tiles_are_those_of_a_grid(monkeypatch):
    monkeypatch.setattr(module, "is_available", lambda: False)
    mask = line(2000, 3000, (200, 200), (1500, 1500), 6)
    count = np.zeros(mask.shape, int)
    for (box, hole), _ in tiles_of(mask):
        count[box.slices] += hole
    assert np.array_equal(count, mask.astype(int))


def test_at_a_coarser_scale_prices_are_those_of_the_smaller_crops():
    sides = SIZES.crop_sides(PHOTO, 4, 64)
    assert isinstance(sides, CropSides)
    assert sides.price(Box(0, 0, 100, 100)) == 192 * 192 + module.OVERHEAD_PX
    y, x = np.ogrid[:2000, :3000]
    (region,) = find_regions((y - 1000) ** 2 + (x - 1500) ** 2 < 900**2)
    tiles = cut(region, sides, SIZES.largest_hole(PHOTO, 4, 64), lambda box: box)
    assert all(tile.part.box.width <= (512 - 128) * 4 for tile in tiles)
    assert sum(int(tile.part.hole.sum()) for tile in tiles) == int(region.hole.sum())
