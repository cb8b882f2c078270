"""Running the compiled kernels: whether they are available, on several threads, until the result is not wanted."""

import concurrent.futures
import functools
import importlib.util
import itertools
import logging
import os
from collections.abc import Callable
from typing import Any

Cancelled = Callable[[], bool]
"""Returns True once the result is no longer wanted."""


class CancelledError(Exception):
    """The synthesis was stopped, as its result is no longer wanted."""


@functools.cache
def is_available() -> bool:
    """Return whether the kernels can be compiled; if not, log once what is missing."""
    if importlib.util.find_spec("numba") is not None:
        return True
    logging.getLogger(__name__).warning("numba is not installed, so thick holes get less texture: pip install numba")
    return False


def raise_if(cancelled: Cancelled | None) -> None:
    """Raise CancelledError if the result is no longer wanted."""
    if cancelled is not None and cancelled():
        raise CancelledError


def parallel(kernel: Callable[..., None], count: int, *arguments: Any, least: int = 2048) -> None:
    """Run a kernel on the range from 0 to `count`, cut into one part per thread.

    Args:
        kernel: called with start, stop and the arguments; it releases the GIL.
        count: length of the range.
        arguments: of the kernel.
        least: length of a part that is worth a thread.
    """
    parts = max(1, min(_threads(), count // least))
    bounds = [count * part // parts for part in range(parts + 1)]
    running = [_pool().submit(kernel, *part, *arguments) for part in itertools.pairwise(bounds[1:])]
    kernel(0, bounds[1], *arguments)
    for part in running:
        part.result()


@functools.cache
def _threads() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(available, int(limit))) if limit.isdigit() else available


@functools.cache
def _pool() -> concurrent.futures.ThreadPoolExecutor:
    return concurrent.futures.ThreadPoolExecutor(_threads(), thread_name_prefix="synthesis")
