"""The queue of everything that computes: first in, first out, with a few worker threads."""

import asyncio
import contextvars
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from page.server.errors import PageError

T = TypeVar("T")
WORKERS = 2
"""Worker threads on two cores.

Measured with `python -m tests.load --pause-s 0` (20 visitors, 12 megapixels, OpenVINO, both cores of an AMD EPYC), the
median time from sending a stroke to its patches: 4.3 s with one worker and two OpenVINO threads, 3.7 to 4.2 s with two
workers and two threads each, 3.3 s with two workers and one thread each. One thread each doubles the time of a single
visitor, so it is two and two. With two workers a large hole, which takes a minute, does not block everybody else.
"""

IDLE_POLL_S = 0.05
"""How often `wait_until_idle` looks at the jobs."""


@dataclass
class _Job:
    """A function in the queue, and the future of its result."""

    request_key: object
    stroke_of: object
    future: Future[Any]
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    last_request: float = field(default_factory=time.monotonic)


class ComputeQueue:
    """Run functions in a few worker threads, first in, first out.

    A request that waits holds a connection but no thread, and for `timeout_s` at most: then it is answered with its
    place in the queue and a ticket. The job stays in the queue either way, and its result is kept until the client
    repeats the request with the ticket.

    The worker threads are never replaced: PyTorch keeps its own threads and memory for each thread that calls it, so
    running in Gradio's forty threads would cost forty times as much.

    Args:
        workers: number of worker threads.
        timeout_s: how long a request waits in the queue before it is answered with its place.
        work_timeout_s: how much longer it waits once its job runs. Proxies close connections that are silent for a
            minute.
        keep_s: how long a result is kept for a client that does not fetch it.
        max_waiting: how many jobs may wait; further ones are declined.
    """

    def __init__(
        self,
        workers: int = 1,
        timeout_s: float = 3,
        work_timeout_s: float = 25,
        keep_s: float = 60,
        max_waiting: int = 200,
    ) -> None:
        self.workers, self.max_waiting = workers, max_waiting
        self.timeout_s, self.work_timeout_s, self.keep_s = timeout_s, work_timeout_s, keep_s
        self._jobs: dict[str, _Job] = {}  # by ticket, in the order of arrival
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, "compute")

    async def run(
        self,
        work: Callable[[], T],
        *,
        ticket: object = None,
        request_key: object = None,
        stroke_of: object = None,
        wait_until_done: bool = False,
    ) -> T:
        """Call `work` in a worker thread when its turn comes, and return its result.

        Args:
            work: the function; it sees the context variables of the caller.
            ticket: from an earlier "busy" answer: wait for that job instead of adding one.
            request_key: identifies the client and the request. While a job with an equal key has not been answered, a
                repeated request (as after a lost connection) waits for that job instead of adding one. None: always
                add a job.
            stroke_of: the client whose stroke this is, see `has_strokes`; None: it is no stroke.
            wait_until_done: wait without a timeout.

        Returns:
            What `work` returns.

        Raises:
            PageError: "busy", with the `place` in the queue (1: next, 0: running) and the `ticket`; "full" if too many
                jobs wait, or the queue has been closed. What `work` raises is raised as well.
        """
        job = self._find_or_add(work, ticket, request_key, stroke_of)
        result = asyncio.wrap_future(job.future)
        result.add_done_callback(lambda done: done.cancelled() or done.exception())  # retrieved here, raised below
        try:
            await asyncio.wait([result], timeout=None if wait_until_done else self.timeout_s)
            if job.future.running():
                await asyncio.wait([result], timeout=self.work_timeout_s)
        except asyncio.CancelledError:
            job.future.cancel()  # takes it out of the queue; a running job cannot be cancelled
            raise
        if not job.future.done():
            raise PageError("busy", place=self._place(job), ticket=job.ticket)
        with self._lock:
            self._jobs.pop(job.ticket, None)
        if job.future.cancelled():
            raise PageError("full")
        return job.future.result()

    def close(self, wait_s: float) -> None:
        """Decline all jobs that wait and all that follow, and wait for those that run, but not longer than `wait_s`."""
        with self._lock:
            self.max_waiting = 0
            running = [job.future for job in self._jobs.values()]
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait(running, max(wait_s, 0))

    def __len__(self) -> int:
        """Return how many jobs wait for a worker."""
        with self._lock:
            return sum(map(_is_waiting, self._jobs.values()))

    def has_strokes(self, but_of: object) -> bool:
        """Return whether a stroke waits or runs, other than those of one client."""
        with self._lock:
            strokes = [job for job in self._jobs.values() if job.stroke_of not in (None, but_of)]
        return not all(job.future.done() for job in strokes)

    def wait_until_idle(self, timeout_s: float = 60) -> None:
        """Return once no job waits or runs, or after the timeout. For threads that compute outside the queue."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self._is_busy():
            time.sleep(IDLE_POLL_S)

    def _is_busy(self) -> bool:
        with self._lock:
            return not all(job.future.done() for job in self._jobs.values())

    def _find_or_add(self, work: Callable[[], Any], ticket: object, request_key: object, stroke_of: object) -> _Job:
        """Return the job of a repeated request, or a new one at the end of the queue."""
        with self._lock:
            oldest = time.monotonic() - self.keep_s
            self._jobs = {
                key: job for key, job in self._jobs.items() if not (job.future.done() and job.last_request < oldest)
            }
            job = self._jobs.get(ticket) if isinstance(ticket, str) else None
            if job is None and request_key is not None:
                job = next((each for each in self._jobs.values() if each.request_key == request_key), None)
            if job is None:
                if sum(map(_is_waiting, self._jobs.values())) >= self.max_waiting:
                    raise PageError("full")
                job = _Job(request_key, stroke_of, self._pool.submit(contextvars.copy_context().run, work))
                self._jobs[job.ticket] = job
            job.last_request = time.monotonic()
            return job

    def _place(self, job: _Job) -> int:
        """Return a job's place among those that wait, from 1; 0 if it is running."""
        with self._lock:
            waiting = [each.ticket for each in self._jobs.values() if _is_waiting(each)]
        return waiting.index(job.ticket) + 1 if job.ticket in waiting else 0


def _is_waiting(job: _Job) -> bool:
    return not (job.future.running() or job.future.done())
