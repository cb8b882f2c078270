"""Reading from a Hub that stumbles: what may pass is tried again, and what will not is answered with a sentence.

The client itself asks again five times, for 23 seconds, when a file is read, and waits as long as a 429 asks for. It
does not do so for what it looks up when a dataset is opened (`AskingAgain` does), and it gives up when an outage lasts
longer (`Patience` does not).
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import httpx2
from huggingface_hub import constants, get_token, set_client_factory
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import get_session

from inpaint.hub.retry import LONGEST_PAUSE_S, PASSING, is_passing, retry_after_s, seconds_asked

RETRY_PAUSES_S = (0.3, 1.0)

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class StreamError(RuntimeError):
    """Pictures cannot be read, or not any longer. The message says why and what to do."""


class AskingAgain(httpx2.Client):
    """The client's HTTP session, with two more tries for each request that only reads."""

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """As in `httpx2.Client`."""
        for pause_s in RETRY_PAUSES_S:
            try:
                response = super().send(request, **options)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.ReadTimeout):
                if request.method not in ("GET", "HEAD"):
                    raise
            else:
                if request.method not in ("GET", "HEAD") or response.status_code not in PASSING:
                    return response
                pause_s = max(pause_s, min(seconds_asked(response) or 0.0, LONGEST_PAUSE_S))
                response.close()
            time.sleep(pause_s)
        return super().send(request, **options)


def ask_again() -> None:
    """Makes `AskingAgain` the session of all that this process asks a Hub."""
    hooks = get_session().event_hooks
    set_client_factory(lambda: AskingAgain(event_hooks=hooks, follow_redirects=True, timeout=None))


class Patience:
    """How often and how long the same thing is tried.

    Args:
        what: is tried, as the messages name it.
        seconds: from the first failure on, without any progress, after which it is given up.
    """

    def __init__(self, what: str, seconds: float):
        self._what, self._seconds = what, seconds
        self._since_s: float | None = None
        self._pause_s = 1.0

    def progressed(self) -> None:
        """What was tried has worked: the next fault finds all the patience again."""
        self._since_s, self._pause_s = None, 1.0

    def wait(self, error: BaseException) -> None:
        """Waits before the next try: as long as the Hub asks for, or twice as long as the last time.

        Raises:
            StreamError: the error will not pass, or the patience is at its end.
        """
        if not may_pass(error):
            raise StreamError(explain(error, self._what)) from error
        pause_s = max(self._pause_s, *(retry_after_s(e) or 0.0 for e in _chain(error)))
        self._since_s = time.monotonic() if self._since_s is None else self._since_s
        if time.monotonic() + pause_s > self._since_s + self._seconds:
            raise StreamError(explain(error, self._what)) from error
        log.warning("Reading %s failed (%s): trying again in %.0f s.", self._what, _first_line(error), pause_s)
        time.sleep(pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)


def patiently(action: Callable[[], Result], what: str, seconds: float) -> Result:
    """The result of an action that is tried again while it fails for reasons that may pass.

    Raises:
        StreamError: it failed for too long. Errors that will not pass come through unchanged.
    """
    patience = Patience(what, seconds)
    while True:
        try:
            return action()
        except Exception as error:
            if not may_pass(error):
                raise
            patience.wait(error)


def may_pass(error: BaseException) -> bool:
    """Whether the error is the network's or the Hub's and may be gone later; also of the errors that led to it."""
    return any(isinstance(e, Exception) and (is_passing(e) or isinstance(e, TimeoutError)) for e in _chain(error))


def is_refusal(error: BaseException) -> bool:
    """Whether the Hub answered that this is not for us: no such thing, or not with this token."""
    return not may_pass(error) and any(isinstance(e, HfHubHTTPError) for e in _chain(error))


def explain(error: BaseException, what: str) -> str:
    """What stopped the reading, and what to do about it."""
    text = _reason(error, what)
    return text[0].upper() + text[1:]


def _reason(error: BaseException, what: str) -> str:
    answers = [e for e in _chain(error) if isinstance(e, HfHubHTTPError)]
    status = answers[0].response.status_code if answers else None
    sign_in = "sign in with `hf auth login`, or set HF_TOKEN"
    if any(isinstance(e, GatedRepoError) for e in answers) or "is a gated dataset" in str(error):
        return f"{what} is gated: accept its terms on its page at {constants.ENDPOINT}, then {sign_in}."
    if status == 401 and get_token():
        return f"the Hub does not accept your token for {what}; it may have expired: {sign_in} to a new one."
    if status in (401, 403):
        return f"{what} may not be read by {'this account' if get_token() else 'anyone'}: {sign_in} to one that may."
    if status == 404 or any(isinstance(e, RepositoryNotFoundError) for e in answers):
        return f"{what} is missing on the Hub, or private: check the name, or {sign_in} to one that may read it."
    if may_pass(error):
        return f"{what} cannot be read ({_first_line(error)}): check the network, or try again later."
    return f"{what} cannot be read ({_first_line(error)})."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
