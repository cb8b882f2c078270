"""Run the damage network on a picture of any size, window by window."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from inpaint.networks.config import DamageConfig

MULTIPLE, REACH_PX = DamageConfig.multiple, DamageConfig.reach
_LEAST_PX = 2 * REACH_PX  # windows that are smaller would mostly see what others see too

LogitsOf = Callable[[np.ndarray], np.ndarray]
"""Maps uint8 (h, w, 3), whose sides are multiples of 16, to float32 (h, w)."""


def logits_in_windows(
    pixels: np.ndarray, logits_of: LogitsOf, most_pixels: int, done: Callable[[int], object] = lambda pixels: None
) -> np.ndarray:
    """Return the logit of each pixel of a picture.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        logits_of: the network.
        most_pixels: what the network should see at a time, unless windows would become too small for its reach.
        done: called after each window with its number of pixels.

    Returns:
        float32 (H, W).
    """
    height, width = pixels.shape[:2]
    logits = np.empty((height, width), np.float32)
    row_step, column_step = _steps(height, width, most_pixels)
    for top, left in itertools.product(range(0, height, row_step), range(0, width, column_step)):
        rows, columns = slice(top, min(top + row_step, height)), slice(left, min(left + column_step, width))
        first, start = max(0, top - REACH_PX), max(0, left - REACH_PX)
        seen = _pad_to_multiple(pixels[first : rows.stop + REACH_PX, start : columns.stop + REACH_PX])
        of_window = logits[rows, columns]
        of_window[:] = logits_of(seen)[top - first :, left - start :][: len(of_window), : of_window.shape[1]]
        done(of_window.size)
    return logits


def _steps(height: int, width: int, most_pixels: int) -> tuple[int, int]:
    """Return the height and width of windows that see few enough pixels each, and together the fewest.

    They are multiples of 16, so that the network's coarse maps lie alike in all windows.
    """
    rows, columns = (range(1, max(1, length // _LEAST_PX) + 1) for length in (height, width))
    grids = [(_Axis(height, row_count), _Axis(width, count)) for row_count, count in itertools.product(rows, columns)]
    allowed = [(down, across) for down, across in grids if down.seen * across.seen <= most_pixels] or grids[-1:]
    down, across = min(allowed, key=lambda grid: grid[0].total * grid[1].total)
    return down.step, across.step


class _Axis:
    """Windows along one side of a picture.

    Attributes:
        step: what each has of its own, in pixels.
        seen: what each sees.
        total: what they all see together.
    """

    def __init__(self, length: int, count: int) -> None:
        self.step = _rounded_up(length / count)
        self.seen = min(_rounded_up(length), self.step + 2 * REACH_PX)
        self.total = length + 2 * REACH_PX * (-(-length // self.step) - 1)


def _rounded_up(length: float) -> int:
    return math.ceil(length / MULTIPLE) * MULTIPLE


def _pad_to_multiple(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W, 3) padded by its reflection until both sides are multiples; itself if nothing is missing."""
    below, right = (-side % MULTIPLE for side in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect") if below or right else pixels
