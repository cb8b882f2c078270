"""Graceful shutdown: SIGINT and SIGTERM stop a run between two steps, when its state is consistent."""

import signal
import threading
import time
from types import FrameType, TracebackType


class GracefulShutdown:
    """While entered, SIGINT and SIGTERM set `requested` instead of raising; a second signal raises at once.

    Signals within one second count as one: torchrun forwards Ctrl-C to processes that have already received it from the
    terminal. Outside of the main thread, where Python handles no signals, nothing is installed.

    Attributes:
        requested: whether a signal has arrived.
    """

    def __init__(self) -> None:
        self.requested = False
        self._requested_at_s = 0.0
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "GracefulShutdown":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and time.monotonic() - self._requested_at_s > 1:
            raise KeyboardInterrupt
        if not self.requested:
            self.requested, self._requested_at_s = True, time.monotonic()
