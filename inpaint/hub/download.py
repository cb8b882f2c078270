"""Download weights from the Hub: `config.json` and `model.safetensors` of one commit, and nothing else.

The config comes first. The weights are downloaded only if it is valid and they are no larger than it needs.

Without a network the cached files are used; without those, an error is raised within seconds. huggingface_hub itself
would retry for half a minute before it uses the cache or gives up.
"""

import logging
import queue
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx2  # the HTTP library of huggingface_hub 2, whose errors it passes through
from huggingface_hub import HfApi, constants, hf_hub_download, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError
from huggingface_hub.file_download import get_hf_file_metadata
from huggingface_hub.utils import validate_repo_id

from inpaint.networks.config import NetworkConfig, config_from_dict
from inpaint.networks.errors import WeightsError

from .errors import explain_error, is_transient, kind_of
from .files import CONFIG_FILE, MAX_BYTES, WEIGHTS_FILE, check_size, max_weights_bytes, missing_files, read_config
from .retry import retry

RESPONSE_TIMEOUT_S = 4.0
"""Timeout of one connection or one response."""
LOOKUP_TIMEOUT_S = 8.0
"""Timeout of the lookup of the commit, including retries and the resolution of the host name."""

Result = TypeVar("Result")
log = logging.getLogger(__name__)


def split_revision(text: str, revision: str | None) -> tuple[str, str]:
    """Return repository id and revision of a text such as "me/weights@v1".

    Args:
        text: a repository id, with or without "@REVISION".
        revision: a branch, tag or commit; None: the one in the text, else "main".

    Raises:
        WeightsError: the text is not a repository id, or names another revision than `revision`.
    """
    repo_id, _, in_text = text.partition("@")
    if in_text and revision is not None and in_text != revision:
        raise WeightsError(f"{text!r} names revision {in_text!r}, but revision is {revision!r}: give one of them.")
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        message = f"{text!r} is neither a folder nor a repository id: use an id such as 'name/weights'."
        raise WeightsError(message) from error
    revision = revision or in_text or "main"
    if not re.fullmatch(r"\w[\w./-]*", revision) or ".." in revision:
        raise WeightsError(f"{revision!r} cannot be a revision: use a branch, a tag or the sha of a commit.")
    return repo_id, revision


def download(repo_id: str, revision: str, *, parse: Callable[[Any], NetworkConfig] = config_from_dict) -> Path:
    """Return the cached folder of one commit, which is downloaded first if the Hub has a newer one.

    Args:
        repo_id: a repository of the Hub.
        revision: branch, tag or commit. A commit that is in the cache is returned without a request.
        parse: returns the config for the content of `config.json`.

    Returns:
        The snapshot folder, whose name is the sha of the commit.

    Raises:
        WeightsError: the weights cannot be downloaded, and `revision` is not in the cache; or the config is not valid,
            or the weights are larger than it needs.
    """
    cached = _cached_snapshot(repo_id, revision)
    if cached is not None and cached.name == revision:
        return cached
    try:
        sha = commit_of(repo_id, revision)
        folder = download_file(repo_id, CONFIG_FILE, sha)
        config = read_config(folder / CONFIG_FILE, repo_id, parse)
        download_file(repo_id, WEIGHTS_FILE, sha, max_weights_bytes(config))
        if cached is None or cached.name != sha:
            # A download by the branch's name records in the cache which commit the branch is at, for a later start
            # without a network. It comes last, so that after an interruption the record names a complete snapshot.
            hf_hub_download(repo_id, CONFIG_FILE, revision=revision, etag_timeout=RESPONSE_TIMEOUT_S)
        return folder
    except (httpx2.HTTPError, OSError, UnicodeEncodeError) as error:
        if cached is not None and is_transient(error):
            log.warning("%s: the Hub cannot be reached; using commit %s from the cache.", repo_id, cached.name[:8])
            return cached
        raise explain(repo_id, revision, error) from error


def commit_of(repo_id: str, revision: str, token: bool | None = None) -> str:
    """Return the sha of the commit that a revision names.

    Args:
        repo_id: a repository of the Hub.
        revision: branch, tag or commit.
        token: None: this machine's; False: none, so that only public repositories are found.

    Raises:
        WeightsError: what answers is no Hub.
        httpx2.HTTPError: the Hub refuses or cannot be reached; `explain` returns one with a sentence.
    """
    head = _call_within(LOOKUP_TIMEOUT_S, lambda: retry(lambda: head_of(repo_id, CONFIG_FILE, revision, token)))
    if head.commit_hash is None:
        message = f"{constants.ENDPOINT} does not respond like a Hub: check HF_ENDPOINT and the proxy."
        raise WeightsError(message, "unreachable")
    sha: str = head.commit_hash
    return sha


def _cached_snapshot(repo_id: str, revision: str) -> Path | None:
    """Return the cached snapshot that `revision` last resolved to; None unless it has both files."""
    found = [try_to_load_from_cache(repo_id, file, revision=revision) for file in MAX_BYTES]
    folders = {Path(path).parent for path in found if isinstance(path, str)}
    return folders.pop() if len(folders) == 1 and all(isinstance(path, str) for path in found) else None


def head_of(repo_id: str, file: str, revision: str, token: bool | None = None) -> Any:
    """Return the metadata of a file, a `HfFileMetadata`; `token` is as for `commit_of`."""
    return get_hf_file_metadata(hf_hub_url(repo_id, file, revision=revision), timeout=RESPONSE_TIMEOUT_S, token=token)


def download_file(repo_id: str, file: str, sha: str, limit: int | None = None) -> Path:
    """Return the cached folder of one file at one commit. huggingface_hub does not retry a body that answers 5xx.

    Args:
        repo_id: a repository of the Hub.
        file: its name.
        sha: of the commit.
        limit: largest size in bytes; None: MAX_BYTES of the file.

    Raises:
        WeightsError: the file is larger.
        httpx2.HTTPError: the Hub refuses or cannot be reached.
        OSError: the file cannot be written, or it is neither in the cache nor can the Hub be reached.
    """
    path = try_to_load_from_cache(repo_id, file, revision=sha)
    if not isinstance(path, str):
        check_size(repo_id, file, retry(lambda: head_of(repo_id, file, sha)).size, limit)
        timeout_s = RESPONSE_TIMEOUT_S
        path = retry(lambda: hf_hub_download(repo_id, file, revision=sha, etag_timeout=timeout_s))
    return Path(path).parent


def _call_within(timeout_s: float, action: Callable[[], Result]) -> Result:
    """Return the result of an action, or raise ConnectTimeout; resolving a host name has no timeout of its own."""
    results: queue.SimpleQueue[tuple[Result | None, BaseException | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            results.put((action(), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        result, error = results.get(timeout=timeout_s)
    except queue.Empty:
        raise httpx2.ConnectTimeout(f"no response within {timeout_s:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def explain(
    repo_id: str, revision: str, error: Exception, *, public: bool = False, token: str | None = None
) -> WeightsError:
    """Return an error that says what happened and what to do; for a missing file, by what the repository holds.

    Args:
        repo_id: the repository.
        revision: branch, tag or commit.
        error: of a request.
        public: no token was sent, and whoever reads this has no account on this machine.
        token: that was sent, of another account than this machine's; it is hidden.
    """
    if isinstance(error, EntryNotFoundError) and not isinstance(error, LocalEntryNotFoundError):
        try:
            info = HfApi(token=False if public else token).model_info(
                repo_id, revision=revision, timeout=RESPONSE_TIMEOUT_S
            )
            present = [sibling.rfilename for sibling in info.siblings or []]
        except (httpx2.HTTPError, OSError):
            present = []
        return missing_files(repo_id, [file for file in MAX_BYTES if file not in present] or list(MAX_BYTES), present)
    page = f"{constants.ENDPOINT}/{repo_id}"
    if public:
        attempt, sign_in = f"{repo_id} could not be downloaded", "make it public"
        message = explain_error(error, attempt, sign_in=sign_in, page=page, revision=revision, signed_in=False)
    elif token:
        attempt, sign_in = f"The weights of {repo_id} could not be downloaded", "sign in again"
        message = explain_error(error, attempt, token=token, sign_in=sign_in, page=page, revision=revision)
    else:
        attempt = f"{repo_id} is not a folder here and could not be downloaded"
        message = explain_error(error, attempt, page=page, revision=revision)
    return WeightsError(message, kind_of(error))
