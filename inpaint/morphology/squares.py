"""Dilation and erosion by squares. NumPy alone is fast here, as it works on many bool values at once."""

import numpy as np


def dilate(grid: np.ndarray, radius: int = 1) -> np.ndarray:
    """Return which pixels lie within `radius` of a pixel of the grid, across, down and diagonally.

    Args:
        grid: bool (h, w); not modified.
        radius: in pixels, at least 0: the square has sides of 2 * radius + 1 pixels.
    """
    return _dilated_rows(_dilated_rows(grid, radius).T, radius).T


def erode(grid: np.ndarray, radius: int = 1) -> np.ndarray:
    """Return the pixels around which a square of sides 2 * radius + 1 lies inside the grid, bool (h, w).

    Args:
        grid: bool (h, w); not modified. Pixels beside it are False.
        radius: in pixels, at least 0.
    """
    inside = ~dilate(~grid, radius)
    height, width = grid.shape
    inside[:radius] = inside[:, :radius] = False
    inside[max(height - radius, 0) :] = inside[:, max(width - radius, 0) :] = False
    return inside


def _dilated_rows(grid: np.ndarray, radius: int) -> np.ndarray:
    """Return the grid dilated along its first axis: what is within 1, 3, 7 ... pixels, then within the radius."""
    dilated, reached = grid.copy(order="K"), 0
    while reached < radius:
        step = min(reached + 1, radius - reached)  # a longer one would step over what lies beside the grid
        before = dilated.copy(order="K")
        dilated[step:] |= before[:-step]
        dilated[:-step] |= before[step:]
        reached += step
    return dilated
