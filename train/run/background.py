"""Write the state of a run while it goes on: tensors are copied on their device, and a thread does the rest."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from torch import Tensor


def copied(part: Any) -> Any:
    """Return a copy of nested dicts, lists and tuples whose tensors are copied on their device, without waiting."""
    if isinstance(part, Tensor):
        return part.detach().clone()
    if isinstance(part, dict):
        return {name: copied(value) for name, value in part.items()}
    return type(part)(map(copied, part)) if isinstance(part, list | tuple) else part


class BackgroundWriter:
    """Runs one action after the other in a thread. An error is raised by the next call.

    `submit` waits for the action before, so that no more than one copy of a state is held.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._running: Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether an action is running."""
        return self._running is not None and not self._running.done()

    def submit(self, action: Callable[[], None]) -> None:
        """Run an action in the thread, after the one before, whose error is raised here."""
        self.wait()
        self._running = self._pool.submit(action)

    def wait(self) -> None:
        """Wait for the running action, and raise its error."""
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def close(self) -> None:
        """Wait for the running action and end the thread.

        Raises:
            Exception: the action failed.
        """
        try:
            self.wait()
        finally:
            self._pool.shutdown()
