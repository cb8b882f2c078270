"""Capsules: the segments of a stroke, with a thickness and round caps, as runs of pixels in rows."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from inpaint.compiled.available import are_worth_it

from .regions import Box

_NUMPY_S = 1e-7
"""Seconds that NumPy takes for the run of one capsule in one row."""
_BLOCK = 1 << 14
"""About how many runs NumPy computes at a time."""


class Capsules(NamedTuple):
    """All pixels whose centre lies within a radius of a segment, for each of n segments.

    Attributes:
        radius: in pixels.
        segments: float64 (n, 6): x and y of the upper end, x and y of the lower end, and the distance in x and y from
            an end to the corners of the rectangle between the caps. A horizontal segment has none, as the caps alone
            cover it.
        rows: int64 (n, 2): the rows of the box that each capsule may meet, the first and the one past the last.
        box: where they are looked for.
    """

    radius: float
    segments: np.ndarray
    rows: np.ndarray
    box: Box


def make_capsules(starts: np.ndarray, stops: np.ndarray, radius: float, box: Box) -> Capsules:
    """Return the capsules of segments inside a box.

    Args:
        starts: float64 (n, 2), x and y of one end of each segment.
        stops: the same of the other end.
        radius: in pixels.
        box: pixels outside of it are left out.
    """
    rises = starts[:, 1:] > stops[:, 1:]
    upper, lower = np.where(rises, stops, starts), np.where(rises, starts, stops)
    change = lower - upper
    length = np.hypot(*change.T)
    corner = radius * change[:, ::-1] / np.where(length > 0, length, 1)[:, None]
    first = np.clip(np.floor(upper[:, 1] - radius), box.top, box.bottom)
    stop = np.clip(np.ceil(lower[:, 1] + radius), first, box.bottom)
    rows = np.stack([first, stop], axis=1).astype(np.int64)
    return Capsules(radius, np.concatenate([upper, lower, corner], axis=1), rows, box)


def add_capsules(capsules: Capsules, steps: np.ndarray) -> None:
    """Add 1 where the run of a capsule in a row begins, and -1 after its end.

    The cumulative sum along a row is then the number of capsules that a pixel lies in.

    Args:
        capsules: at most 32767 of them.
        steps: int16 (h, w + 1) for a box of w by h pixels, modified.
    """
    runs = int(np.subtract(*capsules.rows.T[::-1]).sum())
    if are_worth_it(_NUMPY_S * runs):
        from . import capsule_kernels  # loads numba

        left, top, right, _ = capsules.box
        capsule_kernels.add_runs(capsules.segments, capsules.rows, float(capsules.radius), left, top, right, steps)
        return
    for rows, first, stop in _runs(capsules):
        np.add.at(steps, (rows, first), np.int16(1))
        np.add.at(steps, (rows, stop), np.int16(-1))


def _runs(capsules: Capsules) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows that capsules meet, and the first and the one past the last column of the capsule there.

    Rows and columns count from the box.
    """
    left, top, right, _ = capsules.box
    first_rows, counts = capsules.rows[:, 0], np.diff(capsules.rows, axis=1)[:, 0]
    begins = np.cumsum(counts) - counts
    blocks = np.searchsorted(begins, np.arange(0, begins[-1] + 1, _BLOCK))
    for low, high in pairwise([*np.unique(blocks), len(counts)]):
        index = np.repeat(np.arange(low, high), counts[low:high])
        rows = np.arange(len(index)) + begins[low] - begins[index] + first_rows[index]
        smallest, largest = _extent(rows + 0.5, capsules.segments[index].T, capsules.radius)
        first = np.clip(np.ceil(smallest - 0.5), left, right)
        stop = np.clip(np.floor(largest - 0.5) + 1, left, right)
        keep = first < stop
        yield rows[keep] - top, (first[keep] - left).astype(int), (stop[keep] - left).astype(int)


def _extent(y: np.ndarray, segments: np.ndarray, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest x of a capsule at each y: infinity and its negative if it does not reach y.

    Args:
        y: (n,).
        segments: (6, n), the segment of the capsule that is asked for at each y, as in `Capsules`.
        radius: of the capsules.
    """
    left, right = np.full(len(y), np.inf), np.full(len(y), -np.inf)
    for x0, y0 in (segments[:2], segments[2:4]):
        inside = radius**2 - (y - y0) ** 2
        reach = np.sqrt(np.maximum(inside, 0))
        left = np.where(inside >= 0, np.minimum(left, x0 - reach), left)
        right = np.where(inside >= 0, np.maximum(right, x0 + reach), right)
    x0, y0, x1, y1, across, down = segments
    dx, dy = x1 - x0, y1 - y0
    height = np.where(dy > 0, dy, 1)
    for side in (-1, 1):  # the two long edges of the rectangle between the caps
        along = (y - (y0 + side * down)) / height
        on_edge = (dy > 0) & (along >= 0) & (along <= 1)
        x = x0 - side * across + along * dx
        left = np.where(on_edge, np.minimum(left, x), left)
        right = np.where(on_edge, np.maximum(right, x), right)
    return left, right
