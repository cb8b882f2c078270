"""How much of the event loop a client may use while others are there: it parses all requests, one after the other."""

import asyncio
import threading
import time

from page.server.fair_share import CROWDED_S

SHARE, BURST_S = 0.4, 2.0
"""Part of the time of the event loop that is for one client, and how many seconds it may use at once: a browser
that loads the page needs a fifth of a second, and a large photo half a second.
"""
MAX_WAIT_S = 20.0
"""Longest wait of a request; what a client asks for beyond that is not counted."""
GET_S, POST_S, BYTE_S, DECLINED_S = 0.002, 0.005, 5e-9, 0.1
"""What a request, a call, a byte of a body, and a request that is declined count as; the last one is a price, so that a
client does not come back at once.
"""


class Pace:
    """Let the requests of a client wait while it takes more than its share and other clients are there.

    Methods may be called from any thread.
    """

    def __init__(self, share: float = SHARE, burst_s: float = BURST_S) -> None:
        self.share, self.burst_s = share, burst_s
        self._used: dict[str, tuple[float, float]] = {}  # seconds in use, and when they were counted
        self._lock = threading.Lock()

    def charge(self, client: str, seconds: float) -> float:
        """Count what a client uses, and return for how many seconds its request is to wait."""
        now = time.monotonic()
        with self._lock:
            if len(self._used) > 1:
                self._used = {key: value for key, value in self._used.items() if value[1] > now - CROWDED_S}
            used, counted = self._used.get(client, (0.0, now))
            used = max(0.0, used - (now - counted) * self.share) + seconds
            is_alone = not self._used.keys() - {client}
            used = min(used, self.burst_s if is_alone else self.burst_s + MAX_WAIT_S * self.share)
            self._used[client] = used, now
            return max(0.0, used - self.burst_s) / self.share

    async def wait(self, client: str, seconds: float) -> None:
        """Count what a client uses, and wait as long as `charge` says."""
        if (wait_s := self.charge(client, seconds)) > 0:
            await asyncio.sleep(wait_s)
