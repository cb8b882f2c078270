"""Weights from the Hub: `config.json` and `model.safetensors`, fetched by name, both at the same commit.

Without a network the cached files are used, and without those the answer takes seconds. The client's own calls would
try for half a minute before they look into the cache or give up.
"""

import logging
import queue
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import httpx2  # what huggingface_hub 2 speaks through; its errors pass through unchanged
from huggingface_hub import HfApi, constants, get_token, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import get_hf_file_metadata
from huggingface_hub.utils import validate_repo_id

from inpaint.hub.retry import is_passing, retried

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
MAX_BYTES = {CONFIG_FILE: 100_000, WEIGHTS_FILE: 1_000_000_000}
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
ANSWER_TIMEOUT_S = 4.0  # for one connection or one answer of the Hub
LOOKUP_TIMEOUT_S = 8.0  # for finding out the commit, retries and name look-up included

Result = TypeVar("Result")
log = logging.getLogger(__name__)


class WeightsError(ValueError):
    """Weights that cannot be had or used; the message says what to do about it."""


def split_revision(text: str, revision: str | None) -> tuple[str, str]:
    """Repository id and revision of "me/weights@v1"."""
    repo_id, _, written = text.partition("@")
    if written and revision is not None and written != revision:
        raise WeightsError(f"{text!r} names revision {written!r}, but revision is {revision!r}: give one of them.")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        message = f"{text!r} is neither a folder nor a repository id: an id looks like 'name/weights'."
        raise WeightsError(message) from error
    revision = revision or written or "main"
    if not re.fullmatch(r"\w[\w./-]*", revision) or ".." in revision:
        raise WeightsError(f"{revision!r} cannot be a revision: use a branch, a tag or a commit's sha.")
    return repo_id, revision


def download(repo_id: str, revision: str, *, anonymous: bool = False) -> Path:
    """The cached folder of one commit, downloaded when the Hub can be reached. Its name is the commit's sha.

    Args:
        repo_id: a repository of the Hub.
        revision: branch, tag or commit.
        anonymous: ask without this machine's token, so that a stranger who names a repository gets public ones only.

    Raises:
        WeightsError: it cannot be had; the message says why.
    """
    token = False if anonymous else None
    cached = _cached(repo_id, revision)
    if cached is not None and cached.name == revision:
        return cached
    try:
        head = _within(LOOKUP_TIMEOUT_S, lambda: retried(lambda: _head(repo_id, CONFIG_FILE, revision, token)))
        sha = head.commit_hash
        if sha is None:
            raise WeightsError(f"{constants.ENDPOINT} does not answer like a Hub: check HF_ENDPOINT and the proxy.")
        folders = [_fetch(repo_id, file, sha, token) for file in MAX_BYTES]
        if cached is None or cached.name != sha:
            # Asked by name, the client notes which commit the branch is at: the next start may be offline. Only now,
            # so that an interrupted download leaves the note at the commit whose files are complete.
            hf_hub_download(repo_id, CONFIG_FILE, revision=revision, etag_timeout=ANSWER_TIMEOUT_S, token=token)
        return folders[0]
    except (httpx2.HTTPError, OSError, UnicodeEncodeError) as error:
        if cached is not None and is_passing(error):
            log.warning("%s: the Hub cannot be reached; using commit %s from the cache.", repo_id, cached.name[:8])
            return cached
        raise WeightsError(_explain(repo_id, revision, error)) from error


def _cached(repo_id: str, revision: str) -> Path | None:
    """The cached snapshot that `revision` stood for when it was last asked for, if both files are there."""
    found = [try_to_load_from_cache(repo_id, file, revision=revision) for file in MAX_BYTES]
    folders = {Path(path).parent for path in found if isinstance(path, str)}
    return folders.pop() if len(folders) == 1 and all(isinstance(path, str) for path in found) else None


def _head(repo_id: str, file: str, revision: str, token: bool | None) -> Any:
    return get_hf_file_metadata(hf_hub_url(repo_id, file, revision=revision), timeout=ANSWER_TIMEOUT_S, token=token)


def _fetch(repo_id: str, file: str, sha: str, token: bool | None) -> Path:
    """The cached folder of one file at one commit. The client itself does not retry a body that answers 5xx."""
    path = try_to_load_from_cache(repo_id, file, revision=sha)
    if not isinstance(path, str):
        check_size(repo_id, file, retried(lambda: _head(repo_id, file, sha, token)).size)
        path = retried(lambda: hf_hub_download(repo_id, file, revision=sha, etag_timeout=ANSWER_TIMEOUT_S, token=token))
    return Path(path).parent


def _within(seconds: float, action: Callable[[], Result]) -> Result:
    """Gives up waiting after `seconds`: the look-up of a host name has no timeout of its own."""
    answers: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put((action(), None))
        except BaseException as error:
            answers.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = answers.get(timeout=seconds)
    except queue.Empty:
        raise httpx2.ConnectTimeout(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def _explain(repo_id: str, revision: str, error: Exception) -> str:
    """What happened and what to do, in a sentence. GatedRepoError is a RepositoryNotFoundError, so it comes first."""
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    sign_in = "sign in with `hf auth login` or HF_TOKEN"
    if isinstance(error, GatedRepoError):
        page = f"{constants.ENDPOINT}/{repo_id}"
        return f"{repo_id} is gated: accept its terms at {page}, then {sign_in} as the same account."
    unnamed_401 = status == 401 and not isinstance(error, RepositoryNotFoundError)
    if (unnamed_401 and get_token()) or isinstance(error, UnicodeEncodeError):
        return f"The Hub did not accept your token while looking for {repo_id}: {sign_in} again, or remove the token."
    if isinstance(error, RepositoryNotFoundError) or unnamed_401:
        account = "use the token of an account that may read it" if get_token() else f"{sign_in} if it is private"
        return f"{repo_id} is no folder here, and on the Hub it is missing or private: check the name, or {account}."
    if isinstance(error, RevisionNotFoundError):
        return f"{repo_id} has no revision {revision!r}: use a branch, a tag or a commit's sha that it has."
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        try:
            info = HfApi().model_info(repo_id, revision=revision, timeout=ANSWER_TIMEOUT_S)
            present = [sibling.rfilename for sibling in info.siblings or []]
        except (httpx2.HTTPError, OSError):
            present = []
        return missing_files(repo_id, [file for file in MAX_BYTES if file not in present] or list(MAX_BYTES), present)
    if constants.is_offline_mode():
        return f"{repo_id} is not in the cache, and HF_HUB_OFFLINE forbids to ask the Hub: unset it, or give a folder."
    if status is not None:
        return f"The Hub answered {status} for {repo_id}: try again later, or give a folder."
    if is_passing(error):
        return (
            f"{constants.ENDPOINT} cannot be reached, and {repo_id} at {revision} is not in the cache:"
            " check the network and the proxy, or give a folder."
        )
    return (
        f"{repo_id} could not be downloaded ({error}): check the free space and the rights of {constants.HF_HUB_CACHE}."
    )


def check_size(name: str, file: str, size: int | None) -> None:
    """Refuses a file that is too large to be meant. An unknown size (None) is checked once the file is there."""
    if size is not None and size > MAX_BYTES[file]:
        raise WeightsError(f"{name}: {file} has {size:,} bytes; at most {MAX_BYTES[file]:,} are allowed.")


def missing_files(name: str, missing: list[str], present: Iterable[str]) -> str:
    """The sentence about a folder or repository that lacks a file."""
    pickles = sorted(file for file in present if file.endswith(PICKLES))
    if pickles and WEIGHTS_FILE in missing:
        return (
            f"{name} holds {pickles[0]}, a pickle, which can run code when it is opened, so it is refused."
            f" Ask its owner for {WEIGHTS_FILE} and {CONFIG_FILE}, or save them with save_generator."
        )
    return f"{name} has no {' and no '.join(missing)}: it needs both {WEIGHTS_FILE} and {CONFIG_FILE}."
