"""Run the damage network on a picture of any size, window by window."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

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
    for down, across in itertools.product(*_windows(height, width, most_pixels)):
        seen = _pad_to_multiple(pixels[down.seen, across.seen])
        of_window = logits[down.own, across.own]
        top, left = down.own.start - down.seen.start, across.own.start - across.seen.start
        of_window[:] = logits_of(seen)[top:, left:][: len(of_window), : of_window.shape[1]]
        done(of_window.size)
    return logits


class _Span(NamedTuple):
    """A window along one side of a picture.

    Attributes:
        own: the pixels whose logits it gives.
        seen: what the network sees.
    """

    own: slice
    seen: slice


def _windows(height: int, width: int, most_pixels: int) -> tuple[list[_Span], list[_Span]]:
    """Return the windows down and across a picture that see few enough pixels each, and together the fewest.

    All of them have the same size, as the network takes longer for the first picture of a size, and for a larger one
    than before. They begin at multiples of 16, so that the network's coarse maps lie alike in all windows.
    """
    rows, columns = (range(1, max(1, length // _LEAST_PX) + 1) for length in (height, width))
    grids = [(_Axis(height, row_count), _Axis(width, count)) for row_count, count in itertools.product(rows, columns)]
    allowed = [(down, across) for down, across in grids if down.seen * across.seen <= most_pixels] or grids[-1:]
    down, across = min(allowed, key=lambda grid: grid[0].total * grid[1].total)
    return down.spans(), across.spans()


class _Axis:
    """Windows of one size along one side of a picture.

    Attributes:
        seen: what each sees, in pixels.
        total: what they all see together.
    """

    def __init__(self, length: int, count: int) -> None:
        self._length, self._count, self._padded = length, count, _rounded_up(length)
        self.seen = min(self._padded, _rounded_up((self._padded + 2 * REACH_PX * (count - 1)) / count))
        self._step = 0
        if count > 1:
            self._step = _rounded_up((self._padded - self.seen) / (count - 1))
            self.seen = min(self._padded, max(self.seen, self._step + 2 * REACH_PX))
        self.total = self.seen * count

    def spans(self) -> list[_Span]:
        """Return the windows; neighbours share what both of them see."""
        starts = [min(number * self._step, self._padded - self.seen) for number in range(self._count)]
        edges = [0, *((left + self.seen + right) // 2 for left, right in itertools.pairwise(starts)), self._length]
        return [
            _Span(slice(first, stop), slice(start, min(start + self.seen, self._length)))
            for start, (first, stop) in zip(starts, itertools.pairwise(edges), strict=True)
        ]


def _rounded_up(length: float) -> int:
    return math.ceil(length / MULTIPLE) * MULTIPLE


def _pad_to_multiple(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 (H, W, 3) padded by its reflection until both sides are multiples; itself if nothing is missing."""
    below, right = (-side % MULTIPLE for side in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect") if below or right else pixels
