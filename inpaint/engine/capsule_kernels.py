"""The compiled kernel of the brush (numba): the runs of capsules, with the same bytes as in NumPy."""

import numpy as np

from inpaint.compiled.jit import njit


@njit(nogil=True)
def add_runs(segments, rows, radius, left, top, right, steps):
    """Add 1 where the run of a capsule in a row begins, and -1 after its end.

    Args:
        segments: float64 (n, 6), as in `Capsules`.
        rows: int64 (n, 2), the same.
        radius: of the capsules.
        left: of the box, the first column.
        top: its first row.
        right: one past its last column.
        steps: int16 (h, w + 1), modified.
    """
    for index in range(len(segments)):
        x0, y0, x1, y1 = segments[index, 0], segments[index, 1], segments[index, 2], segments[index, 3]
        across, down = segments[index, 4], segments[index, 5]
        for row in range(rows[index, 0], rows[index, 1]):
            y = row + 0.5
            smallest, largest = np.inf, -np.inf
            inside = radius * radius - (y - y0) * (y - y0)
            if inside >= 0:
                reach = np.sqrt(inside)
                smallest, largest = x0 - reach, x0 + reach
            inside = radius * radius - (y - y1) * (y - y1)
            if inside >= 0:
                reach = np.sqrt(inside)
                smallest, largest = min(smallest, x1 - reach), max(largest, x1 + reach)
            if y1 > y0:
                along = (y - (y0 - down)) / (y1 - y0)
                if 0 <= along <= 1:
                    x = x0 + across + along * (x1 - x0)
                    smallest, largest = min(smallest, x), max(largest, x)
                along = (y - (y0 + down)) / (y1 - y0)
                if 0 <= along <= 1:
                    x = x0 - across + along * (x1 - x0)
                    smallest, largest = min(smallest, x), max(largest, x)
            if smallest <= largest:
                first = min(max(np.int64(np.ceil(smallest - 0.5)), left), right)
                stop = min(max(np.int64(np.floor(largest - 0.5)) + 1, left), right)
                if first < stop:
                    steps[row - top, first - left] += 1
                    steps[row - top, stop - left] -= 1
