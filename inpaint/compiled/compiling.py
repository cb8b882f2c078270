"""A note that kernels are being compiled, and the end of compiling when the process ends.

Without the note, a user of a program would wait unawares: for some seconds, or half a minute if much is to be compiled.
"""

import functools
import logging
import sys
import threading

from inpaint.program import program_name

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
    """Note, once in a process, that a kernel has to be compiled.

    Each kind of work has kernels of its own (thin and thick holes, the search for damage, JPEG files, and so on), which
    are compiled when they are first needed: the note may appear again in another process.
    """
    log.info(
        "compiling the kernels that this needs, which takes up to half a minute or so; they are kept. Other kinds of"
        " work need other kernels: %s compiles all of them at once",
        program_name("inpaint.warm_up", "warm-up"),
    )


def leave_if_process_ends() -> None:
    """Raise SystemExit, which ends a thread without a message, in a daemon thread while the process ends."""
    if process_ends.is_set() and threading.current_thread().daemon:
        raise SystemExit
