"""Connected components of a grid, and what is measured of each."""

import numpy as np

from inpaint.compiled.available import are_worth_it

from . import arrays

_NUMPY_S = 3e-8
"""Seconds that NumPy takes for a pixel of a typical grid."""


def label(grid: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the label of each pixel's 8-connected component, and their number.

    Args:
        grid: bool (h, w).

    Returns:
        int32 (h, w): 0 outside of the grid's components, which are numbered from 1 in the order of their first pixels,
        row by row.
    """
    if not are_worth_it(_NUMPY_S * grid.size):
        return arrays.label(grid)
    from . import kernels

    grid = np.ascontiguousarray(grid)  # the kernels are compiled for one layout
    labels = np.empty(grid.shape, np.int32)
    height, width = grid.shape
    parent = np.empty(-(-height // 2) * -(-width // 2) + 1, np.int32)
    return labels, int(kernels.label(grid, labels, parent))


def bounding_boxes(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the bounding box of each label: int64 (count, 4) of top, bottom, left and right; ends exclusive.

    Args:
        labels: int32 (h, w), each of the labels from 1 to `count` at least once.
        count: the number of labels.
    """
    if not are_worth_it(_NUMPY_S * labels.size):
        return arrays.bounding_boxes(labels, count)
    from . import kernels

    boxes = np.tile(np.array([labels.shape[0], 0, labels.shape[1], 0], np.int64), (count + 1, 1))
    kernels.bounding_boxes(np.ascontiguousarray(labels), boxes)
    return boxes[1:]


def maximum(values: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return the largest value of each label, float32 (count + 1,); the first one is that of no label.

    Args:
        values: float32 (h, w), not negative.
        labels: int32 (h, w), from 0 to `count`.
        count: the number of labels.
    """
    largest = np.zeros(count + 1, np.float32)
    if not are_worth_it(_NUMPY_S * labels.size):
        np.maximum.at(largest, labels, values)
        return largest
    from . import kernels

    kernels.maximum(np.ascontiguousarray(values), np.ascontiguousarray(labels), largest)
    return largest
