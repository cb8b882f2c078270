"""An open photo, and which ones are closed when there are too many."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.session import Session
from page.server.progress import RunningJobs


@dataclass(eq=False)
class Visit:
    """One open photo.

    Attributes:
        id: unguessable; who knows it may use the photo.
        session: the photo with its mask and fills.
        name: the photo's file name.
        folder: where its downloads are written.
        client: who opened it, as `client_of` says; None: unknown.
        lock: held while the session is in use.
        jobs: what computes for it now.
        last_used: `time.monotonic()` of the last request that used the photo.
        last_seen: of the last one that said that the page is open.
        tab: the browser tab, as Gradio names it; None: unknown.
        requests: how many of its requests are under way.
        kept_bytes: memory of what is kept beside the session, by name: the versions, and the damage that was found.
    """

    id: str
    session: Session
    name: str
    folder: Path
    client: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    jobs: RunningJobs = field(default_factory=RunningJobs)
    last_used: float = field(default_factory=time.monotonic)
    last_seen: float = field(default_factory=time.monotonic)
    tab: str | None = None
    requests: int = 0
    kept_bytes: dict[str, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Memory of the photo, its metadata, the canvas, what can be undone, and what is kept beside the session."""
        return self.session.size_bytes + sum(self.kept_bytes.values())


def excess_of(
    visits: list[Visit], opening: list[tuple[str | None, int]], keep: Visit | None, max_open: int, max_bytes: int
) -> list[Visit]:
    """Return the visits to end until the limits hold: of the client with the most, the least recently used one.

    Args:
        visits: all that are open; those that a request uses come last.
        opening: client and bytes of photos that are being opened.
        keep: a visit that stays; None: none does.
        max_open: how many may stay.
        max_bytes: how much memory they may take, together with those that are being opened.
    """
    ended: list[Visit] = []
    sizes = {visit.id: visit.size_bytes for visit in visits}
    while others := [visit for visit in visits if visit is not keep and visit not in ended]:
        left = [visit for visit in visits if visit not in ended]
        too_many = len(left) > max_open
        if not too_many and sum(sizes[visit.id] for visit in left) + sum(size for _, size in opening) <= max_bytes:
            break
        held: Counter[str | None] = Counter()
        for client, size in (*opening, *((visit.client, sizes[visit.id]) for visit in left)):
            held[client] += 1 if too_many else size
        most = max(held[visit.client] for visit in others)
        candidates = [visit for visit in others if held[visit.client] == most]
        ended.append(min(candidates, key=lambda visit: (visit.requests > 0, visit.last_used)))
    return ended
