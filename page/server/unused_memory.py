"""Memory that nobody uses any more is returned to the system, while the server runs."""

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from inpaint.runtime.malloc import trim_memory
from page.server.compute_queue import ComputeQueue

RELEASE_AFTER_S = 30
"""How long nothing computes until what models keep for the next fill is released: hundreds of megabytes after large
ones, and the next large fill takes a third of a second more.
"""
GROWTH_BYTES = 32_000_000
"""By how much the process grows until free blocks of its heap are returned, also without the end of a visit: requests,
previews and fills of the API may have been large.
"""


class UnusedMemory:
    """Return free memory of the heap to the system, and release caches of models while nothing computes.

    Args:
        queues: run what computes.
        release_after_s: how long they are idle until caches are released.

    Attributes:
        release: functions that release caches, from any thread.
    """

    def __init__(self, queues: Sequence[ComputeQueue], release_after_s: float = RELEASE_AFTER_S) -> None:
        self.queues, self.release_after_s = queues, release_after_s
        self.release: list[Callable[[], None]] = []
        self._served, self._since, self._is_released = 0, time.monotonic(), True
        self._left_bytes = 0

    def check(self, has_freed: bool) -> None:
        """Return what can be returned now; to be called regularly, from one thread.

        Args:
            has_freed: whether something large was freed just before, such as the photo of a visit.
        """
        released = self._release_if_idle()
        if has_freed or released or resident_bytes() > self._left_bytes + GROWTH_BYTES:
            trim_memory()
            self._left_bytes = resident_bytes()

    def _release_if_idle(self) -> bool:
        served, now = sum(queue.served for queue in self.queues), time.monotonic()
        if served != self._served or any(queue.is_busy() for queue in self.queues):
            self._served, self._since, self._is_released = served, now, False
            return False
        if self._is_released or now - self._since < self.release_after_s:
            return False
        self._is_released = True
        for release in self.release:
            try:
                release()
            except Exception:  # of a runtime; what else is purged must go on
                logging.exception("memory of a model could not be released")
        return True


def resident_bytes() -> int:
    """Return how much memory of this process is resident, on Linux; 0 elsewhere."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
