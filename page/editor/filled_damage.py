"""What restoring has added to the mask of a photo, so that it can be taken back without the visitor's own strokes."""

import hashlib
import zlib
from collections.abc import Iterable

import numpy as np

from inpaint.engine.regions import Part

MAX_STATES = 64
"""Of the mask, for which it is remembered what was added: more steps back all of it counts as the visitor's."""


class FilledDamage:
    """The part of a mask that restoring has added. It follows undo and redo, as each state of the mask has its own."""

    def __init__(self) -> None:
        self._states: dict[bytes, bytes | None] = {}  # digest of a mask -> its added part, compressed
        self._current: bytes | None = None

    @property
    def is_known(self) -> bool:
        """Whether restoring has added anything at any time."""
        return bool(self._states)

    def part_of(self, mask: np.ndarray) -> np.ndarray:
        """Return what of the present mask, bool (H, W), restoring has added: bool of the same shape."""
        current = self._current  # another thread may change it, as fills are computed beside all else
        if current is None:
            return np.zeros(mask.shape, bool)
        packed = np.frombuffer(zlib.decompress(current), np.uint8)
        return mask & np.unpackbits(packed, count=mask.size).reshape(mask.shape).view(bool)

    def remember(self, mask: np.ndarray, added: np.ndarray) -> None:
        """Note that restoring has added this part of the mask; both are bool (H, W)."""
        self._current = zlib.compress(np.packbits(added), 1) if added.any() else None
        key = digest_of(mask)
        self._states.pop(key, None)
        self._states[key] = self._current
        if len(self._states) > MAX_STATES:
            del self._states[next(iter(self._states))]

    def follow(self, mask: np.ndarray, painted: Iterable[Part] = ()) -> None:
        """Follow a change that restoring has not made, as undo, redo or a stroke.

        Args:
            mask: after the change, bool (H, W).
            painted: areas that the visitor has painted: they are no longer what restoring has added.
        """
        painted = list(painted)
        if not painted and (key := digest_of(mask)) in self._states:
            self._current = self._states[key]
            return
        added = self.part_of(mask)
        for box, area in painted:
            added[box.slices] &= ~area
        self.remember(mask, added)


def digest_of(mask: np.ndarray) -> bytes:
    """Return 16 bytes that tell a mask, bool (H, W), from others of its shape."""
    return hashlib.blake2b(np.packbits(mask), digest_size=16).digest()
