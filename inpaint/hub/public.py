"""Download public weights that a stranger has named: without a token or a cache, within limits of size and time.

huggingface_hub can neither stop a download that is under way nor limit its time.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx2  # the HTTP library of huggingface_hub 2, whose errors it passes through
from huggingface_hub import hf_hub_url
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from inpaint.networks.config import config_from_dict
from inpaint.networks.errors import WeightsError
from inpaint.os_errors import words_of

from .download import RESPONSE_TIMEOUT_S, commit_of, explain, head_of
from .files import CONFIG_FILE, MAX_BYTES, WEIGHTS_FILE, check_size, max_weights_bytes, read_config
from .retry import Backoff, retry

RETRY_S = 10.0
"""For how long a request is tried again."""


class Limits(NamedTuple):
    """What a download may take.

    Attributes:
        deadline_s: `time.monotonic()` at which it ends.
        is_wanted: polled; once it returns False, the download ends.
        check_space: called with the size of the weights in bytes before they are downloaded; raises WeightsError if
            there is no room for them.
    """

    deadline_s: float
    is_wanted: Callable[[], bool]
    check_space: Callable[[int], object]


class AbandonedError(Exception):
    """A download that nobody waits for any more."""


def public_commit(repo_id: str, revision: str) -> str:
    """Return the sha of the commit that a revision of a public repository names.

    Raises:
        WeightsError: there is none, or the Hub cannot be reached.
    """
    try:
        return commit_of(repo_id, revision, token=False)
    except (httpx2.HTTPError, OSError) as error:
        raise explain(repo_id, revision, error, public=True) from error


def download_public(repo_id: str, sha: str, folder: Path, limits: Limits) -> None:
    """Download the config of a commit, and then its weights if the config is valid and they fit it.

    Args:
        repo_id: a public repository.
        sha: of the commit.
        folder: exists; the two files are written there. After an error it may hold parts of them.
        limits: of the download.

    Raises:
        WeightsError: the config is not valid, the weights are too large for it or for the limits, or a file cannot be
            downloaded or written. The message has no path of this machine.
        AbandonedError: `limits.is_wanted` returned False.
    """
    try:
        _download_file(repo_id, CONFIG_FILE, sha, folder, MAX_BYTES[CONFIG_FILE], limits)
        most = max_weights_bytes(read_config(folder / CONFIG_FILE, repo_id, config_from_dict))
        size = retry(lambda: head_of(repo_id, WEIGHTS_FILE, sha, token=False), Backoff(timeout_s=RETRY_S)).size
        check_size(repo_id, WEIGHTS_FILE, size, most)
        limits.check_space(most if size is None else size)
        _download_file(repo_id, WEIGHTS_FILE, sha, folder, most if size is None else size, limits)
    except (httpx2.HTTPError, ConnectionError, TimeoutError) as error:
        raise explain(repo_id, sha, error, public=True) from error
    except OSError as error:
        message = f"{repo_id} could not be stored on the server: {words_of(error)}."
        raise WeightsError(message, "not_stored") from error


def _download_file(repo_id: str, file: str, sha: str, folder: Path, limit: int, limits: Limits) -> None:
    """Write a file of a commit to the folder; WeightsError if it has more than `limit` bytes, whatever it announced."""
    headers = build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
    url = hf_hub_url(repo_id, file, revision=sha)

    def attempt() -> None:
        with (
            get_session().stream("GET", url, headers=headers, timeout=RESPONSE_TIMEOUT_S) as response,
            (folder / file).open("wb") as target,
        ):
            hf_raise_for_status(response)
            size = 0
            for chunk in response.iter_bytes():
                size += len(chunk)
                check_size(repo_id, file, size, limit)
                _check_time(repo_id, limits)
                target.write(chunk)

    retry(attempt, Backoff(timeout_s=RETRY_S))


def _check_time(repo_id: str, limits: Limits) -> None:
    if not limits.is_wanted():
        raise AbandonedError
    if time.monotonic() > limits.deadline_s:
        message = f"{repo_id} takes too long to download: try again later, or use smaller weights."
        raise WeightsError(message, "too_slow")
