"""A time limit on the headers of requests, which the web server does not have."""

import asyncio
from typing import Any

HEADERS_TIMEOUT_S = 20.0
"""How long a connection may take to send the headers of a request."""


def limit_connections(server: Any, timeout_s: float = HEADERS_TIMEOUT_S) -> None:
    """Close connections to a running server that do not complete the headers of a request in time.

    uvicorn closes connections that are silent between two requests, but waits for ever for the first one, and for one
    that has begun; each such connection takes a file descriptor of the process. What follows the headers is limited by
    `page.server.limits.RequestLimits`.

    Args:
        server: a `uvicorn.Server`, as `launch` leaves it in the page; it creates a protocol object per connection.
        timeout_s: the limit.
    """
    protocol: type[asyncio.Protocol] = server.config.http_protocol_class

    class WithTimeout(protocol):  # type: ignore[misc, valid-type]
        timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._watch()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._watch()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            super().connection_lost(exc)

        def _watch(self) -> None:
            """Let the timer run while the headers of a request are awaited; more data does not restart it."""
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self.timer is None:
                self.timer = asyncio.get_running_loop().call_later(timeout_s, self._close)

        def _stop(self) -> None:
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

        def _close(self) -> None:
            self.timer = None
            handed_over = self.transport.get_protocol() is not self  # to the protocol of WebSockets
            if not handed_over and (self.cycle is None or self.cycle.response_complete):
                self.transport.abort()

    server.config.http_protocol_class = WithTimeout
