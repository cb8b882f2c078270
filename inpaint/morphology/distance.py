"""Exact Euclidean distance transforms."""

import numpy as np

from inpaint.compiled.available import are_worth_it
from inpaint.compiled.parallel import parallel

from . import arrays

_LEAST_PIXELS = 1 << 16  # of a part that is worth a thread
_NUMPY_S = 2e-7
"""Seconds that NumPy takes for a pixel of a typical grid."""


def distance_transform(grid: np.ndarray, *, border: bool = False) -> np.ndarray:
    """Return the distance of each pixel to the nearest background pixel, between their centres.

    Args:
        grid: bool (h, w), False = background.
        border: whether all pixels beside the grid are background too.

    Returns:
        float32 (h, w): 0 on the background, infinite everywhere if there is none.
    """
    if not are_worth_it(_NUMPY_S * grid.size):
        return arrays.distance_transform(grid, border)
    return _transform(grid, border, np.empty((0, 0), np.int32))[0]


def nearest_background(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of a nearest background pixel for each pixel, int32 (h, w) twice.

    Args:
        grid: bool (h, w), False = background: at least one pixel.
    """
    columns = np.empty(grid.shape, np.int32)
    _, rows = _transform(grid, False, columns)
    return np.take_along_axis(rows, columns, axis=1), columns


def _transform(grid: np.ndarray, border: bool, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances and, for each pixel, the nearest background row in its column; write columns if wanted."""
    from . import kernels

    grid = np.ascontiguousarray(grid)  # the kernels are compiled for one layout
    height, width = grid.shape
    distance, rows = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    if grid.size:
        parallel(kernels.nearest_rows, width, grid, border, rows, least=-(-_LEAST_PIXELS // height))
        parallel(kernels.distances, height, grid, border, rows, distance, columns, least=-(-_LEAST_PIXELS // width))
    return distance, rows
