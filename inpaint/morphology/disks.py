"""Dilation by small discs. NumPy alone is fast here, as it works on many bool values at once."""

import numpy as np

MOST_PX = 8
"""Larger discs take longer than a distance transform."""
_ROUNDING_PX = 1e-6
"""The square of a radius such as 13 ** 0.5 is less than 13, and what lies at that distance would be left out."""


def dilate(grid: np.ndarray, radius: float) -> np.ndarray:
    """Return which pixels lie within `radius` of a pixel of the grid, between their centres.

    Args:
        grid: bool (h, w); not modified.
        radius: in pixels, at least 0; meant for up to MOST_PX.

    Returns:
        bool (h, w), a new array.
    """
    radius += _ROUNDING_PX
    heights = range(min(int(radius), len(grid) - 1) + 1) if grid.size else range(0)
    dilated, across, reached = np.zeros_like(grid), grid.copy(), 0
    for height in reversed(heights):  # the rows of a disc are longer, the nearer they are to its middle
        width = int((radius**2 - height**2) ** 0.5)
        for reach in range(reached + 1, width + 1):
            across[:, reach:] |= grid[:, :-reach]
            across[:, :-reach] |= grid[:, reach:]
        reached = width
        dilated[height:] |= across[: len(grid) - height]
        dilated[: len(grid) - height] |= across[height:]
    return dilated
