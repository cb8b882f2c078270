"""The history of a session: snapshots for undo and redo, within a limit of memory."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .regions import Box


class Snapshot(NamedTuple):
    """The state of some boxes of a session at one moment.

    Attributes:
        boxes: where; they may overlap, and later ones take precedence.
        pixels: RGB uint8 (h, w, 3) per box, with its fills.
        masks: `np.packbits` of the mask per box.
        drafts: `np.packbits` per box of which fills are drafts, see `Fill`.
    """

    boxes: list[Box]
    pixels: list[np.ndarray]
    masks: list[np.ndarray]
    drafts: list[np.ndarray]

    def followed_by(self, other: "Snapshot") -> "Snapshot":
        """Return both states; where they overlap, the other one takes precedence."""
        return Snapshot(
            self.boxes + other.boxes, self.pixels + other.pixels, self.masks + other.masks, self.drafts + other.drafts
        )

    @property
    def size(self) -> int:
        """Memory of all arrays in bytes."""
        return sum(array.nbytes for array in (*self.pixels, *self.masks, *self.drafts))


class History:
    """The snapshots to which undo and redo return. Not thread-safe.

    Args:
        max_bytes: beyond this size the oldest snapshots for undo are dropped, but never the last one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._undo: list[Snapshot] = []
        self._redo: list[Snapshot] = []

    @property
    def size(self) -> int:
        """Memory of all snapshots in bytes."""
        return sum(snapshot.size for snapshot in (*self._undo, *self._redo))

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to revert."""
        return bool(self._undo)

    @property
    def can_redo(self) -> bool:
        """Whether there is a reverted change to repeat."""
        return bool(self._redo)

    def record(self, before: Snapshot) -> None:
        """Add a change.

        Args:
            before: the state before the change, of every box that it changes.
        """
        self._redo.clear()
        self._undo.append(before)
        total = sum(snapshot.size for snapshot in self._undo)
        while total > self._max_bytes and len(self._undo) > 1:
            total -= self._undo.pop(0).size

    def undo(self, snapshot_of: Callable[[list[Box]], Snapshot]) -> Snapshot | None:
        """Return the state before the last change, to be restored; None if there is none.

        Args:
            snapshot_of: returns the current state of boxes, for redo.
        """
        return _move(self._undo, self._redo, snapshot_of)

    def redo(self, snapshot_of: Callable[[list[Box]], Snapshot]) -> Snapshot | None:
        """Return the state after the change that was undone last, to be restored; None if there is none.

        Args:
            snapshot_of: returns the current state of boxes, for undo.
        """
        return _move(self._redo, self._undo, snapshot_of)


def _move(
    source: list[Snapshot], target: list[Snapshot], snapshot_of: Callable[[list[Box]], Snapshot]
) -> Snapshot | None:
    if not source:
        return None
    snapshot = source.pop()
    target.append(snapshot_of(snapshot.boxes))
    return snapshot
