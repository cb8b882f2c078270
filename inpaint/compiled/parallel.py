"""Running compiled kernels: on several threads, until the result is not wanted."""

import collections
import concurrent.futures
import contextlib
import functools
import itertools
import math
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

Cancelled = Callable[[], bool]
"""Returns True once a result is no longer wanted; it is cheap, and may be called from any thread."""

_alone = threading.local()
_PARTS = 4  # per thread: while one has to wait for a core, the others do its parts


class CancelledError(Exception):
    """A computation was stopped, as its result is no longer wanted."""


def raise_if(cancelled: Cancelled | None) -> None:
    """Raise CancelledError if the result is no longer wanted."""
    if cancelled is not None and cancelled():
        raise CancelledError


def parallel(
    kernel: Callable[..., None], count: int, *arguments: Any, least: int = 2048, even_alone: bool = False
) -> None:
    """Run a kernel on the range from 0 to `count`, in parts that are shared out among threads.

    The calling thread works too, and never waits for a thread that has not started: if all cores are busy, it does
    everything itself.

    Args:
        kernel: called with start, stop and the arguments; it releases the GIL.
        count: length of the range.
        arguments: of the kernel.
        least: length of a part that is worth a call.
        even_alone: also within `one_thread`: for parts that take milliseconds.
    """
    workers = 1 if _is_alone() and not even_alone else max(1, min(threads(), count // least))
    if workers == 1:
        kernel(0, count, *arguments)
        return
    parts = workers * min(_PARTS, count // (least * workers))
    bounds = [count * part // parts for part in range(parts + 1)]
    _share_out([functools.partial(kernel, *part, *arguments) for part in itertools.pairwise(bounds)], workers)


def results_of(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return what functions return, which are called at the same time, also within `one_thread`.

    Args:
        calls: take milliseconds or more, the longest one first. Within `one_thread` each of their kernels still runs on
            one thread.
    """
    results: list[Any] = [None] * len(calls)
    is_alone = _is_alone()

    def compute(number: int) -> None:
        with one_thread(condition=is_alone):
            results[number] = calls[number]()

    _share_out([functools.partial(compute, number) for number in range(len(calls))], min(threads(), len(calls)))
    return results


def _share_out(pieces: Sequence[Callable[[], object]], workers: int) -> None:
    """Do pieces of work on several threads, of which the calling one is the first.

    The first error ends all: what has not begun is not done, and the error is raised once nothing is running.
    """
    todo = collections.deque(pieces)

    def work() -> None:
        while True:
            try:
                piece = todo.popleft()
            except IndexError:
                return
            try:
                piece()
            except BaseException:
                todo.clear()
                raise

    helpers = _started(work, workers - 1)
    try:
        work()
    finally:
        running = [helper for helper in helpers if not helper.cancel()]
        concurrent.futures.wait(running)
    for helper in running:
        helper.result()  # raises its error


def _is_alone() -> bool:
    return getattr(_alone, "is_set", False)


@contextlib.contextmanager
def one_thread(*, condition: bool = True) -> Iterator[None]:
    """Let `parallel` run kernels in the calling thread alone, within this context and if a condition is met.

    Parts of milliseconds are shared out all the same, see `even_alone` and `results_of`. For work of some milliseconds
    in many short kernels: the virtual cores of a server mostly share one core in pairs, and a second thread then saves
    a quarter of the time, and takes 40 % more CPU seconds.
    """
    before = _is_alone()
    _alone.is_set = before or condition
    try:
        yield
    finally:
        _alone.is_set = before


@functools.cache
def threads() -> int:
    """Return how many threads compute: the cores that this process may use, at most OMP_NUM_THREADS."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # "4,2": the second is for nested regions
    limits = [available, _cpu_quota(), int(wanted) if wanted.isdecimal() else 0]
    return min(limit for limit in limits if limit)


def _cpu_quota(folder: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many cores a container may use, rounded up; 0: no limit is known.

    Reference:
        Linux, Documentation/admin-guide/cgroup-v2.rst (cpu.max) and scheduler/sched-bwc.rst (version 1).
    """
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            quota, period = " ".join((folder / name).read_text() for name in names).split()
            return max(math.ceil(int(quota) / int(period)), 0)
        except (OSError, ValueError):  # there is no such file, or it says "max"
            continue
    return 0


def _started(work: Callable[[], None], count: int) -> list[concurrent.futures.Future[None]]:
    """Return the futures of calls of a function in other threads; fewer if no more threads can be started."""
    started: list[concurrent.futures.Future[None]] = []
    with contextlib.suppress(RuntimeError):  # the interpreter ends, or the system's limit is reached
        while len(started) < count:
            started.append(_pool(os.getpid()).submit(work))
    return started


@functools.lru_cache(maxsize=1)
def _pool(process: int) -> concurrent.futures.ThreadPoolExecutor:
    """Return the threads of a process: those of the parent do not exist in a fork."""
    return concurrent.futures.ThreadPoolExecutor(threads(), thread_name_prefix="synthesis")
