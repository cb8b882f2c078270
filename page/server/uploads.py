"""Uploads: Gradio writes each as FOLDER/HASH/NAME, where HASH is that of the content; when they are removed."""

import contextlib
import math
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from inpaint.temporary_folder import LOCK
from page.server.presence import AWAY_S, PRESENCE, Presence

UPLOAD_KEEP_S = 30
"""How long an upload stays after it was sent, and after the last request that uses it. Equal files of two visitors are
one file; and a browser repeats a request that waits after 28 seconds at most.
"""
UNUSED_UPLOAD_KEEP_S, PARTIAL_UPLOAD_KEEP_S = 600, 600
"""How long uploads stay that no request has used, while who sent them is there, as for a second upload that takes long;
and those that broke off.
"""
_HASH = re.compile("[0-9a-f]{64}")


class Uploads:
    """The uploads in a folder. Nothing else is ever removed: only files FOLDER/HASH/NAME, and HASH once it is empty.

    Args:
        folder: Gradio's upload folder, which may be missing.
        presence: of those who send uploads.
    """

    def __init__(self, folder: Path, presence: Presence = PRESENCE) -> None:
        self.folder, self.presence = folder, presence
        self._discarded: set[Path] = set()
        self._in_use: Counter[Path] = Counter()
        self._last_used: dict[Path, float] = {}
        self._lock = threading.Lock()

    def discard(self, file: Path) -> None:
        """Remove an upload once it is UPLOAD_KEEP_S old and no request uses it. What is no upload is left alone."""
        if (upload := self._upload(file)) is not None:
            with self._lock:
                self._discarded.add(upload)

    @contextlib.contextmanager
    def kept(self, paths: Iterable[object]) -> Iterator[None]:
        """Keep uploads in this context, and for UPLOAD_KEEP_S after it.

        Args:
            paths: as the browser sent them; what is no path of an upload is ignored.
        """
        found = [self._upload(Path(path)) for path in paths if isinstance(path, str | Path)]
        files = [file for file in found if file is not None]
        with self._lock:
            self._in_use.update(files)
        try:
            yield
        finally:
            with self._lock:
                self._in_use -= Counter(files)
                self._last_used |= dict.fromkeys(files, time.monotonic())

    def purge_discarded(self, max_age_s: float = UPLOAD_KEEP_S) -> None:
        """Remove discarded uploads from an age on."""
        with self._lock:
            old = {file for file in self._discarded if self._unused_s(file) >= max_age_s}
            self._discarded -= old
            for file in old:
                self.remove(file)
            self._last_used = {file: at for file, at in self._last_used.items() if file.exists()}

    def purge_unused(self) -> None:
        """Remove uploads that no request has used for long or whose sender has left, and those that broke off."""
        for path in list(self.folder.iterdir()) if self.folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink() and _HASH.fullmatch(path.name):
                self._purge_folder(path)
            elif path.is_file() and path.name != LOCK and _age_s(path) >= PARTIAL_UPLOAD_KEEP_S:
                path.unlink(missing_ok=True)

    def _purge_folder(self, folder: Path) -> None:
        for file in list(folder.resolve().iterdir()):
            with self._lock:
                unused_s = self._unused_s(file)
                has_left = self.presence.sender_away_s(file) >= AWAY_S
                if unused_s >= (AWAY_S if has_left else UNUSED_UPLOAD_KEEP_S):
                    self.remove(file)
        if _age_s(folder) >= AWAY_S:
            with contextlib.suppress(OSError):  # there is a file in it
                folder.rmdir()

    def _upload(self, file: Path) -> Path | None:
        """Return the file FOLDER/HASH/NAME that a path names, or None if there is none."""
        folder, root = file.parent, self.folder.resolve()
        if folder.parent not in (self.folder, root) or not _HASH.fullmatch(folder.name) or ".." in file.parts:
            return None
        return root / folder.name / file.name if os.path.isfile(file) and not folder.is_symlink() else None

    def _unused_s(self, file: Path) -> float:
        """Return the seconds since an upload was sent or used, 0 if it is in use. The caller holds the lock."""
        if self._in_use[file]:
            return 0
        return min(_age_s(file), time.monotonic() - self._last_used.get(file, -math.inf))

    def remove(self, file: Path) -> None:
        """Remove an upload now, and its folder if it was the only one there."""
        if (upload := self._upload(file)) is not None:
            with contextlib.suppress(OSError):
                upload.unlink()
                upload.parent.rmdir()


def _age_s(file: Path) -> float:
    """Return the seconds since a file was written; infinity if it is gone."""
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return math.inf
