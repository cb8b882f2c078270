"""The model repository on the Hub: what it has, commits, tags, and checks of names and visibility."""

import hashlib
from collections.abc import Iterable, Sequence
from json import JSONDecodeError
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import validate_repo_id

from inpaint.hub.errors import explain_error, is_transient, status_of
from inpaint.hub.files import WEIGHTS_FILE
from inpaint.hub.retry import retry

from .card import CARD_FILE
from .card_merge import join_card, split_card

LOOKUP_TIMEOUT_S = 10.0


class TrainingDataset(NamedTuple):
    """A dataset on the Hub that weights were trained on.

    Attributes:
        name: its id.
        licence: from its card; None if it states none.
        private: whether it is private, or not visible with this token.
        found: whether the Hub returned it.
    """

    name: str
    licence: str | None
    private: bool
    found: bool


def check_visibility(
    existing: ModelInfo | None, repo_id: str, private: bool | None, datasets: Sequence[TrainingDataset]
) -> None:
    """Check that publishing would not make private weights, or weights of private datasets, public.

    Args:
        existing: the repository; None if it does not exist yet.
        repo_id: its id.
        private: as in `publish`.
        datasets: that the weights were trained on.

    Raises:
        ValueError: it would.
    """
    if existing is None or existing.private:
        return
    if private:
        raise ValueError(f"{repo_id} exists and is public: make it private in its settings, or leave --private out")
    hidden = [dataset.name for dataset in datasets if dataset.private and dataset.found]
    if hidden and private is None:
        raise ValueError(
            f"{repo_id} is public, and {hidden[0]}, which the weights were trained on, is private: make {repo_id}"
            " private in its settings, publish to another repository, or confirm with --public"
        )


def check_target(repo_id: str, datasets: Sequence[str], private: bool | None) -> None:
    """Check before training whether the weights can be published. If the Hub cannot be reached, the check passes.

    Args:
        repo_id: repository for the weights.
        datasets: ids of the run's datasets on the Hub.
        private: as in `publish`.

    Raises:
        ValueError: the Hub would refuse them.
    """
    api = HfApi()
    try:
        validate_repo_id(repo_id)
        account = retry(api.whoami)
        owner = repo_id.partition("/")[0] if "/" in repo_id else account["name"]
        if owner not in (account["name"], *(org["name"] for org in account.get("orgs", []))):
            raise ValueError(f"the token is that of {account['name']}: publish to {account['name']}/...")
        if account.get("auth", {}).get("accessToken", {}).get("role") == "read":
            raise ValueError("the token may only read: use one that may write")
        existing = retry(lambda: find_repository(api, repo_id))
        check_visibility(existing, repo_id, private, describe_datasets(api, datasets))
    except (httpx2.HTTPError, OSError, ValueError) as error:
        if not is_transient(error):
            message = explain_error(error, f"{repo_id} could not be published", right=f"write to {repo_id}")
            raise ValueError(message) from None


def find_repository(api: HfApi, repo_id: str) -> ModelInfo | None:
    """Return a model repository with its files; None if it does not exist.

    Raises:
        HfHubHTTPError: the Hub answers with another error.
        httpx2.HTTPError: the Hub cannot be reached.
    """
    try:
        return api.model_info(repo_id, files_metadata=True, timeout=LOOKUP_TIMEOUT_S)
    except HfHubHTTPError as error:
        if isinstance(error, RepositoryNotFoundError) or status_of(error) == 404:
            return None
        raise


def commit_files(
    api: HfApi,
    repo_id: str,
    paths: Iterable[Path],
    title: str,
    text: str,
    parent: str | None,
    removed: Iterable[str] = (),
) -> str:
    """Upload files in one commit and return its sha.

    Files that the repository already has are skipped. A retry after a lost response therefore makes no second commit.

    Args:
        api: client of the Hub.
        repo_id: the repository.
        paths: the files; they go to the top level under their own names.
        title: first line of the commit message.
        text: the rest of the commit message.
        parent: sha of the commit that must be the latest one.
        removed: names of files that the repository has and that the commit deletes.

    Raises:
        HfHubHTTPError: the Hub refuses; its status is 412 if `parent` is not the latest commit.
        httpx2.HTTPError: the Hub cannot be reached.
        OSError: a file cannot be read.
    """
    operations: list[CommitOperationAdd | CommitOperationDelete] = [
        *(CommitOperationAdd(path.name, path) for path in paths),
        *map(CommitOperationDelete, removed),
    ]
    try:
        return api.create_commit(
            repo_id, operations, commit_message=title, commit_description=text, parent_commit=parent
        ).oid
    except RuntimeError as error:  # huggingface_hub wraps errors of large files in it
        if isinstance(error.__cause__, httpx2.HTTPError | OSError):
            raise error.__cause__ from None
        raise
    except JSONDecodeError as error:  # the HTML page of a gateway
        raise httpx2.RemoteProtocolError("the response of the Hub is not JSON") from error


def create_tag(api: HfApi, repo_id: str, tag: str, commit: str) -> None:
    """Tag a commit; nothing happens if the commit has this tag already.

    Raises:
        HfHubHTTPError: the Hub refuses; its status is 409 if another commit has this tag.
    """
    try:
        api.create_tag(repo_id, tag=tag, revision=commit)
    except HfHubHTTPError as error:
        tags = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo_id).tags}
        if status_of(error) != 409 or tags.get(tag) != commit:
            raise


def describe_datasets(api: HfApi, names: Iterable[str]) -> list[TrainingDataset]:
    """Return licence and visibility of datasets; those that this token cannot see count as private."""
    return [_describe(api, name) for name in names]


def _describe(api: HfApi, name: str) -> TrainingDataset:
    try:
        info = retry(lambda: api.dataset_info(name, timeout=LOOKUP_TIMEOUT_S))
    except RepositoryNotFoundError:
        return TrainingDataset(name, None, private=True, found=False)
    except (httpx2.HTTPError, OSError):
        return TrainingDataset(name, None, private=False, found=False)
    stated = info.card_data.get("license") if info.card_data else None
    licence = ", ".join(stated) if isinstance(stated, list) else str(stated) if stated else None
    return TrainingDataset(name, licence, bool(info.private), found=True)


def read_card(existing: ModelInfo | None, repo_id: str) -> str | None:
    """Return the README.md of a repository; None if it has none."""
    if existing is None or all(file.rfilename != CARD_FILE for file in existing.siblings or []):
        return None
    return Path(hf_hub_download(repo_id, CARD_FILE, revision=existing.sha)).read_text(encoding="utf-8")


def check_exists(api: HfApi, repo_id: str) -> None:
    """Raise a ValueError unless there is a repository that new weights are to supersede."""
    if retry(lambda: find_repository(api, repo_id)) is None:
        raise ValueError(f"there is no repository {repo_id}, which the new weights are to supersede")


def point_to_newer(api: HfApi, repo_id: str, newer: str) -> None:
    """Let the card of a repository say that there is a newer version, in another repository.

    Raises:
        ValueError: its card is not valid.
    """
    existing = find_repository(api, repo_id)
    metadata, body = split_card(read_card(existing, repo_id) or "")
    if metadata.get("new_version") != newer:
        card = join_card({**metadata, "new_version": newer}, body).encode()
        operations = [CommitOperationAdd(CARD_FILE, card)]
        message = f"A newer version is in {newer}"
        parent = existing.sha if existing else None
        api.create_commit(repo_id, operations, commit_message=message, parent_commit=parent)


def weights_sha256(existing: ModelInfo | None) -> str | None:
    """Return the checksum of the weights in a repository; "?" if it is unknown, None without weights."""
    for file in (existing.siblings or []) if existing else []:
        if file.rfilename == WEIGHTS_FILE:
            return str(file.lfs.sha256) if file.lfs else "?"
    return None


def tag_previous_weights(api: HfApi, repo_id: str, existing: ModelInfo, folder: Path) -> str | None:
    """Tag the commit of weights that are about to be replaced, unless it has a tag, and return the tag.

    Args:
        api: client of the Hub.
        repo_id: the repository.
        existing: its state before the new commit.
        folder: has the new weights.

    Returns:
        None if the repository has no weights, or the same ones.
    """
    previous = weights_sha256(existing)
    if previous is None or existing.sha is None:
        return None
    if previous == hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest():
        return None
    for ref in api.list_repo_refs(repo_id).tags:
        if ref.target_commit == existing.sha:
            return ref.name
    name = f"weights-{existing.sha[:8]}"
    create_tag(api, repo_id, name, existing.sha)
    return name
