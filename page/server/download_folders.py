"""Folders for files that visitors download: one for each visit, and temporary ones for what comes after it."""

import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path


class DownloadFolders:
    """Unguessable subfolders of a folder. Nothing else is ever removed.

    Args:
        folder: of the run; it may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._temporary: dict[Path, float] = {}
        self._lock = threading.Lock()

    def new_path(self) -> Path:
        """Return an unguessable path. Nothing is there yet."""
        return self.folder / secrets.token_urlsafe(24)

    def make_temporary(self) -> Path:
        """Return a new folder for a file that is downloaded soon; `remove_temporary` removes it."""
        folder = self.new_path()
        with self._lock:
            self._temporary[folder] = time.monotonic()
        folder.mkdir(parents=True)
        return folder

    def remove_temporary(self, min_age_s: float) -> None:
        """Remove the temporary folders that are at least this old."""
        with self._lock:
            old = [path for path, made in self._temporary.items() if made <= time.monotonic() - min_age_s]
            for path in old:
                del self._temporary[path]
        for path in old:
            self.remove(path)

    def remove_others(self, in_use: Callable[[], set[Path]]) -> None:
        """Remove all that are neither temporary nor in use: a request may write the folder of an ended visit anew.

        Args:
            in_use: returns the folders of open visits. It is called once the folders are listed: one that is made
                after that is not looked at.
        """
        found = set(self.folder.iterdir()) if self.folder.is_dir() else set()
        with self._lock:
            temporary = set(self._temporary)
        for path in found - temporary - in_use():
            self.remove(path)

    def remove(self, path: Path) -> None:
        """Remove a folder if it is one of those that `new_path` names, and nothing else."""
        if path.parent == self.folder and re.fullmatch("[A-Za-z0-9_-]{32}", path.name) and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
