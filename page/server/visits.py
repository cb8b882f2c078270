"""Visits: the open photos, whose they are, and when they are closed and their files removed."""

import atexit
import contextlib
import re
import secrets
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.runtime.malloc import trim_memory
from inpaint.session import Session
from page.server.compute_queue import WORKERS, ComputeQueue
from page.server.errors import PageError
from page.server.machine import scaled_to_machine
from page.server.presence import AWAY_S, PRESENCE, Presence
from page.server.progress import RunningJobs
from page.server.uploads import UPLOAD_KEEP_S, Uploads

PURGE_S = 10
"""How often what has expired is purged."""
MAX_OPEN_BYTES = 4_800_000_000
"""Of all open photos with their history, on a machine with 16 GB: twenty visitors with 30 megapixels each. The rest is
for the program (1 GB) and for two photos that are opened, filled or saved at once (5 GB each).
"""
MAX_GIVE_WAY_S, POLL_S = 15, 0.02
"""How long a final fill waits for strokes, in all, and how often it looks for them."""
RELEASE_DELAY_S = 0.5
"""How long after the end of a visit its photo may still be in use by a running request."""


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


class Visits:
    """Open photos by unguessable id.

    When there are too many, the least recently used ones are closed, those of the client first that has the most.

    Args:
        folder: Gradio's upload folder, where downloads are written too: each visit has an unguessable subfolder, which
            is removed with the visit. Old uploads are removed from the folder.
        max_open: how many photos may be open at once.
        max_bytes: memory of all open photos together, with metadata, undo and versions; the newest photo always stays.
            None: MAX_OPEN_BYTES, less on a machine with less memory.
        idle_s: a visit ends after this time without use, even if its tab is open.
        away_s: a visit ends after this time without its tab's connection and without a request.
        presence: of tabs and clients.
        queue: runs what computes; None: one with the default number of workers.
        finish_queue: runs what replaces drafts by final fills. It has a worker of its own, so that no stroke waits for
            one; None: one with the default times.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_open: int = 64,
        max_bytes: int | None = None,
        idle_s: float = 1800,
        away_s: float = AWAY_S,
        presence: Presence = PRESENCE,
        queue: ComputeQueue | None = None,
        finish_queue: ComputeQueue | None = None,
    ) -> None:
        self.folder, self.idle_s, self.away_s, self.presence = folder, idle_s, away_s, presence
        self.max_open = max_open
        self.max_bytes = scaled_to_machine(MAX_OPEN_BYTES) if max_bytes is None else max_bytes
        self._opening: list[tuple[str | None, int]] = []
        self.queue = ComputeQueue(WORKERS) if queue is None else queue
        self.finish_queue = ComputeQueue() if finish_queue is None else finish_queue
        self._visits: dict[str, Visit] = {}
        self._download_folders: dict[Path, float] = {}
        self.uploads = Uploads(folder, presence)
        self._lock, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._purge_regularly, daemon=True, name="visits").start()
        atexit.register(self.end_all)

    def __len__(self) -> int:
        return len(self._visits)

    def add(self, session: Session, name: str, client: str | None = None) -> Visit:
        """Return a new visit for a photo with this file name, which this client has opened."""
        visit = Visit(secrets.token_urlsafe(24), session, name, self._new_folder(), client)
        with self._lock:
            self._visits[visit.id] = visit
            ended = [*self._pop_idle(), *self._pop_excess(keep=visit)]
        self._remove(ended)
        return visit

    @contextlib.contextmanager
    def room_for(self, size: int, client: str | None) -> Iterator[None]:
        """Close photos until one of `size` bytes has room, and keep it free in this context while that is opened."""
        with self._lock:
            self._opening.append((client, size))
            ended = self._pop_excess()
        self._remove(ended)
        try:
            yield
        finally:
            with self._lock:
                self._opening.remove((client, size))

    def get(self, visit_id: object) -> Visit:
        """Return the visit with this id.

        Raises:
            PageError: "gone" if there is none, or no longer.
        """
        self.purge_expired()
        with self._lock:
            visit = self._visits.get(visit_id) if isinstance(visit_id, str) else None
            if visit is None:
                raise PageError("gone")
            visit.last_used = visit.last_seen = time.monotonic()
            return visit

    @contextlib.contextmanager
    def request(self, visit_id: object, is_use: bool = True) -> Iterator[None]:
        """Note in this context that a request of a visit is under way.

        Args:
            visit_id: as the browser sent it.
            is_use: whether it uses the photo; else it says only that the page is open.

        Raises:
            PageError: "gone" if there is no such visit, or no longer.
        """
        with self._lock:
            visit = self._visits.get(visit_id) if isinstance(visit_id, str) else None
            if visit is None:
                raise PageError("gone")
            visit.requests += 1
        try:
            yield
        finally:
            with self._lock:
                visit.requests -= 1
                visit.last_seen = time.monotonic()
                if is_use:
                    visit.last_used = visit.last_seen

    def end(self, visit_id: str) -> None:
        """End a visit and remove its files. A visit that has ended already is ignored."""
        with self._lock:
            visit = self._visits.pop(visit_id, None)
        self._remove([visit] if visit else [])

    def cancel(self, visit: Visit) -> None:
        """Cancel what computes for a visit, and take what waits for it out of the queues."""
        for queue in (self.queue, self.finish_queue):
            queue.cancel(visit.id)
        visit.jobs.cancel()

    def end_all(self) -> None:
        """End all visits and remove all files."""
        for visit_id in list(self._visits):
            self.end(visit_id)
        self.purge_expired(max_age_s=0)

    def download_folder(self) -> Path:
        """Return a new unguessable folder for a file that is downloaded soon; it is removed after `idle_s`."""
        folder = self._new_folder()
        with self._lock:
            self._download_folders[folder] = time.monotonic()
        folder.mkdir(parents=True)
        return folder

    def purge_expired(self, max_age_s: float | None = None) -> None:
        """End idle visits, and remove old download folders and discarded uploads.

        Args:
            max_age_s: age from which folders and uploads are removed; None: `idle_s` and UPLOAD_KEEP_S.
        """
        folder_s, upload_s = (self.idle_s, UPLOAD_KEEP_S) if max_age_s is None else (max_age_s, max_age_s)
        with self._lock:
            ended = self._pop_idle()
            folders = [path for path, made in self._download_folders.items() if made <= time.monotonic() - folder_s]
            for folder in folders:
                del self._download_folders[folder]
        self._remove(ended)
        for folder in folders:
            self._remove_folder(folder)
        self.uploads.purge_discarded(upload_s)

    def purge(self) -> None:
        """Purge what has expired or grown too large, uploads that nobody uses, and folders of ended visits.

        A request that was running when its visit ended may have written such a folder anew.
        """
        self.purge_expired()
        self.uploads.purge_unused()
        self.presence.purge()
        with self._lock:
            newest = max(self._visits.values(), key=lambda visit: visit.last_used, default=None)
            ended = self._pop_excess(newest)
        self._remove(ended)
        with self._lock:
            in_use = {visit.folder for visit in self._visits.values()} | self._download_folders.keys()
            folders = set(self.folder.iterdir()) if self.folder.is_dir() else set()
        for folder in folders - in_use:
            self._remove_folder(folder)

    def assign_to_tab(self, tab: str, visit_id: str) -> None:
        """Tie a visit to a browser tab: it lasts as long as the tab is open. After a reload it is another tab."""
        with self._lock:
            if visit_id in self._visits:
                self._visits[visit_id].tab = tab

    @contextlib.contextmanager
    def locked_session(self, visit: Visit) -> Iterator[Session]:
        """Give exclusive access to the session of a visit."""
        with visit.lock:
            try:
                yield visit.session
            finally:
                visit.last_used = visit.last_seen = time.monotonic()

    def give_way(self, visit: Visit) -> Callable[[], bool]:
        """Return what the computation of final fills is to poll between its steps, as `Session.finish` does.

        It waits there while strokes of other visitors wait or run, MAX_GIVE_WAY_S in all: a final fill takes as long as
        several drafts. It returns True once the visit has changed, as the fill is then obsolete. The visit's own
        strokes are not waited for: they may wait for a download, which waits for the fill.
        """
        session, left_s = visit.session, float(MAX_GIVE_WAY_S)
        revision = session.revision

        def wait_for_strokes() -> bool:
            nonlocal left_s
            while session.revision == revision and left_s > 0 and self.queue.has_strokes(but_of=visit.id):
                time.sleep(POLL_S)
                left_s -= POLL_S
            return session.revision != revision

        return wait_for_strokes

    def _purge_regularly(self) -> None:
        trimmed = (0, 0)
        while True:
            has_ended = self._ended.wait(min(PURGE_S, self.idle_s))
            if has_ended:
                self._ended.clear()
                time.sleep(RELEASE_DELAY_S)
            served = self.queue.served, self.finish_queue.served
            if has_ended or served != trimmed:  # a fill of the API, or of a visit that had ended, may have been large
                trimmed = served
                trim_memory()
            with contextlib.suppress(OSError):
                self.purge()

    def _pop_idle(self) -> list[Visit]:
        return [self._visits.pop(visit.id) for visit in list(self._visits.values()) if self._has_ended(visit)]

    def _has_ended(self, visit: Visit) -> bool:
        now = time.monotonic()
        away_s = min(now - visit.last_seen, self.presence.away_s(visit.tab))
        return not visit.requests and (now - visit.last_used > self.idle_s or away_s > self.away_s)

    def _pop_excess(self, keep: Visit | None = None) -> list[Visit]:
        ended = excess_of(list(self._visits.values()), self._opening, keep, self.max_open, self.max_bytes)
        return [self._visits.pop(visit.id) for visit in ended]

    def _remove(self, ended: list[Visit]) -> None:
        for visit in ended:
            self._remove_folder(visit.folder)
        if ended:
            self._ended.set()

    def _new_folder(self) -> Path:
        """Return an unguessable path for a folder of downloads."""
        return self.folder / secrets.token_urlsafe(24)

    def _remove_folder(self, folder: Path) -> None:
        """Remove a folder if it is one of those that `_new_folder` names, and nothing else."""
        if folder.parent == self.folder and re.fullmatch("[A-Za-z0-9_-]{32}", folder.name) and not folder.is_symlink():
            shutil.rmtree(folder, ignore_errors=True)


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
