"""Look at damage at full resolution where a smaller copy of the photo has shown that there may be some."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np

TILE_PX = 96
"""Side of the tiles in which the network looks again."""
CONTEXT_PX = 16
"""Photo pixels around a tile that the network sees as well."""
TOGETHER = 4
"""Number of tiles that the network sees side by side: a constant, as each size of its input costs memory and time."""


def write_tile_logits(
    pixels: np.ndarray,
    candidates: np.ndarray,
    logits_of: Callable[[np.ndarray], np.ndarray],
    logits: np.ndarray,
    done: Callable[[int], object] = lambda rows: None,
) -> None:
    """Write the logits of damage at full resolution in tiles that follow the candidates.

    Time depends on the candidates, and hardly on the size of the photo.

    Args:
        pixels: RGB uint8 (H, W, 3).
        candidates: bool (H, W), what may be damage; not modified.
        logits_of: returns the logits of damage, float32 (h, w), of uint8 (h, w, 3) whose sides are multiples of 16.
        logits: float32 (H, W), overwritten in the tiles.
        done: called with the number of further rows that need no more tiles; together they are H.
    """
    finished = 0
    side = TILE_PX + 2 * CONTEXT_PX
    row = np.zeros((side, TOGETHER * side, 3), np.uint8)
    for tiles in _in_groups(_tiles(candidates)):
        for number, (rows, columns) in enumerate(tiles):
            around = (_with_context(span, length) for span, length in zip((rows, columns), logits.shape, strict=True))
            row[:, number * side : (number + 1) * side] = pixels[np.ix_(*around)]
        found = logits_of(row)
        for number, tile in enumerate(tiles):
            top, left = CONTEXT_PX, number * side + CONTEXT_PX
            height, width = candidates[tile].shape
            logits[tile] = found[top : top + height, left : left + width]
        last = tiles[-1][0].start
        done(last - finished)
        finished = last
    done(len(candidates) - finished)


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
