"""Versions: snapshots of a session that the visitor can restore."""

import hashlib
from collections.abc import Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from inpaint.engine.history import Snapshot
from inpaint.session import Session
from page.editor.changes import Changes
from page.server.errors import PageError
from page.server.visits import Visits

MAX_VERSIONS = 12
MAX_BYTES = 64 * 1024 * 1024
MAX_NUMBER = 2**53
"""Numbers of versions are whole in JavaScript, too."""


class _Version(NamedTuple):
    """A snapshot, and what tells it from others."""

    snapshot: Snapshot
    digest: bytes


def _digest_of(snapshot: Snapshot) -> bytes:
    """Return 16 bytes that tell the holes and fills of a snapshot from others of the same photo."""
    digest = hashlib.blake2b(repr(snapshot.boxes).encode(), digest_size=16)
    for array in (*snapshot.pixels, *snapshot.masks):
        digest.update(np.ascontiguousarray(array))
    return digest.digest()


class Versions:
    """Snapshots by session and number. They are dropped with their session; the oldest ones if there are too many.

    Args:
        max_versions: how many are kept per session.
        max_bytes: memory of all versions of a session; the newest one is always kept.
    """

    def __init__(self, max_versions: int = MAX_VERSIONS, max_bytes: int = MAX_BYTES) -> None:
        self.max_versions, self.max_bytes = max_versions, max_bytes
        self._kept: WeakKeyDictionary[Session, dict[int, _Version]] = WeakKeyDictionary()

    def save(self, session: Session, after: int = 0) -> int:
        """Save the present state of a session, and return the number of the version, which may have been saved before.

        A state that is kept already, to which undo has returned, is not saved again.

        Args:
            session: with the state.
            after: a new number is higher, since the visitor still sees versions up to this one of an earlier session.
        """
        kept = self._kept.setdefault(session, {})
        snapshot = session.snapshot()
        digest = _digest_of(snapshot)
        same = next((number for number, version in kept.items() if version.digest == digest), None)
        if same is not None:
            return same
        number = max(after, *kept, 0) + 1
        kept[number] = _Version(snapshot, digest)
        while len(kept) > 1 and (
            len(kept) > self.max_versions or sum(each.snapshot.size for each in kept.values()) > self.max_bytes
        ):
            del kept[min(kept)]
        return number

    def size_bytes(self, session: Session) -> int:
        """Return the memory of all versions of a session."""
        return sum(version.snapshot.size for version in self._kept.get(session, {}).values())

    def get(self, session: Session, number: object) -> Snapshot | None:
        """Return the version of this number, or None if it is not kept."""
        version = self._kept.get(session, {}).get(number) if isinstance(number, int) else None
        return version.snapshot if version else None


class VersionActions:
    """What the browser may call for versions; see `EditorActions`.

    Args:
        visits: keeps the open photos.
        changes: applies what changes a mask.
    """

    def __init__(self, visits: Visits, changes: Changes) -> None:
        self.visits, self.changes, self.versions = visits, changes, Versions()

    @property
    def all(self) -> list[Callable[..., dict]]:
        """All actions."""
        return [self.keep_version, self.restore_version]

    def keep_version(self, call: dict) -> dict:
        """Save the present state as a version: {visit, after} -> {version}, its number.

        `after` is the highest number that the browser shows, 0 or missing for none: those of a visit that has expired
        are still there once the photo has been opened again.
        """
        visit, after = self.changes.visit(call), call.get("after", 0)
        if type(after) is not int or not 0 <= after < MAX_NUMBER:
            raise PageError("bad_request")
        with self.visits.locked_session(visit) as session:
            version = self.versions.save(session, after)
            visit.kept_bytes["versions"] = self.versions.size_bytes(session)
            return {"version": version}

    def restore_version(self, call: dict) -> dict:
        """Restore a version: {visit, version} -> the patches to draw; "no_version" if it is no longer kept."""
        visit = self.changes.visit(call)
        snapshot = self.versions.get(visit.session, call.get("version"))
        if snapshot is None:
            raise PageError("no_version")
        return self.changes.apply(call, lambda session: session.restore(snapshot))
