"""A note that kernels are being compiled, and the end of compiling when the process ends.

Without the note, a user of a program would wait for half a minute unawares.
"""

import functools
import logging
import sys
import threading

log = logging.getLogger(__name__)

process_ends = threading.Event()
"""Set once the process ends: threads that it does not wait for compile nothing more."""


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as a note to what is standard error at that time."""
        print(f"note: {record.getMessage()}", file=sys.stderr, flush=True)


def show_note() -> None:
    """Write the note to standard error. Without this call it is a record of level INFO, which is hidden by default."""
    log.setLevel(logging.INFO)
    log.propagate = False
    if not log.handlers:
        log.addHandler(_ToStandardError())


@functools.cache
def note_compiling() -> None:
    """Note, once in a process, that a kernel has to be compiled."""
    log.info("compiling the kernels, half a minute or more; they are kept, and later runs start at once")


def leave_if_process_ends() -> None:
    """Raise SystemExit, which ends a thread without a message, in a daemon thread while the process ends."""
    if process_ends.is_set() and threading.current_thread().daemon:
        raise SystemExit
