"""Retries of a training stream, which outlast an outage of minutes: huggingface_hub itself gives up after 23 s."""

from collections.abc import Callable
from typing import TypeVar

from inpaint.hub.errors import explain_error, is_transient
from inpaint.hub.retry import Backoff, retry

FIRST_PAUSE_S = 1.0

Result = TypeVar("Result")


class StreamError(RuntimeError):
    """Images cannot be read, or can no longer be read. The message says why and what to do."""


class StreamBackoff(Backoff):
    """Backoff without a limit on the number of retries, which raises `StreamError` when it gives up.

    Args:
        name: what is read, for messages, such as "the dataset me/photos".
        timeout_s: seconds without progress after the first failure, after which it gives up.
    """

    def __init__(self, name: str, timeout_s: float) -> None:
        super().__init__(FIRST_PAUSE_S, None, timeout_s, f"Reading {name}")
        self.attempt = f"{name[0].upper()}{name[1:]} cannot be read"

    def wait_or_raise(self, error: Exception) -> None:
        """Sleep before the next attempt.

        Raises:
            StreamError: the error is not transient, or the time is used up.
        """
        if not (is_transient(error) and self.wait(error)):
            raise StreamError(explain_error(error, self.attempt)) from error


def retry_read(action: Callable[[], Result], name: str, timeout_s: float) -> Result:
    """Return the result of an action, which is called again while it fails with transient errors.

    Args:
        action: does one attempt.
        name: what is read, for messages.
        timeout_s: seconds after the first failure, after which it gives up.

    Raises:
        StreamError: a transient error lasted too long. Other errors are raised unchanged.
    """
    backoff = StreamBackoff(name, timeout_s)
    try:
        return retry(action, backoff, is_transient)
    except Exception as error:
        if is_transient(error):
            raise StreamError(explain_error(error, backoff.attempt)) from error
        raise
