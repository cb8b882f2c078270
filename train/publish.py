"""python -m train.publish RUN_DIR REPO_ID: puts a run's weights and their model card on the Hub, as one commit."""

import argparse
import shlex
import sys
from collections.abc import Iterable
from json import JSONDecodeError
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, get_token, hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import validate_repo_id

from inpaint.download import CONFIG_FILE, WEIGHTS_FILE, is_passing, retried
from inpaint.pretrained import WeightsError, load_generator

from .card import SAMPLES_FILE, may_replace, training_datasets, write_card

LOOKUP_TIMEOUT_S = 10.0


class PublishError(ValueError):
    """The upload did not finish. The message says why, where the weights are, and which command finishes it."""


class PublishedWeights(NamedTuple):
    """What is on the Hub now.

    Attributes:
        url: page of the repository.
        revision: sha of the commit that holds the weights.
        card_kept: True if the repository's README.md was left alone, because a person had written or changed it.
    """

    url: str
    revision: str
    card_kept: bool


def publish(
    run_dir: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    commit_message: str | None = None,
) -> PublishedWeights:
    """Uploads the averaged weights, their config, the card and a sample picture in one commit.

    Nothing in the run's folder is lost when it fails, and running it again is safe: what is there already is not
    uploaded again.

    Args:
        run_dir: a training run, or its `weights` folder.
        repo_id: "name/weights"; made when absent.
        private: visibility of a new repository; None leaves it to the account's default.
        tag: also gives the commit this name.
        commit_message: None for a plain one.

    Raises:
        PublishError: there are no usable weights, the Hub cannot be reached, or it refuses.
    """
    run_dir = Path(run_dir)
    folder = run_dir if (run_dir / WEIGHTS_FILE).exists() else run_dir / "weights"
    run_dir = run_dir.parent if folder == run_dir else run_dir
    try:
        validate_repo_id(repo_id)
        load_generator(folder)
    except HFValidationError:
        raise PublishError(f"{repo_id!r} is not a repository id: it looks like 'name/weights'.") from None
    except WeightsError as error:
        raise PublishError(f"There are no weights to publish: {error}") from error
    try:
        return _upload(run_dir, folder, repo_id, private, tag, commit_message)
    except (httpx2.HTTPError, OSError, ValueError) as error:
        flags = (["--private"] if private else []) + (["--tag", tag] if tag else [])
        command = shlex.join(["python", "-m", "train.publish", str(run_dir), repo_id, *flags])
        text = f"{_explain(error, repo_id)}\nThe weights are kept in {folder}. This command finishes it:\n  {command}"
        raise PublishError(_without_token(text)) from None


def _upload(
    run_dir: Path, folder: Path, repo_id: str, private: bool | None, tag: str | None, message: str | None
) -> PublishedWeights:
    api = HfApi()
    existing = retried(lambda: _find(api, repo_id))
    if existing is None:
        retried(lambda: api.create_repo(repo_id, private=private, exist_ok=True))
    elif private and not existing.private:
        raise ValueError(f"{repo_id} exists and is public: make it private in its settings, or leave --private out.")
    write_card(run_dir, folder, repo_id, _licences(api, training_datasets(run_dir)))
    card_kept = existing is not None and retried(lambda: _has_own_card(existing, repo_id))
    names = [WEIGHTS_FILE, CONFIG_FILE, SAMPLES_FILE, *([] if card_kept else ["README.md"])]
    paths = [folder / name for name in names if (folder / name).exists()]
    commit = retried(lambda: _commit(api, repo_id, paths, message or "Weights and model card"))
    if tag is not None:
        retried(lambda: _tag(api, repo_id, tag, commit))
    return PublishedWeights(f"{api.endpoint}/{repo_id}", commit, card_kept)


def _find(api: HfApi, repo_id: str) -> ModelInfo | None:
    try:
        return api.model_info(repo_id, timeout=LOOKUP_TIMEOUT_S)
    except HfHubHTTPError as error:
        if isinstance(error, RepositoryNotFoundError) or error.response.status_code == 404:
            return None
        raise


def _commit(api: HfApi, repo_id: str, paths: Iterable[Path], message: str) -> str:
    """One commit; its sha. Files that are already there are left out, so a second try after a lost answer is none."""
    operations = [CommitOperationAdd(path.name, path) for path in paths]
    try:
        return api.create_commit(repo_id, operations, commit_message=message).oid
    except RuntimeError as error:  # around what happened to a large file
        if isinstance(error.__cause__, httpx2.HTTPError | OSError):
            raise error.__cause__ from None
        raise
    except JSONDecodeError as error:  # a gateway's page in place of an answer
        raise httpx2.RemoteProtocolError("the Hub's answer cannot be read") from error


def _tag(api: HfApi, repo_id: str, tag: str, commit: str) -> None:
    try:
        api.create_tag(repo_id, tag=tag, revision=commit)
    except HfHubHTTPError as error:
        known = {ref.name: ref.target_commit for ref in api.list_repo_refs(repo_id).tags}
        if error.response.status_code != 409 or known.get(tag) != commit:
            raise


def _has_own_card(existing: ModelInfo, repo_id: str) -> bool:
    """Whether the repository has a README.md with a person's words in it."""
    if all(file.rfilename != "README.md" for file in existing.siblings or []):
        return False
    path = hf_hub_download(repo_id, "README.md", revision=existing.sha)
    return not may_replace(Path(path).read_text(encoding="utf-8"))


def _licences(api: HfApi, datasets: Iterable[str]) -> dict[str, str]:
    """The licences that the datasets' own cards state; a dataset that does not answer is left out."""
    found = {}
    for name in datasets:
        try:
            card = api.dataset_info(name, timeout=LOOKUP_TIMEOUT_S / 2).card_data
        except (httpx2.HTTPError, OSError):
            continue
        stated = card.get("license") if card else None
        if stated:
            found[name] = ", ".join(stated) if isinstance(stated, list) else str(stated)
    return found


def _explain(error: Exception, repo_id: str) -> str:
    """What stopped the upload, and what to do about it."""
    if isinstance(error, HfHubHTTPError):
        status, said = error.response.status_code, error.server_message or ""
        if status == 401:
            what = "did not accept your token" if get_token() else "does not know who you are"
            return f"The Hub {what}: sign in with `hf auth login`, or set HF_TOKEN to a token that may write."
        if status == 403:
            return f"Your token may not write to {repo_id} ({said}): use one that may, or a repository of your own."
        if status == 409:
            return f"{repo_id} already has this tag, at another commit: choose another one."
        later = ": try again later" if is_passing(error) else ""
        return f"The Hub answered {status} {said}{later}."
    if isinstance(error, UnicodeEncodeError):
        return "Your token holds a character that no token has: sign in again with `hf auth login`, or mend HF_TOKEN."
    if is_passing(error):
        return f"The Hub cannot be reached ({error}): check the network."
    return f"{repo_id} could not be published: {error}".rstrip(".") + "."


def _without_token(text: str) -> str:
    token = get_token()
    return text.replace(token, "<token>") if token else text


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0 published, 1 a problem that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.publish", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="a training run, such as runs/photos, or its weights folder")
    parser.add_argument("repo_id", help="the repository, such as me/weights; made when absent")
    parser.add_argument("--private", action="store_true", default=None, help="hide a new repository from others")
    parser.add_argument("--tag", help="also give this version a name, such as v1")
    options = parser.parse_args(arguments)
    try:
        published = publish(options.run_dir, options.repo_id, private=options.private, tag=options.tag)
    except PublishError as error:
        print(f"python -m train.publish: {error}", file=sys.stderr)
        return 1
    print(f"Published: {published.url} at {published.revision[:8]}")
    if published.card_kept:
        print("Its README.md has been changed by hand and was left as it is.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
