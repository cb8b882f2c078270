"""The queue of everything that computes: strokes first, else first come, first served, with a share for each client."""

import asyncio
import contextvars
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from page.server.errors import PageError
from page.server.fair_share import FairShare

T = TypeVar("T")
WORKERS = 2
"""Worker threads on two cores.

Measured with `python -m tests.load --pause-s 0` (20 visitors, 12 megapixels, OpenVINO, both cores of an AMD EPYC), the
median time from sending a stroke to its patches: 4.3 s with one worker and two OpenVINO threads, 3.7 to 4.2 s with two
workers and two threads each, 3.3 s with two workers and one thread each. One thread each doubles the time of a single
visitor, so it is two and two. With two workers a large hole, which takes a minute, does not block everybody else.
"""

STROKES_FIRST_S = 4
"""A stroke is served before openings of photos, searches and the like that arrived up to this long before it: it is a
matter of some 30 ms, they take ten times as long and more, and who paints looks at the screen."""
IDLE_POLL_S = 0.05
"""How often `wait_until_idle` looks at the jobs."""
MAX_WAITING_PER_VISIT = 8
"""How many jobs of one visit may wait; the page sends the next stroke when the last one is answered."""
CLIENTS_SHARE = 4
"""A client may take a fourth of the places in the queue: a class behind one address still has fifty."""


@dataclass
class _Job:
    """A function in the queue, and the future of its result."""

    work: Callable[[], Any]
    request_key: object
    stroke_of: object
    visit: object
    client: object
    arrived: float = field(default_factory=time.monotonic)
    future: Future[Any] = field(default_factory=Future)
    listeners: int = 0
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    last_request: float = field(default_factory=time.monotonic)
    withdrawn: bool = False


class ComputeQueue:
    """Run functions in a few worker threads, first come, first served, and fairly between clients and visits.

    Strokes count as if they had arrived STROKES_FIRST_S earlier, but never before an earlier job of their visit.

    A visit has one job running at a time; its others wait in the queue and hold no thread. While jobs of several
    clients wait, each client has its turn, however many jobs it has in the queue, and one client never occupies all
    workers while there are others (see `FairShare`).

    A request that waits holds a connection but no thread, and for `timeout_s` at most: then it is answered with its
    place in the queue and a ticket. The job stays in the queue either way, and its result is kept until the client
    repeats the request with the ticket. A job that nobody has asked for in twice `keep_s` is dropped before it runs.

    The worker threads are never replaced: PyTorch keeps its own threads and memory for each thread that calls it, so
    running in Gradio's forty threads would cost forty times as much.

    Args:
        workers: number of worker threads.
        timeout_s: how long a request waits in the queue before it is answered with its place.
        work_timeout_s: how much longer it waits once its job runs. Proxies close connections that are silent for a
            minute.
        keep_s: how long a result is kept for a client that does not fetch it.
        max_waiting: how many jobs may wait; further ones are declined. A client may take a fourth of them, a visit
            MAX_WAITING_PER_VISIT.

    Attributes:
        served: how many jobs have run.
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
        self.served = 0
        self._jobs: dict[str, _Job] = {}  # by ticket, in the order of arrival
        self._running: list[_Job] = []
        self._share = FairShare(workers)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, "compute")

    async def run(
        self,
        work: Callable[[], T],
        *,
        ticket: object = None,
        request_key: object = None,
        stroke_of: object = None,
        visit: object = None,
        client: object = None,
        wait_until_done: bool = False,
    ) -> T:
        """Call `work` in a worker thread when its turn comes, and return its result.

        Args:
            work: the function; it sees the context variables of the caller.
            ticket: from an earlier "busy" answer: wait for that job instead of adding one.
            request_key: identifies the client and the request. While a job with an equal key has not been answered, a
                repeated request (as after a lost connection) waits for that job instead of adding one. None: always
                add a job.
            stroke_of: the visit whose stroke this is, which goes first (see `has_strokes` too); None: it is no stroke.
            visit: the visit that the job works on, at most one at a time; None: it needs no visit for itself.
            client: who sent it, as `client_of` says; None: nobody in particular, without a limit of its own.
            wait_until_done: wait without a timeout.

        Returns:
            What `work` returns.

        Raises:
            PageError: "busy", with the `place` in the queue (1: next, 0: running) and the `ticket`; "full" if too many
                jobs wait, in all or of this client or visit, or the queue has been closed; "cancelled" if `cancel` took
                the job out of the queue. What `work` raises is raised
                as well.
        """
        new = _Job(partial(contextvars.copy_context().run, work), request_key, stroke_of, visit, client)
        job = self._find_or_add(new, ticket)
        self._start_jobs()
        result = asyncio.wrap_future(job.future)
        result.add_done_callback(lambda done: done.cancelled() or done.exception())  # retrieved here, raised below
        try:
            await asyncio.wait([result], timeout=None if wait_until_done else self.timeout_s)
            if job.future.running():
                await asyncio.wait([result], timeout=self.work_timeout_s)
        except asyncio.CancelledError:
            job.future.cancel()  # takes it out of the queue; a running job cannot be cancelled
            raise
        finally:
            job.listeners -= 1
            job.last_request = time.monotonic()
        if not job.future.done():
            raise PageError("busy", place=self._place(job), ticket=job.ticket)
        with self._lock:
            self._jobs.pop(job.ticket, None)
        if job.future.cancelled():
            raise PageError("cancelled" if job.withdrawn else "full")
        return job.future.result()

    def cancel(self, visit: object) -> None:
        """Take the jobs of a visit that wait out of the queue. Those that run have to end by themselves."""
        with self._lock:
            waiting = [job for job in self._jobs.values() if job.visit == visit and _is_waiting(job)]
            for job in waiting:
                job.withdrawn = True
        for job in waiting:
            job.future.cancel()

    def close(self, wait_s: float) -> None:
        """Decline all jobs that wait and all that follow, and wait for those that run, but not longer than `wait_s`."""
        with self._lock:
            self.max_waiting = 0
            running = [job.future for job in self._jobs.values() if not job.future.cancel()]
        wait(running, max(wait_s, 0))

    def __len__(self) -> int:
        """Return how many jobs wait for a worker."""
        with self._lock:
            return sum(map(_is_waiting, self._jobs.values()))

    def has_strokes(self, but_of: object) -> bool:
        """Return whether a stroke waits or runs, other than those of one visit."""
        with self._lock:
            strokes = [job for job in self._jobs.values() if job.stroke_of not in (None, but_of)]
        return not all(job.future.done() for job in strokes)

    def wait_until_idle(self, timeout_s: float = 60) -> None:
        """Return once no job waits or runs, or after the timeout. For threads that compute outside the queue."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and self.is_busy():
            time.sleep(IDLE_POLL_S)

    def is_busy(self) -> bool:
        """Return whether a job waits or runs."""
        with self._lock:
            return not all(job.future.done() for job in self._jobs.values())

    def _find_or_add(self, new: _Job, ticket: object) -> _Job:
        """Return the job of a repeated request, or the new one, which then has a place in the queue."""
        with self._lock:
            self._drop_forgotten()
            job = self._jobs.get(ticket) if isinstance(ticket, str) else None
            if job is None and new.request_key is not None:
                job = next((each for each in self._jobs.values() if each.request_key == new.request_key), None)
            if job is None:
                self._check_limits(new)
                job = self._jobs[new.ticket] = new
                self._share.arrived(new.client)
            job.last_request = time.monotonic()
            job.listeners += 1
            return job

    def _drop_forgotten(self) -> None:
        """Drop results that nobody fetches, and jobs that nobody waits for any more."""
        now = time.monotonic()
        for job in list(self._jobs.values()):
            silent_s = 0 if job.listeners else now - job.last_request
            unfetched = job.future.done() and silent_s > self.keep_s
            if unfetched or (silent_s > 2 * self.keep_s and job.future.cancel()):
                del self._jobs[job.ticket]

    def _check_limits(self, new: _Job) -> None:
        waiting = [job for job in self._jobs.values() if _is_waiting(job)]
        of_visit = sum(job.visit == new.visit for job in waiting) if new.visit is not None else 0
        of_client = sum(job.client == new.client for job in waiting) if new.client is not None else -1
        too_many = len(waiting) >= self.max_waiting or of_visit >= MAX_WAITING_PER_VISIT
        if too_many or of_client >= self.max_waiting // CLIENTS_SHARE:
            raise PageError("full")

    def _start_jobs(self) -> None:
        """Give free workers to the jobs whose turn it is."""
        with self._lock:
            while len(self._running) < self.workers and (job := self._next()) is not None:
                if job.future.set_running_or_notify_cancel():
                    self._running.append(job)
                    self._pool.submit(self._work, job)

    def _next(self) -> _Job | None:
        visits = {job.visit for job in self._running if job.visit is not None}
        running = [job.client for job in self._running]
        for job in self._in_order():
            if job.visit not in visits and self._share.may_start(job.client, running):
                return job
        return None

    def _in_order(self) -> list[_Job]:
        """Return the jobs that wait, the next one first."""
        waiting = [job for job in self._jobs.values() if _is_waiting(job)]
        requests, visits = [], set[object]()
        for job in waiting:
            is_first = job.stroke_of is not None and job.visit not in visits  # it may follow an undo, say
            requests.append((job.client, job.arrived, STROKES_FIRST_S if is_first else 0.0))
            if not is_first and job.visit is not None:
                visits.add(job.visit)
        return [waiting[index] for index in self._share.order(requests, [job.client for job in self._running])]

    def _work(self, job: _Job) -> None:
        """Run a job in a worker thread, then start the next one."""
        result, error = None, None
        try:
            result = job.work()
        except BaseException as raised:  # as ThreadPoolExecutor does: it belongs to who waits for the job
            error = raised
        with self._lock:
            self._running.remove(job)
            self.served += 1
            self._share.ended(job.client)
        self._start_jobs()
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)

    def _place(self, job: _Job) -> int:
        """Return a job's place among those that wait, from 1; 0 if it is running."""
        with self._lock:
            waiting = [each.ticket for each in self._in_order()]
        return waiting.index(job.ticket) + 1 if job.ticket in waiting else 0


def _is_waiting(job: _Job) -> bool:
    return not (job.future.running() or job.future.done())
