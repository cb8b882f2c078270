"""The compiled kernels of the morphology (numba): connected components and distance transforms.

They work on a range of rows or columns and release the GIL. All of them compute with integers, so that results are
exact and the same with any number of threads.

References:
    Rosenfeld and Pfaltz 1966, Sequential Operations in Digital Picture Processing, JACM 13(4): labels in two passes.
    Meijster, Roerdink and Hesselink 2000, A General Algorithm for Computing Distance Transforms in Linear Time.
"""

import numpy as np

from inpaint.compiled.jit import njit

OPTIONS = {"nogil": True}
INLINE = {**OPTIONS, "inline": "always"}

FAR = 1 << 24
"""Stands for a row without background: farther away than any side of a photo."""


@njit(**INLINE)
def _root(parent, label):
    """Return the smallest label of a component as far as it is known."""
    while parent[label] != label:
        parent[label] = parent[parent[label]]
        label = parent[label]
    return label


@njit(**INLINE)
def _joined(parent, first, second):
    """Join two components, and return their smallest label; 0 is no component."""
    if first == 0 or second == 0 or first == second:
        return max(first, second)
    first, second = _root(parent, first), _root(parent, second)
    smaller, larger = min(first, second), max(first, second)
    parent[larger] = smaller
    return smaller


@njit(**OPTIONS)
def label(grid, labels, parent):
    """Write the labels of 8-connected components in the order of their first pixels, and return their number.

    Args:
        grid: bool (h, w).
        labels: int32 (h, w), written.
        parent: int32, at least one more than there are pixels of which no two are neighbours: written.
    """
    height, width = grid.shape
    count = 0
    parent[0] = 0
    for y in range(height):
        for x in range(width):
            if not grid[y, x]:
                labels[y, x] = 0
                continue
            found = labels[y, x - 1] if x > 0 else 0
            if y > 0:
                if grid[y - 1, x]:  # it has joined its own neighbours
                    found = _joined(parent, found, labels[y - 1, x])
                else:
                    if x > 0:
                        found = _joined(parent, found, labels[y - 1, x - 1])
                    if x + 1 < width:
                        found = _joined(parent, found, labels[y - 1, x + 1])
            if found == 0:
                count += 1
                parent[count] = found = count
            labels[y, x] = found
    final = 0
    for index in range(1, count + 1):  # a root is the smallest of its component, so its number is known first
        if parent[index] == index:
            final += 1
            parent[index] = final
        else:
            parent[index] = parent[parent[index]]
    for y in range(height):
        for x in range(width):
            labels[y, x] = parent[labels[y, x]]
    return final


@njit(**OPTIONS)
def bounding_boxes(labels, boxes):
    """Extend the box of each label, int64 (count + 1, 4) of top, bottom, left and right, to its pixels."""
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            index = labels[y, x]
            if index == 0:
                continue
            if y < boxes[index, 0]:
                boxes[index, 0] = y
            if y >= boxes[index, 1]:
                boxes[index, 1] = y + 1
            if x < boxes[index, 2]:
                boxes[index, 2] = x
            if x >= boxes[index, 3]:
                boxes[index, 3] = x + 1


@njit(**OPTIONS)
def maximum(values, labels, out):
    """Raise `out` (count + 1,) to the largest value of each label."""
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            index = labels[y, x]
            if values[y, x] > out[index]:
                out[index] = values[y, x]


@njit(**OPTIONS)
def nearest_rows(start, stop, grid, border, rows):
    """Write the row of the nearest background pixel of the same column to `rows`, for columns start to stop - 1.

    Args:
        grid: bool (h, w), False = background.
        border: whether the rows above and below the grid are background, as rows -1 and h.
        rows: int32 (h, w), written: -FAR where the column has no background.
    """
    height = len(grid)
    none = np.int32(-1 if border else -FAR)
    for x in range(start, stop):
        rows[0, x] = none if grid[0, x] else 0
    for y in range(1, height):
        for x in range(start, stop):
            rows[y, x] = rows[y - 1, x] if grid[y, x] else y
    if border:
        for x in range(start, stop):
            if rows[height - 1, x] < height - 2:
                rows[height - 1, x] = height
    for y in range(height - 2, -1, -1):
        for x in range(start, stop):
            above, below = rows[y, x], rows[y + 1, x]
            rows[y, x] = below if abs(below - y) < y - above else above


@njit(**OPTIONS)
def distances(start, stop, grid, border, rows, distance, columns):
    """Write the distance of each pixel to the nearest background, for rows start to stop - 1.

    A run of other pixels is nearer to the background beside it than to any column beyond that: runs are computed by
    themselves.

    Args:
        grid: bool (h, w), False = background.
        border: whether the columns left and right of the grid are background, as columns -1 and w.
        rows: int32 (h, w), as `nearest_rows` writes it.
        distance: float32 (h, w), written: infinite where there is no background.
        columns: int32 (h, w), written: the column of the nearest background; -FAR if there is none. Its row is that in
            `rows` of this column. Of no size: not written.
    """
    width = grid.shape[1]
    is_wanted = columns.size > 0
    place, first = np.empty(width + 2, np.int64), np.empty(width + 2, np.int64)  # of the parabolas of the envelope
    height_of = np.empty(width + 2, np.int64)  # their squared heights
    for y in range(start, stop):
        left = 0
        while left < width:
            if not grid[y, left]:
                distance[y, left] = 0
                if is_wanted:
                    columns[y, left] = left
                left += 1
                continue
            right = left + 1
            while right < width and grid[y, right]:
                right += 1
            last = -1
            for x in range(left - 1, right + 1):
                if left <= x < right:
                    if rows[y, x] == -FAR:
                        continue
                    added = (np.int64(rows[y, x]) - y) ** 2
                elif border or 0 <= x < width:
                    added = 0
                else:
                    continue
                while last >= 0:
                    at = first[last]
                    if (at - place[last]) ** 2 + height_of[last] <= (at - x) ** 2 + added:
                        break
                    last -= 1
                begins = left
                if last >= 0:
                    rise = x * x + added - place[last] ** 2 - height_of[last]
                    begins = rise // (2 * (x - place[last])) + 1
                if begins < right:
                    last += 1
                    place[last], first[last], height_of[last] = x, begins, added
            for x in range(right - 1, left - 1, -1):
                distance[y, x] = np.inf if last < 0 else np.sqrt(np.float64((x - place[last]) ** 2 + height_of[last]))
                if is_wanted:
                    columns[y, x] = -FAR if last < 0 else place[last]
                if last > 0 and first[last] == x:
                    last -= 1
            left = right
