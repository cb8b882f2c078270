"""The compiled kernel of the tiling (numba): tiles are merged while that makes the crops cheaper."""

import numpy as np

from inpaint.compiled.jit import njit

OPTIONS = {"nogil": True}


@njit(nogil=True, inline="always")
def _price(left, top, right, bottom, widths, heights, overhead):
    """Return what the crop of a box costs; a negative number if there is no such crop."""
    width, height = right - left, bottom - top
    if width >= len(widths) or height >= len(heights):
        return np.int64(-1)
    return widths[width] * heights[height] + overhead


@njit(nogil=True, inline="always")
def _saved(one, other, boxes, price, widths, heights, overhead):
    """Return what the merging of two tiles saves; a negative number if there is no crop for both."""
    merged = _price(
        min(boxes[one, 0], boxes[other, 0]), min(boxes[one, 1], boxes[other, 1]),
        max(boxes[one, 2], boxes[other, 2]), max(boxes[one, 3], boxes[other, 3]),
        widths, heights, overhead,
    )  # fmt: skip
    return price[one] + price[other] - merged if merged >= 0 else np.int64(-1)


@njit(**OPTIONS)
def _find_partner(index, first, stop, boxes, price, widths, heights, overhead, partner, saving):
    """Write the tile with which a tile is best merged, and what that saves; 0 if nothing is saved."""
    partner[index], saving[index] = index, 0
    for other in range(first[index], stop[index]):
        if other == index or price[other] < 0:
            continue
        saved = _saved(index, other, boxes, price, widths, heights, overhead)
        if saved > saving[index]:
            partner[index], saving[index] = other, saved


@njit(**OPTIONS)
def merge(boxes, first, stop, widths, heights, overhead, tile_of):
    """Merge the two tiles whose merging saves most, again and again until nothing is saved.

    Args:
        boxes: int64 (n, 4): left, top, right and bottom of each tile. Those of merged tiles are written.
        first: int64 (n,): the tiles with which each one can be merged begin here.
        stop: int64 (n,): and end before this one. If a tile is in the range of another, so is this in its range.
        widths: int64: the width of the crop of a tile of each width, in the crop's pixels.
        heights: int64: the same for heights.
        overhead: what a crop costs besides its pixels.
        tile_of: int64 (n,), written: the tile that each one has become a part of, the first one of them.
    """
    count = len(boxes)
    price, saving, partner = np.empty(count, np.int64), np.zeros(count, np.int64), np.empty(count, np.int64)
    for index in range(count):
        tile_of[index] = index
        price[index] = _price(
            boxes[index, 0], boxes[index, 1], boxes[index, 2], boxes[index, 3], widths, heights, overhead
        )
    for index in range(count):
        _find_partner(index, first, stop, boxes, price, widths, heights, overhead, partner, saving)
    while count > 0:
        best = np.argmax(saving)
        if saving[best] <= 0:
            break
        kept, gone = min(best, partner[best]), max(best, partner[best])
        for edge in range(2):
            boxes[kept, edge] = min(boxes[kept, edge], boxes[gone, edge])
            boxes[kept, edge + 2] = max(boxes[kept, edge + 2], boxes[gone, edge + 2])
        price[kept] = _price(boxes[kept, 0], boxes[kept, 1], boxes[kept, 2], boxes[kept, 3], widths, heights, overhead)
        price[gone], saving[gone], tile_of[gone] = -1, 0, kept
        for index in range(min(first[kept], first[gone]), max(stop[kept], stop[gone])):
            if price[index] >= 0 and (index == kept or partner[index] == kept or partner[index] == gone):
                _find_partner(index, first, stop, boxes, price, widths, heights, overhead, partner, saving)
        for index in range(first[kept], stop[kept]):  # the merged tile may be a better partner than the former one
            if price[index] < 0 or index == kept:
                continue
            saved = _saved(index, kept, boxes, price, widths, heights, overhead)
            if saved > saving[index]:
                partner[index], saving[index] = kept, saved
    for index in range(count):  # a tile becomes part of an earlier one, whose own is known already
        tile_of[index] = tile_of[tile_of[index]]
