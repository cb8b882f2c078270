"""Errors of the Hub and of the network as a JobError, whose message is a sentence."""

import contextlib
from collections.abc import Iterator

import httpx2

from inpaint.hub.errors import explain_error

from .spec import JobError


@contextlib.contextmanager
def explained(attempt: str, token: str | None) -> Iterator[None]:
    """Turn an error of the Hub or the network inside the block into a JobError.

    Args:
        attempt: what fails then, such as "The job could not be started".
        token: the token that the block uses, which is hidden; None: anonymous.

    Raises:
        JobError: says what happened and what to do.
    """
    try:
        yield
    except (httpx2.HTTPError, OSError) as error:
        right, sign_in = "start jobs and write repositories", "sign in again" if token else "sign in"
        raise JobError(explain_error(error, attempt, right=right, token=token, sign_in=sign_in)) from None
