"""End a command soon after SIGINT, SIGTERM or SIGHUP, with what is to be done before."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
GRACE_S = 3
"""How long the main thread may take to end by itself. Docker and batch systems kill a process ten seconds or more after
SIGTERM.
"""


class Interruption:
    """While entered, the first signal raises KeyboardInterrupt in the main thread; further ones are ignored.

    A signal that the process ignored before stays ignored. Python raises the exception when native code returns, such
    as the encoder of a large photo, which may take a minute. If the block has not ended GRACE_S after the signal, the
    process ends all the same, from another thread. Outside of the main thread, where Python handles no signals, nothing
    is installed.

    Args:
        before_end: called before the process is ended in that way. It must not wait for the main thread.

    Attributes:
        exit_code: 128 + the number of the signal, as in shells; 130 before there is one.
    """

    def __init__(self, before_end: Callable[[], object]) -> None:
        self.exit_code = 128 + signal.SIGINT
        self._before_end = before_end
        self._requested, self._ended = False, threading.Event()
        self._previous: dict[int, object] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._receiver, self._sender = socket.socketpair()
            self._sender.setblocking(False)
            self._previous_fd = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
            heeded = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # as by nohup
            self._previous = {number: signal.signal(number, self._handle) for number in heeded}
            self._thread = threading.Thread(target=self._watch, name="interruption", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if hasattr(self, "_thread"):
            for number, handler in self._previous.items():
                signal.signal(number, handler)  # type: ignore[arg-type]
            signal.set_wakeup_fd(self._previous_fd)
            self._sender.close()  # ends the thread
            self._thread.join()
            self._receiver.close()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self._requested:
            self._requested, self.exit_code = True, 128 + number
            raise KeyboardInterrupt

    def _watch(self) -> None:
        """Wait for a signal, whose number is sent at once, also while native code runs; then for the end."""
        while number := self._receiver.recv(1):
            if number[0] in SIGNALS and not self._ended.wait(GRACE_S):
                try:
                    self.exit_code = 128 + number[0]
                    self._before_end()
                finally:
                    os._exit(self.exit_code)
