"""Turns: who computes next. First come, first served, also for somebody who has to ask several times."""

import asyncio
import contextvars
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from page.server.refusal import Refusal

T = TypeVar("T")
AT_ONCE = 2
"""How many compute at once on two cores.

Measured with `python -m tests.load --pause-s 0` (20 visitors, 12 megapixels, OpenVINO, both cores of an AMD EPYC): from
sending a stroke to its patches 4.3 s in the median with one at once and two threads, 3.7 to 4.2 s with two and two
threads each, 3.3 s with two and one thread each. The last would double the time of a visitor who is alone, so it is the
second; with it somebody's large hole, which takes a minute, does not keep everybody else waiting either.
"""


@dataclass
class _Job:
    """Something to compute, and its result once it is there."""

    wish: object
    result: Future[Any]
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    asked: float = field(default_factory=time.monotonic)


class Turns:
    """A line in front of a few threads that compute.

    Whoever waits holds no thread, only a connection, and that no longer than `patience_s`: then it is told its place
    and a ticket. Its turn comes whether it asks again or not, and the result is kept until it does.

    The threads are always the same ones: PyTorch keeps workers and memory for each thread that it is called from, so
    Gradio's forty would cost forty times that.

    Args:
        at_once: how many compute at the same time.
        patience_s: how long a request waits in the line before it is told its place.
        work_s: how much longer it waits while its work is being done: proxies close what is silent for a minute.
        keep_s: how long a result is kept for somebody who does not ask for it.
        most: how many may stand in the line.
    """

    def __init__(
        self, at_once: int = 1, patience_s: float = 3, work_s: float = 25, keep_s: float = 60, most: int = 200
    ) -> None:
        self.at_once, self.patience_s, self.work_s, self.keep_s, self.most = at_once, patience_s, work_s, keep_s, most
        self._jobs: dict[str, _Job] = {}  # in the order of arrival
        self._lock = threading.Lock()
        self._hands = ThreadPoolExecutor(at_once, "turn")

    async def run(
        self, work: Callable[[], T], *, ticket: object = None, wish: object = None, patient: bool = False
    ) -> T:
        """Call `work` in a thread when its turn has come, and return what it returns.

        Args:
            work: what to do; it sees the caller's context variables.
            ticket: from an earlier answer: not to line up again, but to get that result.
            wish: what is asked for and by whom, for somebody who asks for the same again without a ticket (as after
                a broken connection): as long as that was not answered it is not done twice. None: always done.
            patient: wait for as long as it takes.

        Raises:
            Refusal: "busy" with the `place` in the line (1: the next, 0: at work) and the `ticket`; "full" where
                the line has no place left.
        """
        job = self._lined_up(work, ticket, wish)
        result = asyncio.wrap_future(job.result)
        result.add_done_callback(lambda done: done.cancelled() or done.exception())  # it is raised below, not here
        try:
            await asyncio.wait([result], timeout=None if patient else self.patience_s)
            if job.result.running():
                await asyncio.wait([result], timeout=self.work_s)
        except asyncio.CancelledError:
            job.result.cancel()  # which it cannot any more when it is at work
            raise
        if not job.result.done():
            raise Refusal("busy", place=self._place(job), ticket=job.ticket)
        with self._lock:
            self._jobs.pop(job.ticket, None)
        return job.result.result()

    def __len__(self) -> int:
        """How many stand in the line."""
        with self._lock:
            return sum(map(_waits, self._jobs.values()))

    def _lined_up(self, work: Callable[[], Any], ticket: object, wish: object) -> _Job:
        """The job that somebody asks for again, or a new one at the end of the line."""
        with self._lock:
            latest = time.monotonic() - self.keep_s
            self._jobs = {key: job for key, job in self._jobs.items() if not (job.result.done() and job.asked < latest)}
            job = self._jobs.get(ticket) if isinstance(ticket, str) else None
            if job is None and wish is not None:
                job = next((each for each in self._jobs.values() if each.wish == wish), None)
            if job is None:
                if sum(map(_waits, self._jobs.values())) >= self.most:
                    raise Refusal("full")
                job = _Job(wish, self._hands.submit(contextvars.copy_context().run, work))
                self._jobs[job.ticket] = job
            job.asked = time.monotonic()
            return job

    def _place(self, job: _Job) -> int:
        with self._lock:
            line = [each.ticket for each in self._jobs.values() if _waits(each)]
        return line.index(job.ticket) + 1 if job.ticket in line else 0


def _waits(job: _Job) -> bool:
    return not (job.result.running() or job.result.done())
