"""The compiled kernels that take matches over to twice the resolution (numba); `search_kernels` tells how they run."""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import INLINE, OPTIONS
from .search_kernels import target_at


@njit(**OPTIONS)
def nearest_targets(start, stop, places, rows, columns, index_at, nearest):
    """Write the index of the coarse target nearest to each place of a level of twice the resolution.

    Args:
        places: int32 (m, 2).
        rows: int32 (r,), the lattice of the coarse targets; also the next two.
        columns: int32 (c,).
        index_at: int32 (r, c).
        nearest: int32 (m,), written.
    """
    for index in range(start, stop):
        y, x = places[index, 0] // 2, places[index, 1] // 2
        row, column = _nearest(rows, y), _nearest(columns, x)
        best, least = index_at[row, column], 1 << 60
        reach, last = 0, len(rows) + len(columns)
        while best < 0 and reach < last:  # squares around the place
            reach += 1
            for other_row in range(max(row - reach, 0), min(row + reach + 1, len(rows))):
                step = 1 if abs(other_row - row) == reach else 2 * reach
                for other_column in range(column - reach, column + reach + 1, step):
                    target = target_at(index_at, other_row, other_column)
                    if target >= 0:
                        distance = (np.int64(rows[other_row]) - y) ** 2 + (np.int64(columns[other_column]) - x) ** 2
                        if distance < least:
                            best, least = target, distance
        nearest[index] = best


@njit(**INLINE)
def _nearest(places, wanted):
    """Return the number of the place nearest to a wanted one, of ascending ones."""
    low, high = 0, len(places) - 1
    while low < high:
        middle = (low + high) // 2
        if places[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low - 1 if low > 0 and wanted - places[low - 1] <= places[low] - wanted else low


@njit(**OPTIONS)
def nearest_sources(start, stop, matches, is_source, reach):
    """Move matches into the picture, and to the nearest source within `reach` pixels across and down, in place."""
    height, width = is_source.shape
    for index in range(start, stop):
        y = min(max(matches[index, 0], 0), height - 1)
        x = min(max(matches[index, 1], 0), width - 1)
        matches[index, 0], matches[index, 1] = y, x
        if is_source[y, x]:
            continue
        best = 2 * reach * reach + 1
        for row in range(max(y - reach, 0), min(y + reach + 1, height)):
            for column in range(max(x - reach, 0), min(x + reach + 1, width)):
                distance = (row - y) ** 2 + (column - x) ** 2
                if is_source[row, column] and distance < best:
                    best = distance
                    matches[index, 0], matches[index, 1] = row, column
