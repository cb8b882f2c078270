"""The visits: which photo belongs to whom, and for how long."""

import atexit
import contextlib
import math
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inpaint.runtime.malloc import trim_memory
from inpaint.session import Session
from page.server.compute_queue import AT_ONCE, Turns
from page.server.refusal import Refusal

UPLOAD_S = 120
"""How long an upload stays after it was last sent: somebody else may be about to open the same file."""
FORGOTTEN_S, STALLED_S = 3600, 600
"""How long uploads stay that nobody has opened, and those that broke off and do not grow any more."""
MOST_MEGAPIXELS = 600
"""Of all open photos together, for a machine of 16 GB. An open photo takes 8 bytes a pixel (measured: 2.4 GB for 300
megapixels), so these are 4.8 GB, or twenty visitors with 30 megapixels each; the rest is for the program (1 GB) and for
two photos of 300 megapixels that are filled or saved at the same time (5 GB each).
"""
SETTLE_S = 0.5
"""How long after a visit has ended its photo may still be in somebody's hands."""


@dataclass
class Visit:
    """One open photo. `lock` is held by whoever works on the session, `folder` is where its downloads lie."""

    id: str
    session: Session
    name: str
    folder: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    last_used: float = field(default_factory=time.monotonic)


class Visits:
    """Open photos by unguessable id. The ones that were left alone go first when there are too many.

    Args:
        folder: where Gradio puts uploads, and where downloads are written: each visit has its own unguessable
            subfolder, removed with the visit. Old uploads in it are removed too.
        most: how many photos may be open at once.
        most_megapixels: how large they may be together; the newest photo always stays.
        idle_s: a visit ends after so many seconds without a request.
        turns: who computes next; None: as on two cores.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most: int = 64,
        most_megapixels: float = MOST_MEGAPIXELS,
        idle_s: float = 1800,
        turns: Turns | None = None,
    ) -> None:
        self.folder, self.most, self.most_megapixels = folder, most, most_megapixels
        self.idle_s = idle_s
        self.turns = Turns(AT_ONCE) if turns is None else turns
        self._visits: dict[str, Visit] = {}
        self._of_tab: dict[str, str] = {}
        self._shelves: dict[Path, float] = {}
        self._uploads: set[Path] = set()
        self._lock, self._ended = threading.Lock(), threading.Event()
        threading.Thread(target=self._keep_tidy, daemon=True, name="visits").start()
        atexit.register(self.end_all)

    def __len__(self) -> int:
        return len(self._visits)

    def add(self, session: Session, name: str) -> Visit:
        """A new visit for a photo that was just opened; `name` is the photo's file name."""
        visit = Visit(secrets.token_urlsafe(24), session, name, self.folder / secrets.token_urlsafe(24))
        with self._lock:
            self._visits[visit.id] = visit
            ended = [*self._idle(), *self._too_many(keep=visit)]
        self._remove(ended)
        return visit

    def get(self, visit_id: object) -> Visit:
        """The visit with this id; Refusal "gone" if there is none (any more)."""
        self.sweep()
        with self._lock:
            visit = self._visits.get(visit_id) if isinstance(visit_id, str) else None
            if visit is None:
                raise Refusal("gone")
            visit.last_used = time.monotonic()
            return visit

    def end(self, visit_id: str) -> None:
        """End a visit and remove what it wrote; nothing happens if it has ended already."""
        with self._lock:
            visit = self._visits.pop(visit_id, None)
        self._remove([visit] if visit else [])

    def end_all(self) -> None:
        """End every visit."""
        for visit_id in list(self._visits):
            self.end(visit_id)
        self.sweep(older_than_s=0)

    def shelf(self) -> Path:
        """A new folder that nobody can guess, for a file that is fetched soon; it is removed when it is idle_s old."""
        folder = self.folder / secrets.token_urlsafe(24)
        folder.mkdir(parents=True)
        with self._lock:
            self._shelves[folder] = time.monotonic()
        return folder

    def discard(self, upload: Path) -> None:
        """Remove an upload that has been read, a little later: the same photo of two visitors is one file."""
        with self._lock:
            self._uploads.add(upload)

    def sweep(self, older_than_s: float | None = None) -> None:
        """End the visits that were left alone for too long, and remove old shelves and uploads."""
        shelf_s, upload_s = (self.idle_s, UPLOAD_S) if older_than_s is None else (older_than_s, older_than_s)
        with self._lock:
            ended = self._idle()
            shelves = [folder for folder, made in self._shelves.items() if made <= time.monotonic() - shelf_s]
            for folder in shelves:
                del self._shelves[folder]
            uploads = [file for file in self._uploads if _age_s(file) >= upload_s]
            self._uploads.difference_update(uploads)
        self._remove(ended)
        for folder in (*shelves, *(file.parent for file in uploads)):
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> None:
        """Sweep, and remove what Gradio has put into the folder of uploads and nobody came for."""
        self.sweep()
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if re.fullmatch("[0-9a-f]{64}", path.name) and path.is_dir():
                if min(map(_age_s, (path, *path.iterdir()))) >= FORGOTTEN_S:
                    shutil.rmtree(path, ignore_errors=True)
            elif path.is_file() and _age_s(path) >= STALLED_S:
                path.unlink(missing_ok=True)

    def belongs_to(self, tab: str, visit_id: str) -> None:
        """Remember which browser tab a visit belongs to, so that it ends when the tab is closed."""
        with self._lock:
            if visit_id in self._visits:
                self._of_tab[tab] = visit_id

    def tab_closed(self, tab: str) -> None:
        """End the visit of a browser tab."""
        with self._lock:
            visit_id = self._of_tab.pop(tab, None)
        if visit_id:
            self.end(visit_id)

    @contextlib.contextmanager
    def work_on(self, visit: Visit) -> Iterator[Session]:
        """A visit's session, with nobody else working on it."""
        with visit.lock:
            try:
                yield visit.session
            finally:
                visit.last_used = time.monotonic()

    def _keep_tidy(self) -> None:
        while True:
            if self._ended.wait(min(60, self.idle_s)):
                self._ended.clear()
                time.sleep(SETTLE_S)
                trim_memory()
            with contextlib.suppress(OSError):
                self.tidy()

    def _idle(self) -> list[Visit]:
        latest = time.monotonic() - self.idle_s
        return [self._visits.pop(v.id) for v in list(self._visits.values()) if v.last_used < latest]

    def _too_many(self, keep: Visit) -> list[Visit]:
        ended = []
        for visit in sorted(self._visits.values(), key=lambda v: v.last_used):
            pixels = sum(v.session.photo.width * v.session.photo.height for v in self._visits.values())
            if len(self._visits) <= self.most and pixels <= self.most_megapixels * 1e6:
                break
            if visit is not keep:
                ended.append(self._visits.pop(visit.id))
        return ended

    def _remove(self, ended: list[Visit]) -> None:
        ids = {visit.id for visit in ended}
        with self._lock:
            self._of_tab = {tab: visit_id for tab, visit_id in self._of_tab.items() if visit_id not in ids}
        for visit in ended:
            shutil.rmtree(visit.folder, ignore_errors=True)
        if ended:
            self._ended.set()


def _age_s(file: Path) -> float:
    """How long ago a file was written; endless if it is gone."""
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return math.inf
