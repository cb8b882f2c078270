"""A stroke drawn one segment at a time: what the vectorised drawing and its compiled kernel must give, bit by bit."""

from itertools import pairwise

import numpy as np


def drawn(path, radius, box):
    """The pixels of a box within a radius of the segments of a path, bool (h, w).

    Args:
        path: float64 (n, 2), two points at least.
        radius: in pixels.
        box: inpaint.engine.regions.Box.
    """
    painted = np.zeros((box.height, box.width), bool)
    for start, stop in pairwise(path):
        for row, first, last in _runs(start, stop, radius, box):
            painted[row, first:last] = True
    return painted


def _runs(start, stop, radius, box):
    if start[1] > stop[1]:
        start, stop = stop, start
    first_row = max(int(np.floor(start[1] - radius)), box.top)
    last_row = min(int(np.ceil(stop[1] + radius)), box.bottom)
    rows = np.arange(first_row, max(first_row, last_row))
    y = rows + 0.5
    left, right = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    for x0, y0 in (start, stop):
        inside = radius**2 - (y - y0) ** 2
        reach = np.sqrt(np.maximum(inside, 0))
        left = np.where(inside >= 0, np.minimum(left, x0 - reach), left)
        right = np.where(inside >= 0, np.maximum(right, x0 + reach), right)
    dx, dy = stop - start
    if dy > 0:
        for side in (-1, 1):
            x0 = start[0] - side * radius * dy / np.hypot(dx, dy)
            y0 = start[1] + side * radius * dx / np.hypot(dx, dy)
            along = (y - y0) / dy
            on_edge = (along >= 0) & (along <= 1)
            left = np.where(on_edge, np.minimum(left, x0 + along * dx), left)
            right = np.where(on_edge, np.maximum(right, x0 + along * dx), right)
    first = np.clip(np.ceil(left - 0.5), box.left, box.right)
    last = np.clip(np.floor(right - 0.5) + 1, box.left, box.right)
    for row, begin, end in zip(rows, first, last, strict=True):
        if begin < end:
            yield row - box.top, int(begin) - box.left, int(end) - box.left
