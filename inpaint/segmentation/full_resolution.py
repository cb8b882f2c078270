"""Decide the rim of damage at the photo's resolution, where the damage itself was found in a smaller copy."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

from inpaint.morphology.labels import label

TILE_PX = 96
"""Side of the tiles in which the network looks again."""
CONTEXT_PX = 16
"""Photo pixels around a tile that the network sees as well."""
TOGETHER = 4
"""Number of tiles that the network sees side by side: a constant, as each size of its input costs memory and time."""
MIN_KEPT = 0.1
"""A piece of damage of which less than this share is seen at full resolution is too faint there, and stays as it is."""

_CELL_PX = 4  # of the grid on which pieces of damage are told apart


def refined(
    pixels: np.ndarray, mask: np.ndarray, sure: np.ndarray, logits_of: Callable[[np.ndarray], np.ndarray], level: float
) -> np.ndarray:
    """Return a mask without those pixels of its rim that are no damage at full resolution.

    Time depends on the pixels of the mask, and hardly on the size of the photo.

    Args:
        pixels: RGB uint8 (H, W, 3).
        mask: bool (H, W), True = damage; not modified.
        sure: bool (H, W): what of the mask is no rim.
        logits_of: returns the logits of damage, float32 (h, w), of uint8 (h, w, 3) whose sides are multiples of 16.
        level: the logit from which a pixel of the rim is damage.

    Returns:
        bool (H, W), part of the mask.
    """
    kept = mask & sure
    side = TILE_PX + 2 * CONTEXT_PX
    row = np.zeros((side, TOGETHER * side, 3), np.uint8)
    for tiles in _in_groups(_tiles(mask)):
        for number, (rows, columns) in enumerate(tiles):
            around = (_with_context(span, length) for span, length in zip((rows, columns), mask.shape, strict=True))
            row[:, number * side : (number + 1) * side] = pixels[np.ix_(*around)]
        logits = logits_of(row)
        for number, tile in enumerate(tiles):
            top, left = CONTEXT_PX, number * side + CONTEXT_PX
            height, width = mask[tile].shape
            kept[tile] |= mask[tile] & (logits[top : top + height, left : left + width] > level)
    return kept | _faint(mask, kept)


def _tiles(mask: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of tiles that together hold all damage.

    In strips of TILE_PX rows each tile begins where damage begins that the tiles to its left do not hold.
    """
    for top in range(0, len(mask), TILE_PX):
        rows = slice(top, min(top + TILE_PX, len(mask)))
        columns = np.flatnonzero(mask[rows].any(axis=0))
        while columns.size:
            left = int(columns[0])
            columns = columns[np.searchsorted(columns, left + TILE_PX) :]
            yield rows, slice(left, min(left + TILE_PX, mask.shape[1]))


def _in_groups(tiles: Iterator[tuple[slice, slice]]) -> Iterator[list[tuple[slice, slice]]]:
    """Yield TOGETHER tiles at a time, the last time fewer."""
    while group := list(islice(tiles, TOGETHER)):
        yield group


def _with_context(span: slice, length: int) -> np.ndarray:
    """Return the indices of a tile's rows or columns and those around, the outermost repeated beyond the photo."""
    first = span.start - CONTEXT_PX
    return np.clip(np.arange(first, first + TILE_PX + 2 * CONTEXT_PX), 0, length - 1)


def _faint(mask: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the pieces of a mask of which too little was kept: bool (H, W)."""
    cells, kept_cells = (_counts(array) for array in (mask, kept))
    labels, count = label(cells > 0)
    of_mask, of_kept = (np.bincount(labels.ravel(), values.ravel(), count + 1) for values in (cells, kept_cells))
    faint = of_kept < MIN_KEPT * of_mask
    faint[0] = False
    grid = faint[labels].repeat(_CELL_PX, axis=0)[: mask.shape[0]].repeat(_CELL_PX, axis=1)[:, : mask.shape[1]]
    return mask & grid


def _counts(mask: np.ndarray) -> np.ndarray:
    """Return how many pixels of each cell are set: uint8."""
    rows = np.add.reduceat(mask.view(np.uint8), np.arange(0, mask.shape[0], _CELL_PX), axis=0, dtype=np.uint8)
    return np.add.reduceat(rows, np.arange(0, mask.shape[1], _CELL_PX), axis=1, dtype=np.uint8)
