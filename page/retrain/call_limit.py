"""How many calls of the training page run at once: each holds one of Gradio's forty threads, and waits for the Hub."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from page.server.errors import PageError

MAX_CALLS, MAX_CALLS_OF_CLIENT = 20, 6
"""Together, and of one client: a page has two or three under way. The other threads are left to the editor's page."""


class CallLimit:
    """Counts the calls that run.

    Args:
        most: together.
        most_of_client: of one client.
    """

    def __init__(self, most: int = MAX_CALLS, most_of_client: int = MAX_CALLS_OF_CLIENT) -> None:
        self.most, self.most_of_client = most, most_of_client
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def counted(self, client: str) -> Iterator[None]:
        """Count a call of a client in this context.

        Raises:
            PageError: "full" if too many run.
        """
        with self._lock:
            if self._running[client] >= self.most_of_client or self._running.total() >= self.most:
                raise PageError("full")
            self._running[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running -= Counter([client])
