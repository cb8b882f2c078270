"""How much the files of all visits may take on the disk, and those that one client has uploaded."""

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from page.server.errors import PageError

MAX_DISK_BYTES = 10_000_000_000
"""Of all files of the page together; less where the disk is smaller, see `room_bytes`."""
MAX_CLIENT_BYTES = 2_000_000_000
"""Of one client's uploads that are still there: ten of the largest. An upload goes soon after it was used."""
MAX_CLIENT_UPLOADS, MAX_UPLOADS = 32, 128
"""How many uploads may be under way, of one client, which may be a class, and in all."""


class DiskBudget:
    """Decide whether one more upload fits, and remember who sent what.

    Args:
        folder: where uploads and downloads lie; it may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._under_way: list[tuple[str, int]] = []
        self._sent: dict[Path, str] = {}
        self._lock = threading.Lock()

    def begin(self, client: str, size: int) -> None:
        """Reserve room for an upload; call `end` with the same arguments once it is complete or has failed.

        Args:
            client: who sends it, as `client_of` says.
            size: bytes that it will take at most.

        Raises:
            PageError: "uploads_busy" if too many are under way, "disk_full" if there is no room.
        """
        self._check_number(client)  # before the disk is looked at, which takes longer
        room = room_bytes(self.folder)
        with self._lock:
            held = self._held()
            reserved = sum(each for _, each in self._under_way)
            of_client = self._check_number(client)
            if reserved + size > room or held[client] + sum(of_client) + size > MAX_CLIENT_BYTES:
                raise PageError("disk_full")
            self._under_way.append((client, size))

    def _check_number(self, client: str) -> list[int]:
        """Return the sizes of a client's uploads that are under way; PageError if one more is too many."""
        of_client = [each for owner, each in self._under_way if owner == client]
        if len(of_client) >= MAX_CLIENT_UPLOADS or len(self._under_way) >= MAX_UPLOADS:
            raise PageError("uploads_busy")
        return of_client

    def end(self, client: str, size: int, files: Iterable[Path] = ()) -> None:
        """Release the room; the files that the upload has become count for the client until they are removed."""
        with self._lock:
            self._under_way.remove((client, size))
            self._sent |= dict.fromkeys(files, client)

    def _held(self) -> Counter[str]:
        """Return the bytes of each client's uploads; forget those that have been removed."""
        sizes = {file: _size(file) for file in self._sent}
        self._sent = {file: client for file, client in self._sent.items() if sizes[file] is not None}
        held: Counter[str] = Counter()
        for file, client in self._sent.items():
            held[client] += sizes[file] or 0
        return held


def room_bytes(folder: Path) -> int:
    """Return how many more bytes the files in a folder may take.

    They take MAX_DISK_BYTES at most, and no more than half of what the disk had free without them.
    """
    used = used_bytes(folder)
    above = next(path for path in (folder, *folder.parents) if path.exists())
    return min(MAX_DISK_BYTES, (shutil.disk_usage(above).free + used) // 2) - used


def used_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder; a file with several names counts once."""
    sizes = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))
            except OSError:  # removed this very moment
                continue
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
