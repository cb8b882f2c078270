"""Stopping between two steps: Ctrl-C and a polite kill wait for the step in hand, so that its state is whole."""

import signal
import threading
import time
from types import FrameType, TracebackType


class Interrupts:
    """While entered, SIGINT and SIGTERM set `requested` instead of raising; a second one later raises at once.

    Within a second they count as one: torchrun passes Ctrl-C on to processes that the terminal has already told.
    """

    def __init__(self) -> None:
        self.requested = False
        self._at_s = 0.0
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and time.monotonic() - self._at_s > 1:
            raise KeyboardInterrupt
        if not self.requested:
            self.requested, self._at_s = True, time.monotonic()
