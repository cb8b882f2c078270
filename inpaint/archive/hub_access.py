"""Requests of an archive to the Hub: it is waited for, and what it refuses is told with the repository's name."""

import os
from collections.abc import Callable
from typing import TypeVar

import httpx2
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars, logging

from inpaint.hub.errors import explain_error, is_interrupted, is_transient, status_of
from inpaint.hub.retry import Backoff, install_retrying_client, retry

from .hub_paths import HUB, HubPath

PATIENCE_S = 600.0
"""How long a request is repeated: the Hub limits commits, and that is not to end a run of many hours."""

Result = TypeVar("Result")


class HubAccessError(RuntimeError):
    """A repository that cannot be read or written, with a sentence for the user as its message."""


def read_hub(place: HubPath, action: Callable[[], Result]) -> Result:
    """Return what an action reads, which is repeated for up to PATIENCE_S while the Hub is overloaded.

    A line in the log tells each pause.

    Args:
        place: in the repository.
        action: does one attempt.

    Raises:
        HubAccessError: the Hub refuses, or cannot be reached.
    """
    return _call(place, action, "read", "read", is_interrupted)


def write_hub(place: HubPath, action: Callable[[], Result], is_under_way: bool = False) -> Result:
    """Return the result of an action that writes, and is repeated for up to PATIENCE_S while the Hub is overloaded.

    A line in the log tells each pause.

    Args:
        place: in the repository.
        action: does one attempt. It is repeated after one whose response got lost, so it must be idempotent.
        is_under_way: the Hub was reached before, so that a network that is away now is waited for as well.

    Raises:
        HubAccessError: the Hub refuses, or cannot be reached.
    """

    def is_retryable(error: BaseException) -> bool:
        changed_meanwhile = status_of(error) == 412  # by another run, which writes its parts into the same place
        return changed_meanwhile or (is_transient(error) if is_under_way else is_interrupted(error))

    return _call(place, action, "write", "written", is_retryable)


def _call(
    place: HubPath,
    action: Callable[[], Result],
    verb: str,
    participle: str,
    is_retryable: Callable[[BaseException], bool],
) -> Result:
    address = f"{HUB}datasets/{place.repo_id}"
    backoff = Backoff(max_retries=None, timeout_s=PATIENCE_S, name=f"An attempt to {verb} {address}")
    try:
        return retry(action, backoff, is_retryable)
    except httpx2.HTTPError as error:
        attempt, right = f"{address} could not be {participle}", f"{verb} this repository"
        raise HubAccessError(explain_error(error, attempt, right=right, revision=place.revision)) from error


def prepare_hub() -> None:
    """Let lookups be retried in this process, and silence huggingface_hub, whose bars and hints are about files.

    What the user asked for in the environment stays: HF_HUB_DISABLE_PROGRESS_BARS=0, HF_HUB_VERBOSITY.
    """
    install_retrying_client()
    if constants.HF_HUB_DISABLE_PROGRESS_BARS is None:
        disable_progress_bars()
    if "HF_HUB_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()
