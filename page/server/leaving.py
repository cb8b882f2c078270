"""End the process soon after a signal, and leave nothing of the visits on the disk."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from page.server.visits import Visits

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WAIT_S = 2
"""How long running requests may take to end. Containers are killed ten seconds after SIGTERM, sometimes sooner."""

ATTEMPTS = 2
"""How often the folder is removed: a request may write a file while it is removed."""


def leave_on_signals(folder: Path, visits: Visits | None = None) -> None:
    """From now on, `leave` at those of SIGNALS that are not ignored, as by nohup; further ones are ignored then."""

    def handle(*_: object) -> NoReturn:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        leave(folder, visits)

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handle)


def leave(folder: Path, visits: Visits | None = None) -> NoReturn:
    """End all visits, remove the folder of this run and end the process within a few seconds.

    Requests that wait are declined. Those that still run after WAIT_S end with the process: a fill may take a minute.

    Args:
        folder: of this run.
        visits: the open photos; None: there are none yet.
    """
    if visits is not None:
        deadline = time.monotonic() + WAIT_S
        for queue in (visits.queue, visits.finish_queue):
            queue.close(deadline - time.monotonic())
        visits.end_all()
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
