"""Tasks that depend on a few earlier ones: computed several at a time, their results in order."""

import collections
import concurrent.futures
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Result = TypeVar("Result")

_LOOKAHEAD = 12
"""Per worker, how many tasks beyond the next result may be started, and hold their results."""


def ordered(
    count: int, needs: Callable[[int], Sequence[int]], task: Callable[[int], Result], workers: int
) -> Iterator[Result]:
    """Yield the results of tasks 0 to `count` - 1 in this order, computing several at a time.

    No task is started before a result is asked for. If the caller stops early or a task raises an error, tasks that
    have not begun are dropped.

    Args:
        count: how many tasks there are.
        needs: returns the tasks that must be done before a task begins: earlier ones only.
        task: computes a result; it releases the GIL most of the time.
        workers: how many run at a time; 1: the caller's thread computes each one when it is asked for.

    Raises:
        Exception: whatever a task raises, in the place of its result.
    """
    if workers == 1 or count == 1:
        yield from map(task, range(count))
        return
    with concurrent.futures.ThreadPoolExecutor(workers, thread_name_prefix="ordered") as pool:
        waiting = collections.deque(range(count))
        started: dict[int, concurrent.futures.Future[Result]] = {}
        unfinished: set[int] = set(waiting)
        try:
            for index in range(count):
                while True:
                    done = {number for number, future in started.items() if future.done()}
                    unfinished -= done
                    ready = _ready(waiting, needs, unfinished, index + workers * _LOOKAHEAD)
                    for number in ready[: 2 * workers - (len(started) - len(done))]:  # as many again wait in line
                        waiting.remove(number)
                        started[number] = pool.submit(task, number)
                    if index in started and started[index].done():
                        break
                    running = [future for future in started.values() if not future.done()]
                    concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                unfinished.discard(index)
                yield started.pop(index).result()
        finally:
            for future in started.values():
                future.cancel()


def _ready(
    waiting: collections.deque[int], needs: Callable[[int], Sequence[int]], unfinished: set[int], before: int
) -> list[int]:
    """Return the waiting tasks below a number whose needs are done, in order."""
    found = []
    for number in waiting:
        if number >= before:
            break
        if unfinished.isdisjoint(needs(number)):
            found.append(number)
    return found
