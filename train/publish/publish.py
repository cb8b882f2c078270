"""Put a run's weights on the Hub, with a model card, in one commit."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import validate_repo_id

from inpaint.hub.download import CONFIG_FILE, WEIGHTS_FILE
from inpaint.hub.errors import explain_error, hide_token
from inpaint.hub.retry import retry
from inpaint.hub.weights import WeightsError, load_generator
from train.data.retry import StreamError

from .card import SAMPLES_FILE, run_config, training_datasets, write_card
from .improvement import Improvement, compare, find_held_out
from .repository import (
    TrainedOn,
    card_text,
    check_visibility,
    commit_files,
    create_tag,
    describe_datasets,
    find,
    tag_weights_before,
    weights_sha256,
)


class PublishError(ValueError):
    """The upload did not finish. The message says why, where the weights are, and which command finishes it."""


class PublishedWeights(NamedTuple):
    """What is on the Hub now.

    Attributes:
        url: page of the repository.
        revision: sha of the commit that holds the weights.
        published: False if `if_better` was asked for and they are not: nothing was changed.
        kept: names of the card's generated parts that a person has changed and that were left as they are.
        improvement: the new weights beside those before; None if there were no held-out photos.
        before: tag of the weights before; None if there were none, or the same.
    """

    url: str
    revision: str
    published: bool = True
    kept: tuple[str, ...] = ()
    improvement: Improvement | None = None
    before: str | None = None


@dataclass(frozen=True)
class Wish:
    """How the weights are to be published; the fields are the arguments of `publish`."""

    private: bool | None = None
    tag: str | None = None
    commit_message: str | None = None
    if_better: bool = False
    held_out: str | None = None

    def flags(self) -> list[str]:
        """The same for the command line."""
        private = {True: ["--private"], False: ["--public"], None: []}[self.private]
        given = [part for name in ("tag", "held_out") if (value := getattr(self, name))
                 for part in (f"--{name.replace('_', '-')}", value)]  # fmt: skip
        return private + given + (["--if-better"] if self.if_better else [])


def publish(
    run_dir: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    commit_message: str | None = None,
    if_better: bool = False,
    held_out: str | None = None,
) -> PublishedWeights:
    """Uploads the averaged weights, their config, the card and a sample picture in one commit.

    Weights that are replaced stay under a tag of their own. The card that is there is updated, see `card_merge`.
    Nothing in the run's folder is lost when it fails, and running it again is safe: what is there already is not
    uploaded again.

    Args:
        run_dir: a training run, or its `weights` folder.
        repo_id: "name/weights"; made when absent.
        private: visibility of a new repository; None: private if a dataset of the run is, else the account's default.
        tag: also gives the commit this name.
        commit_message: None: the metrics of new and old weights, or a plain one without held-out photos.
        if_better: publish only if the fills of held-out photos are better than those of the weights that are there.
        held_out: dataset of those photos, see `improvement.find_held_out`.

    Raises:
        PublishError: there are no usable weights, the Hub cannot be reached, or it refuses.
    """
    wish = Wish(private, tag, commit_message, if_better, held_out)
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
        return _publish(run_dir, folder, repo_id, wish)
    except (httpx2.HTTPError, OSError, ValueError, StreamError) as error:
        command = shlex.join(["python", "-m", "train.publish", str(run_dir), repo_id, *wish.flags()])
        text = explain_error(error, f"{repo_id} could not be published", right=f"write to {repo_id}")
        text += f"\nThe weights are kept in {folder}. This command finishes it:\n  {command}"
        raise PublishError(hide_token(text)) from None


def _publish(run_dir: Path, folder: Path, repo_id: str, wish: Wish) -> PublishedWeights:
    api = HfApi()
    datasets = describe_datasets(api, training_datasets(run_dir))
    existing = retry(lambda: find(api, repo_id))
    check_visibility(existing, repo_id, wish.private, datasets)
    improvement = _measure(run_dir, folder, repo_id, existing, wish)
    if wish.if_better and existing and weights_sha256(existing) and not (improvement and improvement.better):
        return PublishedWeights(f"{api.endpoint}/{repo_id}", existing.sha or "", False, (), improvement)
    if existing is None:
        private = wish.private if wish.private is not None else any(d.private for d in datasets) or None
        retry(lambda: api.create_repo(repo_id, private=private, exist_ok=True))
        existing = retry(lambda: find(api, repo_id))
    for _ in range(3):
        try:
            return _upload(api, run_dir, folder, repo_id, existing, wish, datasets, improvement)
        except HfHubHTTPError as error:
            if error.response.status_code != 412:  # somebody else has committed since we looked
                raise
        existing = retry(lambda: find(api, repo_id))
    raise ValueError("others are changing it at the same time: try again")


def _upload(
    api: HfApi,
    run_dir: Path,
    folder: Path,
    repo_id: str,
    existing: ModelInfo | None,
    wish: Wish,
    datasets: list[TrainedOn],
    improvement: Improvement | None,
) -> PublishedWeights:
    """The commit on top of what is there, and the tags before and behind it."""
    card = retry(lambda: card_text(existing, repo_id))
    kept = write_card(run_dir, folder, repo_id, {d.name: d.licence for d in datasets if d.licence}, card)
    paths = [folder / name for name in (WEIGHTS_FILE, CONFIG_FILE, SAMPLES_FILE, "README.md")]
    before = retry(lambda: tag_weights_before(api, repo_id, existing, folder)) if existing else None
    title = wish.commit_message or (f"Weights: {improvement.headline()}" if improvement else "Weights and model card")
    text = [improvement.table()] if improvement else []
    text += [f"The weights before are at tag {before}."] if before else []
    parent = existing.sha if existing else None
    present = [path for path in paths if path.exists()]
    commit = retry(lambda: commit_files(api, repo_id, present, title, "\n\n".join(text), parent))
    if (tag := wish.tag) is not None:
        retry(lambda: create_tag(api, repo_id, tag, commit))
    return PublishedWeights(f"{api.endpoint}/{repo_id}", commit, True, kept, improvement, before)


def _measure(run_dir: Path, folder: Path, repo_id: str, existing: ModelInfo | None, wish: Wish) -> Improvement | None:
    """New and old weights on held-out photos; None without any.

    Raises:
        ValueError: a comparison was asked for and is not possible.
    """
    held_out = find_held_out(run_config(run_dir), wish.held_out)
    before = f"{repo_id}@{existing.sha}" if existing and weights_sha256(existing) else None
    if held_out is None:
        if wish.if_better and before:
            raise ValueError(
                "there are no held-out photos to compare on: name some with --held-out DATASET@SPLIT, photos that"
                " the weights were not trained on"
            )
        return None
    print(f"Measuring on {held_out.name} ...", file=sys.stderr)
    try:
        return compare(run_dir, folder, before, held_out)
    except WeightsError as error:
        if wish.if_better:
            raise ValueError(f"the weights there cannot be compared with: {error}") from error
        return compare(run_dir, folder, None, held_out)


def report(published: PublishedWeights) -> str:
    """What has become of the weights, in sentences."""
    lines = []
    if not published.published:
        lines.append(f"Not published: the weights at {published.url} are as good or better.")
    else:
        lines.append(f"Published: {published.url} at {published.revision[:8]}")
    if published.improvement:
        lines.append(published.improvement.table())
    if published.before:
        lines.append(f"The weights before are kept at tag {published.before}.")
    if published.kept:
        lines.append(f"Parts of its README.md were changed by hand and kept: {', '.join(published.kept)}.")
    return "\n".join(lines)
