"""Pending fills: those that cover the drafts of a stroke, and are computed after the drafts are shown."""

import threading
from collections.abc import Callable, Iterable

import numpy as np

from inpaint.compiled.parallel import Cancelled
from inpaint.morphology.squares import dilate

from .fills import Fill
from .regions import CELL, Box, occupancy

PAUSE_BRUSH_PX = 40
"""Objects are covered with brushes above this diameter in photo pixels, stroke by stroke; damage with finer ones."""


class _Cancellation:
    """What a computation polls. It is apart from PendingFills, as a cycle of references would keep the photo alive."""

    def __init__(self) -> None:
        self.dropped = threading.Event()
        self.also: Cancelled | None = None

    def __call__(self) -> bool:
        return self.dropped.is_set() or (self.also is not None and self.also())


class PendingFills:
    """A computation of fills that is paused after the drafts, and can be dropped at any time by another thread.

    Args:
        start: starts the computation. Its argument is to be polled; once it returns True, the computation ends.

    Attributes:
        started: whether `rest` has been called. It can be called once.
        cancelled: returns whether the fills are no longer wanted.
    """

    def __init__(self, start: Callable[[Cancelled], Iterable[Fill]]) -> None:
        self.started = False
        self.cancelled = _Cancellation()
        self._fills = iter(start(self.cancelled))

    def drop(self) -> None:
        """Cancel the computation. It ends at its next poll, and the caller does not wait for that."""
        self.cancelled.dropped.set()

    def until_drafts(self) -> tuple[list[Fill], bool]:
        """Return the fills up to the end of the drafts, and whether others follow."""
        fills: list[Fill] = []
        for fill in self._fills:
            if fill.ends_drafts:
                return fills, True
            fills.append(fill)
        return fills, False

    def rest(self, cancelled: Cancelled | None = None) -> list[Fill]:
        """Return the fills that have not been returned, without drafts.

        Args:
            cancelled: polled as well. None: only `drop` cancels.
        """
        self.started, self.cancelled.also = True, cancelled
        return [fill for fill in self._fills if not fill.draft]


def needs_pause(mask: np.ndarray, box: Box, area: np.ndarray, brush_px: float) -> bool:
    """Return whether a stroke may be one of several that cover an object.

    What is left of a half-covered object must not be continued into its hole, so final fills are better computed after
    a pause without strokes. A brush above PAUSE_BRUSH_PX paints objects, and a stroke that joins a hole goes on with
    it.

    Args:
        mask: bool (H, W) before the stroke; not modified.
        box: the box of the stroke.
        area: bool (h, w), what the stroke paints in it.
        brush_px: the diameter of the brush in photo pixels.
    """
    if brush_px > PAUSE_BRUSH_PX:
        return True
    height, width = mask.shape
    left, top = (max(0, (edge // CELL - 1) * CELL) for edge in (box.left, box.top))
    window = Box(left, top, min(width, box.right + 2 * CELL), min(height, box.bottom + 2 * CELL))
    stroke = np.zeros((window.height, window.width), bool)
    stroke[box.relative_to(left, top).slices] = area
    near = dilate(occupancy(stroke))
    return bool((near & occupancy(mask[window.slices])).any())
