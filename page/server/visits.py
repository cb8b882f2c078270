"""The register of visits: which photos are open, whose they are, and when they are closed."""

import atexit
import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from inpaint.session import Session
from page.server.compute_queue import WORKERS, ComputeQueue
from page.server.download_folders import DownloadFolders
from page.server.errors import PageError
from page.server.machine import scaled_to_machine
from page.server.presence import AWAY_S, PRESENCE, Presence
from page.server.unused_memory import UnusedMemory
from page.server.uploads import UPLOAD_KEEP_S, Uploads
from page.server.visit import Visit, excess_of

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
        self.folders, self.uploads = DownloadFolders(folder), Uploads(folder, presence)
        self.unused_memory = UnusedMemory((self.queue, self.finish_queue))
        self._lock, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._purge_regularly, daemon=True, name="visits").start()
        atexit.register(self.end_all)

    def __len__(self) -> int:
        return len(self._visits)

    def add(self, session: Session, name: str, client: str | None = None) -> Visit:
        """Return a new visit for a photo with this file name, which this client has opened."""
        visit = Visit(secrets.token_urlsafe(24), session, name, self.folders.new_path(), client)
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
        return self.folders.make_temporary()

    def purge_expired(self, max_age_s: float | None = None) -> None:
        """End idle visits, and remove old download folders and discarded uploads.

        Args:
            max_age_s: age from which folders and uploads are removed; None: `idle_s` and UPLOAD_KEEP_S.
        """
        folder_s, upload_s = (self.idle_s, UPLOAD_KEEP_S) if max_age_s is None else (max_age_s, max_age_s)
        with self._lock:
            ended = self._pop_idle()
        self._remove(ended)
        self.folders.remove_temporary(folder_s)
        self.uploads.purge_discarded(upload_s)

    def purge(self) -> None:
        """Purge what has expired or grown too large, uploads that nobody uses, and folders of ended visits."""
        self.purge_expired()
        self.uploads.purge_unused()
        self.presence.purge()
        with self._lock:
            newest = max(self._visits.values(), key=lambda visit: visit.last_used, default=None)
            ended = self._pop_excess(newest)
        self._remove(ended)
        self.folders.remove_others(self._folders_in_use)

    def _folders_in_use(self) -> set[Path]:
        with self._lock:
            return {visit.folder for visit in self._visits.values()}

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
        while True:
            has_ended = self._ended.wait(min(PURGE_S, self.idle_s))
            if has_ended:
                self._ended.clear()
                time.sleep(RELEASE_DELAY_S)
            self.unused_memory.check(has_ended)
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
            self.folders.remove(visit.folder)
        if ended:
            self._ended.set()
