"""The part of a picture that the decoder has to compute: a window around its hole."""

from typing import NamedTuple

import numpy as np

from .free_form_graph import CELL_PX, REACH_PX

STEP_CELLS = 4
"""Sides of windows are multiples of this number of cells, as the first inference at each size compiles kernels."""


class Window(NamedTuple):
    """Edges of a window, in cells of CELL_PX pixels."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of pixels."""
        return (
            slice(self.top * CELL_PX, self.bottom * CELL_PX),
            slice(self.left * CELL_PX, self.right * CELL_PX),
        )


def window_of(mask: np.ndarray) -> Window:
    """Return a window in which the network's result is right in the hole of every picture of a batch.

    Args:
        mask: float32 (B, 1, H, W), 1 = hole; H and W multiples of CELL_PX.
    """
    hole = mask > 0
    top, bottom = _interval(np.any(hole, axis=(0, 1, 3)))
    left, right = _interval(np.any(hole, axis=(0, 1, 2)))
    return Window(top, left, bottom, right)


def _interval(hole: np.ndarray) -> tuple[int, int]:
    """Return start and stop, in cells, for an axis on which these pixels are hole."""
    count, places = len(hole) // CELL_PX, np.flatnonzero(hole)
    if not len(places):
        return 0, min(STEP_CELLS, count)
    start = max(0, (int(places[0]) - REACH_PX) // CELL_PX)
    stop = min(count, -(-(int(places[-1]) + 1 + REACH_PX) // CELL_PX))
    length = min(count, -(-(stop - start) // STEP_CELLS) * STEP_CELLS)
    start = min(start, count - length)
    return start, start + length
