"""Exact Euclidean distance transforms."""

import numpy as np

from inpaint.compiled.available import is_available
from inpaint.compiled.parallel import parallel

_LEAST_PIXELS = 1 << 16  # of a part that is worth a thread


def distance_transform(grid: np.ndarray, *, border: bool = False) -> np.ndarray:
    """Return the distance of each pixel to the nearest background pixel, between their centres.

    Args:
        grid: bool (h, w), False = background.
        border: whether all pixels beside the grid are background too.

    Returns:
        float32 (h, w): 0 on the background, infinite everywhere if there is none.
    """
    if not is_available():
        return _transform_of_scipy(grid, border)
    return _transform(grid, border, np.empty((0, 0), np.int32))[0]


def nearest_background(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column of a nearest background pixel for each pixel, int32 (h, w) twice.

    Args:
        grid: bool (h, w), False = background: at least one pixel.
    """
    if not is_available():
        from scipy import ndimage

        rows, columns = ndimage.distance_transform_edt(grid, return_distances=False, return_indices=True)
        return rows, columns
    columns = np.empty(grid.shape, np.int32)
    _, rows = _transform(grid, False, columns)
    return np.take_along_axis(rows, columns, axis=1), columns


def _transform(grid: np.ndarray, border: bool, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances and, for each pixel, the nearest background row in its column; write columns if wanted."""
    from . import kernels

    height, width = grid.shape
    distance, rows = np.empty((height, width), np.float32), np.empty((height, width), np.int32)
    if grid.size:
        parallel(kernels.nearest_rows, width, grid, border, rows, least=-(-_LEAST_PIXELS // height))
        parallel(kernels.distances, height, grid, border, rows, distance, columns, least=-(-_LEAST_PIXELS // width))
    return distance, rows


def _transform_of_scipy(grid: np.ndarray, border: bool) -> np.ndarray:
    from scipy import ndimage

    if border:
        distance = ndimage.distance_transform_edt(np.pad(grid, 1))[1:-1, 1:-1]
    elif grid.all():
        return np.full(grid.shape, np.inf, np.float32)
    else:
        distance = ndimage.distance_transform_edt(grid)
    return distance.astype(np.float32)
