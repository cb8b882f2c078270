"""A model repository on the Hub as publishing meets it: what is there, commits, tags, and what refusals mean."""

import hashlib
from collections.abc import Iterable, Sequence
from json import JSONDecodeError
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import validate_repo_id

from inpaint.hub.download import WEIGHTS_FILE
from inpaint.hub.errors import explain_error
from inpaint.hub.retry import is_transient, retry

LOOKUP_TIMEOUT_S = 10.0


class TrainedOn(NamedTuple):
    """A dataset on the Hub.

    Attributes:
        name: its id.
        licence: as its card states it; None if it does not.
        private: whether others must not see it.
        found: whether the Hub answered.
    """

    name: str
    licence: str | None
    private: bool
    found: bool


def check_visibility(existing: ModelInfo | None, repo_id: str, private: bool | None, datasets: list[TrainedOn]) -> None:
    """Refuses to show in public what was asked to be hidden, or what was trained on hidden pictures."""
    if existing is None or existing.private:
        return
    if private:
        raise ValueError(f"{repo_id} exists and is public: make it private in its settings, or leave --private out")
    hidden = [d.name for d in datasets if d.private and d.found]
    if hidden and private is None:
        raise ValueError(
            f"{repo_id} is public, and {hidden[0]}, which the weights were trained on, is private: make {repo_id}"
            " private in its settings, publish to another repository, or say --public if that is meant"
        )


def check_target(repo_id: str, datasets: Sequence[str], private: bool | None) -> None:
    """Finds out before a training whether its weights could be published; a Hub that does not answer is no obstacle.

    Args:
        repo_id: where they are to go.
        datasets: of the run, on the Hub.
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
        check_visibility(retry(lambda: find(api, repo_id)), repo_id, private, describe_datasets(api, datasets))
    except (httpx2.HTTPError, OSError, ValueError) as error:
        if not is_transient(error):
            message = explain_error(error, f"{repo_id} could not be published", right=f"write to {repo_id}")
            raise ValueError(message) from None


def find(api: HfApi, repo_id: str) -> ModelInfo | None:
    try:
        return api.model_info(repo_id, files_metadata=True, timeout=LOOKUP_TIMEOUT_S)
    except HfHubHTTPError as error:
        if isinstance(error, RepositoryNotFoundError) or error.response.status_code == 404:
            return None
        raise


def commit_files(api: HfApi, repo_id: str, paths: Iterable[Path], title: str, text: str, parent: str | None) -> str:
    """One commit; its sha. Files that are already there are left out, so a second try after a lost answer is none."""
    operations = [CommitOperationAdd(path.name, path) for path in paths]
    try:
        return api.create_commit(
            repo_id, operations, commit_message=title, commit_description=text, parent_commit=parent
        ).oid
    except RuntimeError as error:  # around what happened to a large file
        if isinstance(error.__cause__, httpx2.HTTPError | OSError):
            raise error.__cause__ from None
        raise
    except JSONDecodeError as error:  # a gateway's page in place of an answer
        raise httpx2.RemoteProtocolError("the Hub's answer cannot be read") from error


def create_tag(api: HfApi, repo_id: str, tag: str, commit: str) -> None:
    try:
        api.create_tag(repo_id, tag=tag, revision=commit)
    except HfHubHTTPError as error:
        known = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo_id).tags}
        if error.response.status_code != 409 or known.get(tag) != commit:
            raise


def describe_datasets(api: HfApi, names: Iterable[str]) -> list[TrainedOn]:
    """What the Hub says of the datasets; those that it does not show us count as private."""
    return [_describe(api, name) for name in names]


def _describe(api: HfApi, name: str) -> TrainedOn:
    try:
        info = retry(lambda: api.dataset_info(name, timeout=LOOKUP_TIMEOUT_S))
    except RepositoryNotFoundError:
        return TrainedOn(name, None, private=True, found=False)
    except (httpx2.HTTPError, OSError):
        return TrainedOn(name, None, private=False, found=False)
    stated = info.card_data.get("license") if info.card_data else None
    licence = ", ".join(stated) if isinstance(stated, list) else str(stated) if stated else None
    return TrainedOn(name, licence, bool(info.private), found=True)


def card_text(existing: ModelInfo | None, repo_id: str) -> str | None:
    """The README.md that is there; None without one."""
    if existing is None or all(file.rfilename != "README.md" for file in existing.siblings or []):
        return None
    return Path(hf_hub_download(repo_id, "README.md", revision=existing.sha)).read_text(encoding="utf-8")


def weights_sha256(existing: ModelInfo) -> str | None:
    """Of the weights that are there; "?" if unknown, None without any."""
    for file in existing.siblings or []:
        if file.rfilename == WEIGHTS_FILE:
            return str(file.lfs.sha256) if file.lfs else "?"
    return None


def tag_weights_before(api: HfApi, repo_id: str, existing: ModelInfo, folder: Path) -> str | None:
    """Names the commit of weights that are about to be replaced, unless it has a name."""
    there = weights_sha256(existing)
    if there is None or existing.sha is None:
        return None
    if there == hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest():
        return None
    for ref in api.list_repo_refs(repo_id).tags:
        if ref.target_commit == existing.sha:
            return ref.name
    name = f"weights-{existing.sha[:8]}"
    create_tag(api, repo_id, name, existing.sha)
    return name
