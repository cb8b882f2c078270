"""Ask the Hub again after an answer that says "later" or a connection that broke."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx2  # what huggingface_hub 2 speaks through; its errors pass through unchanged
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalEntryNotFoundError,
)

RETRY_PAUSES_S = (0.5, 1.5)


LONGEST_PAUSE_S = 60.0


PASSING = (408, 429, 500, 502, 503, 504)


Result = TypeVar("Result")


def retried(action: Callable[[], Result]) -> Result:
    """Tries again after an answer that says "later" or a connection that broke; not after one that never opened."""
    for pause_s in RETRY_PAUSES_S:
        try:
            return action()
        except (HfHubHTTPError, httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
            if not is_passing(error):
                raise
            pause_s = max(pause_s, min(retry_after_s(error) or 0.0, LONGEST_PAUSE_S))
        time.sleep(pause_s)
    return action()


def retry_after_s(error: BaseException) -> float | None:
    """The seconds that the Hub's answer asks to wait, or None if it does not say."""
    return seconds_asked(error.response) if isinstance(error, HfHubHTTPError) else None


def seconds_asked(response: httpx2.Response) -> float | None:
    """The seconds of an answer's Retry-After; None without one, and for one that names a date."""
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def is_passing(error: Exception) -> bool:
    """Whether the error is the network's or the Hub's, and may be gone later."""
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in PASSING
    return isinstance(error, httpx2.TransportError | ConnectionError | LocalEntryNotFoundError)
