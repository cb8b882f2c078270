"""The files of public models that visitors have named: a folder of limited size that ends with the page."""

import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from inpaint import WeightsError
from inpaint.hub.files import CONFIG_FILE, MAX_BYTES
from inpaint.hub.public import Limits, download_public

MAX_FILES_BYTES = 2_000_000_000
"""Of all models that are kept or being downloaded; a single one has at most half of it."""
MIN_FREE_BYTES = 1_000_000_000
"""What is left free of the disk, for photos."""


class ModelFiles:
    """Downloaded weights by repository and commit. Methods may be called from any thread.

    Args:
        folder: created when it is needed. Whoever removes it ends the page first.
        max_bytes: size of all files; the least recently used ones leave.
        min_free_bytes: of the disk, which a download leaves free.
    """

    def __init__(self, folder: Path, *, max_bytes: int = MAX_FILES_BYTES, min_free_bytes: int = MIN_FREE_BYTES) -> None:
        self.folder, self.max_bytes, self.min_free_bytes = folder, max_bytes, min_free_bytes
        self._kept: OrderedDict[tuple[str, str], Path] = OrderedDict()
        self._sizes: dict[Path, int] = {}  # of folders that are kept or are being written
        self._lock = threading.Lock()

    def __contains__(self, commit: tuple[str, str]) -> bool:
        """Return whether the files of a (repository, sha) are kept."""
        with self._lock:
            return commit in self._kept

    def get(self, repo_id: str, sha: str, timeout_s: float, is_wanted: Callable[[], bool]) -> Path:
        """Return the folder of a commit's weights, which are downloaded unless they are kept.

        Args:
            repo_id: a public repository.
            sha: of the commit.
            timeout_s: of the download.
            is_wanted: polled; once it returns False, the download ends.

        Raises:
            WeightsError: they are refused or cannot be downloaded, or there is no room for them.
            AbandonedError: they were no longer wanted.
        """
        with self._lock:
            kept = self._kept.get((repo_id, sha))
            if kept is not None:
                self._kept.move_to_end((repo_id, sha))
                return kept
        self.folder.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(dir=self.folder))

        def check_space(size: int) -> None:
            self._make_room(repo_id, place, size + MAX_BYTES[CONFIG_FILE])

        try:
            download_public(repo_id, sha, place, Limits(time.monotonic() + timeout_s, is_wanted, check_space))
        except BaseException:
            self._remove(place)
            raise
        with self._lock:
            self._kept[repo_id, sha] = place
        return place

    def discard(self, repo_id: str, sha: str) -> None:
        """Remove the files of a commit, such as those that were refused."""
        with self._lock:
            place = self._kept.pop((repo_id, sha), None)
        if place is not None:
            self._remove(place)

    def _make_room(self, repo_id: str, place: Path, size: int) -> None:
        """Reserve `size` bytes for a folder; the least recently used other ones leave for it."""
        with self._lock:
            leaving = []
            while sum(self._sizes.values()) + size > self.max_bytes and self._kept:
                leaving.append(self._kept.popitem(last=False)[1])
                del self._sizes[leaving[-1]]
            for other in leaving:
                shutil.rmtree(other, ignore_errors=True)
            is_full = sum(self._sizes.values()) + size > self.max_bytes
            if is_full or shutil.disk_usage(self.folder).free < size + self.min_free_bytes:
                message = f"The server has no room for {repo_id} now: try again later, or use smaller weights."
                raise WeightsError(message, "no_room")
            self._sizes[place] = size

    def _remove(self, place: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        with self._lock:
            self._sizes.pop(place, None)
