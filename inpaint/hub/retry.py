"""Retry with exponential backoff: how long to wait between attempts, and when to give up."""

import functools
import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import TRANSIENT_STATUS, causes, first_line, hide_token, is_interrupted, retry_after_s, status_of
from .http import httpx2
from .unreachable import reason_of
from .xet import disable_missing_xet

FIRST_PAUSE_S = 0.7
MAX_PAUSE_S = 60.0
MAX_RETRIES = 2

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class Backoff:
    """Pauses between attempts: each twice as long as the last, and never shorter than Retry-After.

    Args:
        first_pause_s: the first pause in seconds; later ones are at most `MAX_PAUSE_S`, unless Retry-After is longer.
        max_retries: after this many pauses `wait` gives up; None: only `timeout_s` limits it.
        timeout_s: `wait` gives up rather than pause beyond this many seconds after the first failure. None: there is no
            such limit, but a Retry-After of more than `MAX_PAUSE_S` makes it give up.
        name: what is attempted, for a warning in the log before each pause; None logs nothing.
    """

    def __init__(
        self,
        first_pause_s: float | None = None,
        max_retries: int | None = MAX_RETRIES,
        timeout_s: float | None = None,
        name: str | None = None,
    ) -> None:
        self._first_pause_s = FIRST_PAUSE_S if first_pause_s is None else first_pause_s
        self._max_retries, self._timeout_s, self._name = max_retries, timeout_s, name
        self.reset()

    def reset(self) -> None:
        """Start over after a successful attempt."""
        self._pause_s, self._retries = self._first_pause_s, 0
        self._first_failure_s: float | None = None

    def wait(self, failure: BaseException | httpx2.Response) -> bool:
        """Sleep before the next attempt.

        Args:
            failure: why the last attempt failed; its Retry-After is respected.

        Returns:
            False, without a pause, if the retries or the time are used up.
        """
        now_s = time.monotonic()
        self._first_failure_s = now_s if self._first_failure_s is None else self._first_failure_s
        pause_s = max(self._pause_s, retry_after_s(failure))
        is_late = now_s + pause_s > self._first_failure_s + (self._timeout_s or 0.0)
        if self._retries == self._max_retries or (pause_s > MAX_PAUSE_S if self._timeout_s is None else is_late):
            return False
        if self._name is not None:
            reason = hide_token(_reason(failure))
            log.warning("%s failed (%s): trying again in %.0f s.", self._name, reason, pause_s)
        time.sleep(pause_s)
        self._pause_s, self._retries = min(2 * self._pause_s, MAX_PAUSE_S), self._retries + 1
        return True


def _reason(failure: BaseException | httpx2.Response) -> str:
    status = failure.status_code if isinstance(failure, httpx2.Response) else status_of(failure)
    if status is not None:  # whose message may begin with the number of the request
        return f"the Hub answered {status}"
    chain = [] if isinstance(failure, httpx2.Response) else list(causes(failure))
    return reason_of(chain, first_line(failure))


def retry(
    action: Callable[[], Result],
    backoff: Backoff | None = None,
    is_retryable: Callable[[BaseException], bool] = is_interrupted,
) -> Result:
    """Return the result of an action, which is called again after transient errors.

    It is also called again, once and at once, if the Hub turns out to have no Xet storage.

    Args:
        action: does one attempt. An attempt whose response got lost may have had its effect, so it must be idempotent.
        backoff: the pauses; None: two, within a few seconds.
        is_retryable: returns whether the action is called again after an error. All other errors, and the last one,
            are raised unchanged.
    """
    backoff = backoff or Backoff()
    while True:
        try:
            return action()
        except Exception as error:
            if not (disable_missing_xet(error) or (is_retryable(error) and backoff.wait(error))):
                raise


class RetryingClient(httpx2.Client):
    """An HTTP client that sends GET and HEAD requests again after transient failures."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request like `httpx2.Client`, and return the response or raise the error of the last attempt."""
        backoff = Backoff(max_retries=MAX_RETRIES if request.method in ("GET", "HEAD") else 0)
        while True:
            try:
                response = super().send(request, **options)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ReadTimeout) as error:
                if not backoff.wait(error):
                    raise
            else:
                if response.status_code not in TRANSIENT_STATUS or not backoff.wait(response):
                    return response
                response.close()


@functools.cache
def install_retrying_client() -> None:
    """Make huggingface_hub, and `datasets` through it, use `RetryingClient` in this process from now on.

    huggingface_hub itself retries reads of files, but not its lookups when a dataset is opened.
    """
    from huggingface_hub import set_client_factory  # version 1, which a sprint on a bare machine does not need
    from huggingface_hub.utils import get_session

    hooks = get_session().event_hooks
    set_client_factory(lambda: RetryingClient(event_hooks=hooks, follow_redirects=True, timeout=None))
