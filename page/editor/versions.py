"""Versions of a picture: earlier states that a visitor can come back to."""

import itertools
from weakref import WeakKeyDictionary

from inpaint.session import Session, Snapshot

MOST_VERSIONS = 12
MOST_BYTES = 64 * 1024 * 1024


class Versions:
    """Snapshots of sessions, by number; they go with their session. The oldest are forgotten when there are too many.

    Args:
        most: how many are kept of one session.
        most_bytes: how much memory they may take together; the newest is always kept.
    """

    def __init__(self, most: int = MOST_VERSIONS, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._numbers = itertools.count(1)
        self._kept: WeakKeyDictionary[Session, dict[int, Snapshot]] = WeakKeyDictionary()

    def keep(self, session: Session) -> int:
        """Keep a session's present state; the number to come back to it."""
        kept = self._kept.setdefault(session, {})
        number = next(self._numbers)
        kept[number] = session.snapshot()
        while len(kept) > 1 and (len(kept) > self.most or sum(each.size for each in kept.values()) > self.most_bytes):
            del kept[min(kept)]
        return number

    def get(self, session: Session, number: object) -> Snapshot | None:
        """The state that was kept under this number, if it still is."""
        return self._kept.get(session, {}).get(number) if isinstance(number, int) else None
