"""A visitor who does all at once what must not harm others: for the load test of our own page, on this machine only."""

import contextlib
import os
import random
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from inpaint.temporary_folder import LOCK
from page.server.disk_budget import MAX_CLIENT_BYTES
from page.server.machine import scaled_to_machine
from page.server.visits import MAX_OPEN_BYTES
from tests.load.visitor import Visitor, VisitorError, photo_of

NETWORK = "198.18.0.1"
"""Of the hostile visitor, as a proxy on this machine states it."""
CALLS, VISITS, STALLED, HALF_SENT, UPLOADS = 24, 6, 150, 50, 4
"""Threads that call on one visit and that open photos, stalled uploads, half-sent headers, threads that upload."""
UPLOAD_BYTES = 20_000_000
STOP_S = 60
"""How long a thread may take to end: its request may be waiting."""
FREE_MEMORY_MB = 150
"""By how much the memory of a process may differ that holds nothing: blocks of the allocator, kernels, caches."""


MAX_MEMORY_MB = (scaled_to_machine(MAX_OPEN_BYTES) + 2_200_000_000) / 1e6
"""Limit during the attack: all open photos, the program with its caches (1.5 GB), and two photos of 12 megapixels that
are opened and filled at the same time.
"""
MAX_DISK_MB = (MAX_CLIENT_BYTES + 500_000_000) / 1e6
"""Limit during the attack: the unused uploads of one network, and the files of all open photos."""
SAMPLE_S = 0.5
"""How often memory and disk are looked at."""


class HostileVisitor:
    """One network that calls, opens, uploads and stalls without end, until it is stopped.

    Args:
        url: of the page, which runs on this machine.
        seed: of what it paints.
    """

    def __init__(self, url: str, seed: int = 0) -> None:
        self.seed = seed
        self.url, self.codes = url, Counter[str]()
        self._stop = threading.Event()
        self._photo = photo_of(12)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start all threads."""
        visitor = Visitor(self.url, NETWORK)
        visit, width, height = visitor.open(self._photo)
        works = [(self._paint, visit, width, height, f"{self.seed} {call}") for call in range(CALLS)]
        works += [(self._open,)] * VISITS + [(self._upload,)] * UPLOADS
        stalled = b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n"
        stalled += f"X-Forwarded-For: {NETWORK}\r\n".encode()
        stalled += b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
        works += [(self._stall, stalled)] * STALLED + [(self._stall, b"GET / HTTP/1.1\r\nHost:")] * HALF_SENT
        self._threads = [threading.Thread(target=work, args=arguments, daemon=True) for work, *arguments in works]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let all threads end with what they do now, and wait for that."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_S)

    def _paint(self, visit: str, width: int, height: int, seed: str) -> None:
        visitor, rng = Visitor(self.url, NETWORK), random.Random(seed)
        while not self._stop.is_set():
            across = [[rng.uniform(0, width), rng.uniform(0, height)] for _ in range(2)]
            self._count("paint", lambda across=across: visitor.paint(visit, across, 100))

    def _open(self) -> None:
        visitor = Visitor(self.url, NETWORK)
        while not self._stop.is_set():
            self._count("open", lambda: visitor.open(self._photo))

    def _upload(self) -> None:
        visitor = Visitor(self.url, NETWORK)
        while not self._stop.is_set():
            self._count("upload", lambda: visitor.upload(os.urandom(UPLOAD_BYTES)))

    def _stall(self, sent: bytes) -> None:
        visitor = Visitor(self.url, NETWORK)
        while not self._stop.is_set():
            with (
                contextlib.suppress(OSError),
                socket.create_connection((visitor.url.hostname, visitor.url.port)) as line,
            ):
                line.sendall(sent)
                line.settimeout(1)
                while not self._stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        if not line.recv(1000):
                            break
            self.codes["connections that were ended"] += 1

    def _count(self, name: str, action) -> None:
        try:
            action()
            self.codes[f"{name}: done"] += 1
        except VisitorError:
            self.codes[f"{name}: declined"] += 1
            self._stop.wait(0.2)


class Held(NamedTuple):
    """What a page holds at a moment.

    Attributes:
        sockets: open ones of its process.
        files: of its visitors in its folder.
        megabytes: of these files.
        memory_mb: resident memory of its process.
    """

    sockets: int
    files: int
    megabytes: float
    memory_mb: float

    def __str__(self) -> str:
        return (
            f"{self.sockets} sockets, {self.megabytes:.0f} MB in {self.files} files, {self.memory_mb:.0f} MB of memory"
        )

    def is_free(self, before: "Held") -> bool:
        """Return whether nothing of its visitors is left, compared with what it held before they came."""
        return self.files == 0 and self.memory_mb <= before.memory_mb + FREE_MEMORY_MB


class Peaks:
    """The most memory and disk that a page holds while this context is entered.

    Args:
        pid: of the page's process.
        folder: of its files.
    """

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid, self.folder = pid, folder
        self.memory_mb, self.megabytes = 0.0, 0.0

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Look every SAMPLE_S in another thread."""
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _watch(self, ended: threading.Event) -> None:
        while True:
            with contextlib.suppress(OSError):  # a file that is removed just now
                held = held_by(self.pid, self.folder)
                self.memory_mb = max(self.memory_mb, held.memory_mb)
                self.megabytes = max(self.megabytes, held.megabytes)
            if ended.wait(SAMPLE_S):
                return


def verdict(name: str, value: float, limit: float, unit: str) -> tuple[bool, str]:
    """Return whether a measured value is at most its limit, and a line that says so."""
    met = value <= limit
    return met, f"{'met' if met else 'MISSED'}: {name}: {value:.4g} {unit}, limit {limit:.4g}"


def held_by(pid: int, folder: Path) -> Held:
    """Return what a page holds now."""
    sockets = sum(1 for name in _links(Path(f"/proc/{pid}/fd")) if name.startswith("socket:"))
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    return Held(sockets, len(sizes), sum(sizes) / 1e6, memory_mb(pid))


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process in MB on Linux; 0 elsewhere."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _links(folder: Path) -> list[str]:
    found = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            found.append(str(path.readlink()))
    return found
