"""Computing the next results in other threads while the caller uses the last one."""

import collections
import concurrent.futures
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Result = TypeVar("Result")

_WORKERS = 2  # one prepares while the other's network computes, which uses all cores


def ahead(tasks: Iterable[Callable[[], Result]]) -> Iterator[Result]:
    """Yield the results of tasks in their order, computing two at a time; none is started before it is asked for.

    If the caller stops early or a task raises an error, tasks that have not begun are dropped.

    Args:
        tasks: they do not depend on each other, and release the GIL most of the time.

    Raises:
        Exception: whatever a task raises.
    """
    with concurrent.futures.ThreadPoolExecutor(_WORKERS, thread_name_prefix="ahead") as pool:
        waiting = iter(tasks)
        started = collections.deque(pool.submit(task) for task in itertools.islice(waiting, _WORKERS))
        try:
            while started:
                result = started.popleft().result()
                started.extend(pool.submit(task) for task in itertools.islice(waiting, 1))
                yield result
        finally:
            for future in started:
                future.cancel()
