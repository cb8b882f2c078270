"""Which browser tabs and clients are there: what belongs to others is removed soon."""

import contextlib
import math
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

AWAY_S = 40.0
"""A tab or a client without a request and without a connection for this long has left. A page that is loaded again is
back within seconds; a phone that sleeps for longer opens its photo again when it wakes, and repeats all that was done.
"""
FORGET_S = 3600
_HEARTBEAT = re.compile(r"/gradio_api/heartbeat/([^/]+)/?")


class Presence:
    """Tabs and clients by key, with their requests that are under way, and the files that clients have sent."""

    def __init__(self) -> None:
        self._under_way: Counter[object] = Counter()
        self._seen: dict[object, float] = {}
        self._senders: dict[Path, str] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def request(self, *keys: object) -> Iterator[None]:
        """Note in this context that requests of these tabs or clients are under way; None is nobody."""
        known = [key for key in keys if key is not None]
        with self._lock:
            self._under_way.update(known)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= Counter(known)
                self._seen |= dict.fromkeys(known, time.monotonic())

    def away_s(self, key: object) -> float:
        """Return the seconds since the last request ended, 0 while one is under way, infinity for unknown ones."""
        with self._lock:
            return self._away_s(key)

    def sent(self, client: str, files: Iterable[Path]) -> None:
        """Note that a client has sent files."""
        with self._lock:
            self._senders |= dict.fromkeys(files, client)

    def sender_away_s(self, file: Path) -> float:
        """Return `away_s` of who has sent a file."""
        with self._lock:
            return self._away_s(self._senders.get(file))

    def purge(self) -> None:
        """Forget files that are gone, and who has not been seen for an hour."""
        with self._lock:
            self._senders = {file: client for file, client in self._senders.items() if file.exists()}
            self._seen = {key: at for key, at in self._seen.items() if at > time.monotonic() - FORGET_S}

    def _away_s(self, key: object) -> float:
        return 0.0 if self._under_way[key] else time.monotonic() - self._seen.get(key, -math.inf)


PRESENCE = Presence()
"""Of this process: the middleware notes here what the visits look up."""


def tab_of(path: str) -> str | None:
    """Return the tab whose connection a request is: Gradio's page keeps one open for as long as it is open itself."""
    match = _HEARTBEAT.fullmatch(path)
    return match[1] if match else None
