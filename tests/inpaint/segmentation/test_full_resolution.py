"""The rim of damage at full resolution: what is no damage there goes, what is deep inside or faint stays."""

import numpy as np
import pytest

from inpaint.segmentation import full_resolution
from inpaint.segmentation.full_resolution import CONTEXT_PX, TILE_PX, TOGETHER, refined

LINE = 100, 104  # first row and row after the last
SHAPE = 250, 430


def photo_with_line():
    pixels = np.zeros((*SHAPE, 3), np.uint8)
    pixels[slice(*LINE), 20:400] = 255
    return pixels


def brightness(pixels):
    return pixels[..., 0].astype(np.float32) - 128


def marked(rows, columns):
    mask = np.zeros(SHAPE, bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def test_a_mask_that_is_too_wide_becomes_the_damage_itself():
    coarse = marked((90, 114), (10, 410))
    found = refined(photo_with_line(), coarse, np.zeros(SHAPE, bool), brightness, 0)
    assert np.array_equal(found, photo_with_line()[..., 0] > 0)


def test_nothing_outside_the_mask_is_marked():
    coarse = marked((102, 114), (10, 200))
    found = refined(photo_with_line(), coarse, np.zeros(SHAPE, bool), brightness, 0)
    assert np.array_equal(found, (photo_with_line()[..., 0] > 0) & coarse)


def test_what_is_no_rim_stays():
    coarse = marked((90, 114), (10, 410))
    sure = marked((95, 120), (10, 60))
    found = refined(photo_with_line(), coarse, sure, brightness, 0)
    assert np.array_equal(found, (photo_with_line()[..., 0] > 0) | (coarse & sure))


def test_a_piece_that_is_too_faint_at_full_resolution_stays_as_it_is():
    coarse = marked((90, 114), (10, 410)) | marked((180, 190), (30, 60))
    found = refined(photo_with_line(), coarse, np.zeros(SHAPE, bool), brightness, 0)
    assert found[180:190, 30:60].all() and not found[90:98].any()


@pytest.mark.parametrize("corner", [(0, 0), (SHAPE[0] - 5, SHAPE[1] - 5)])
def test_damage_in_the_corners_is_seen(corner):
    top, left = corner
    pixels = np.full((*SHAPE, 3), 255, np.uint8)
    coarse = marked((top, top + 5), (left, left + 5))
    assert np.array_equal(refined(pixels, coarse, np.zeros(SHAPE, bool), brightness, 0), coarse)


def test_the_network_sees_pictures_of_one_size_that_hold_the_damage_with_its_surroundings():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*SHAPE, 3), np.uint8)
    coarse = rng.random(SHAPE) < 0.001
    seen = []

    def record(picture):
        seen.append(picture.copy())
        return brightness(picture)

    refined(pixels, coarse, np.zeros(SHAPE, bool), record, 0)
    side = TILE_PX + 2 * CONTEXT_PX
    assert {picture.shape for picture in seen} == {(side, TOGETHER * side, 3)}
    rows, columns = next(full_resolution._tiles(coarse))
    inside = seen[0][CONTEXT_PX : CONTEXT_PX + TILE_PX, CONTEXT_PX : CONTEXT_PX + columns.stop - columns.start]
    assert np.array_equal(inside, pixels[rows, columns])


def test_tiles_cover_all_damage_with_fewer_than_a_grid_has():
    rng = np.random.default_rng(1)
    mask = np.zeros((1000, 1500), bool)
    for start in rng.integers(0, 900, 12):  # diagonal lines
        mask[np.arange(start, 1000), np.arange(start, 1000) + 200] = True
    covered, tiles = np.zeros_like(mask), list(full_resolution._tiles(mask))
    for rows, columns in tiles:
        covered[rows, columns] = True
    grid = sum(
        mask[top : top + TILE_PX, left : left + TILE_PX].any()
        for top in range(0, 1000, TILE_PX)
        for left in range(0, 1500, TILE_PX)
    )
    assert covered[mask].all() and len(tiles) < grid
