"""Tiles in which the network looks at full resolution."""

import numpy as np
import pytest

from inpaint.segmentation import full_resolution
from inpaint.segmentation.full_resolution import CONTEXT_PX, TILE_PX, TOGETHER, write_tile_logits

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


def written(pixels, candidates, logits_of=brightness):
    logits = np.full(SHAPE, -1000, np.float32)
    write_tile_logits(pixels, candidates, logits_of, logits)
    return logits


def test_the_logits_of_candidates_and_their_tiles_are_those_of_the_photo_at_full_resolution():
    pixels = np.random.default_rng(2).integers(0, 256, (*SHAPE, 3), np.uint8)
    candidates = marked((90, 114), (10, 410))
    logits = written(pixels, candidates)
    assert np.array_equal(logits[candidates], brightness(pixels)[candidates])
    is_written = logits > -1000
    assert np.array_equal(logits[is_written], brightness(pixels)[is_written])


def test_nothing_is_written_far_from_candidates():
    logits = written(photo_with_line(), marked((102, 114), (10, 60)))
    assert (logits[:, 10 + TILE_PX :] == -1000).all() and (logits[2 * TILE_PX :] == -1000).all()


@pytest.mark.parametrize("corner", [(0, 0), (SHAPE[0] - 5, SHAPE[1] - 5)])
def test_damage_in_the_corners_is_seen(corner):
    top, left = corner
    pixels = np.full((*SHAPE, 3), 255, np.uint8)
    coarse = marked((top, top + 5), (left, left + 5))
    assert (written(pixels, coarse)[coarse] == 127).all()


def test_the_network_sees_pictures_of_one_size_that_hold_the_damage_with_its_surroundings():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (*SHAPE, 3), np.uint8)
    coarse = rng.random(SHAPE) < 0.001
    seen = []

    def record(picture):
        seen.append(picture.copy())
        return brightness(picture)

    written(pixels, coarse, record)
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
