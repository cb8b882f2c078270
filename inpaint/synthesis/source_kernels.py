"""The compiled kernels that find the patches that may be copied (numba); see `search_kernels` for how they run."""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import OPTIONS


@njit(**OPTIONS)
def count_rows(start, stop, mask, counts):
    """Write the number of set pixels of each row from `start` to `stop` to `counts` (h,)."""
    for y in range(start, stop):
        total = 0
        for x in range(mask.shape[1]):
            total += mask[y, x]
        counts[y] = total


@njit(**OPTIONS)
def list_positions(start, stop, mask, first, out):
    """Write row and column of the set pixels of the rows from `start` to `stop` to `out`, int32 (n, 2).

    Args:
        mask: bool (h, w).
        first: int64 (h,), where those of each row begin.
        out: written.
    """
    for y in range(start, stop):
        place = first[y]
        for x in range(mask.shape[1]):
            if mask[y, x]:
                out[place, 0], out[place, 1] = y, x
                place += 1


@njit(**OPTIONS)
def source_rows(start, stop, usable, radius, out):
    """Write which pixels of a row have only usable ones within `radius` to the left and right, to `out` (h, w)."""
    width = usable.shape[1]
    for y in range(start, stop):
        run = 0
        for x in range(width + radius):
            run = run + 1 if x < width and usable[y, x] else 0
            if x >= radius:
                out[y, x - radius] = run > 2 * radius


@njit(**OPTIONS)
def source_columns(start, stop, rows, radius, out):
    """Write which pixels of columns have only set ones within `radius` above and below, to `out` (h, w).

    Args:
        rows: bool (h, w), as `source_rows` writes it.
        radius: in pixels.
        out: bool (h, w), written in the columns from `start` to `stop`.
    """
    height = rows.shape[0]
    run = np.zeros(stop - start, np.int32)
    for y in range(height + radius):
        for x in range(start, stop):
            run[x - start] = run[x - start] + 1 if y < height and rows[y, x] else 0
            if y >= radius:
                out[y - radius, x] = run[x - start] > 2 * radius


@njit(**OPTIONS)
def find_peaks(start, stop, values, least, reach, out):
    """Write which values exceed a limit and are the largest within `reach` across and down, to `out` (h, w).

    Args:
        values: float32 (h, w).
        least: the limit.
        reach: in pixels.
        out: bool (h, w), written in the rows from `start` to `stop`.
    """
    height, width = values.shape
    for y in range(start, stop):
        for x in range(width):
            is_peak = values[y, x] > least
            if is_peak:
                for row in range(max(y - reach, 0), min(y + reach + 1, height)):
                    for column in range(max(x - reach, 0), min(x + reach + 1, width)):
                        is_peak = is_peak and values[row, column] <= values[y, x]
            out[y, x] = is_peak
