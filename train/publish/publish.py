"""Publish the weights of a run on the Hub with a model card, in one commit."""

import math
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.hf_api import ModelInfo
from huggingface_hub.utils import validate_repo_id

from inpaint.damage import load_damage_network
from inpaint.hub.errors import explain_error, hide_token, status_of
from inpaint.hub.files import CONFIG_FILE, WEIGHTS_FILE
from inpaint.hub.retry import retry
from inpaint.hub.weights import WeightsError, load_generator
from train.data.retry import StreamError
from train.evaluate.finetune import compare_run, read_comparison
from train.generator.discriminator_files import DISCRIMINATOR_FILES

from .card import CARD_FILE, PICTURES, is_damage_network, write_card
from .damage_improvement import compare_damage_networks
from .gallery import FILES as EXAMPLES
from .improvement import Improvement, compare_weights, held_out_of_run
from .lineage import parent_of
from .report import PublishedWeights
from .repository import (
    TrainingDataset,
    check_exists,
    check_visibility,
    commit_files,
    create_tag,
    describe_datasets,
    find_repository,
    point_to_newer,
    read_card,
    tag_previous_weights,
    weights_sha256,
)
from .run_info import hub_datasets, run_config, section

COMMIT_ATTEMPTS = 3
"""Attempts to commit, if other commits are made to the repository at the same time."""


class PublishError(ValueError):
    """Publishing failed. The message says why, where the weights are, and which command finishes it."""


@dataclass(frozen=True)
class PublishOptions:
    """How weights are published; the fields are the arguments of `publish`."""

    private: bool | None = None
    tag: str | None = None
    commit_message: str | None = None
    if_better: bool = False
    even_if_worse: bool = False
    held_out: str | None = None
    supersedes: str | None = None
    watts: float | None = None

    def flags(self) -> list[str]:
        """Return the options as flags of the command line."""
        private = {True: ["--private"], False: ["--public"], None: []}[self.private]
        watts = None if self.watts is None else f"{self.watts:g}"
        named = {
            "--tag": self.tag, "--held-out": self.held_out, "--supersedes": self.supersedes, "--watts": watts,
        }  # fmt: skip
        return [
            *private,
            *(part for flag, value in named.items() if value for part in (flag, value)),
            *(["--if-better"] if self.if_better else []),
            *(["--even-if-worse"] if self.even_if_worse else []),
        ]


def publish(
    run_dir: str | Path,
    repo_id: str,
    *,
    private: bool | None = None,
    tag: str | None = None,
    commit_message: str | None = None,
    if_better: bool = False,
    even_if_worse: bool = False,
    held_out: str | None = None,
    supersedes: str | None = None,
    watts: float | None = None,
) -> PublishedWeights:
    """Upload the averaged weights, their config, the model card and a sample sheet in one commit.

    Previous weights stay available under a tag. An existing card is updated, see `card_merge`. A failure leaves the
    run's folder intact, and it is safe to publish again: files that are on the Hub already are not uploaded again.

    Args:
        run_dir: a training run, or its `weights` folder.
        repo_id: "name/weights"; created if it does not exist.
        private: visibility of a new repository; None: private if a dataset of the run is, else the account's default.
        tag: a tag for the commit.
        commit_message: first line of the commit message; None: the metrics of new and previous weights.
        if_better: publish only if the weights score better on held-out photos than the previous ones: generators by
            the ELP of their fills, damage networks by the F1 of their masks. They must also be better than the weights
            that the run started from, where it was measured.
        even_if_worse: publish weights that were measured to be worse than those that the run started from; otherwise
            they stay in the run's folder.
        held_out: dataset of these photos, see `improvement.held_out_of_run`.
        supersedes: a repository whose card then points to this one with `new_version`.
        watts: mean power of the machine during the training, for the emissions on the card.

    Raises:
        PublishError: there are no usable weights, the Hub cannot be reached, or it refuses.
    """
    options = PublishOptions(private, tag, commit_message, if_better, even_if_worse, held_out, supersedes, watts)
    run_dir = Path(run_dir)
    folder = run_dir if (run_dir / WEIGHTS_FILE).exists() else run_dir / "weights"
    run_dir = run_dir.parent if folder == run_dir else run_dir
    try:
        for name in (repo_id, *([supersedes] if supersedes else [])):
            validate_repo_id(name)
        _check_weights(folder)
        if watts is not None and not 0 < watts < math.inf:
            raise PublishError(
                f"watts is {watts:g}; it must be above 0: give the mean power while training, such as 70"
            )
        if supersedes == repo_id:
            raise PublishError(
                f"{repo_id} cannot supersede itself: its previous weights keep a tag; leave --supersedes out"
            )
    except HFValidationError:
        raise PublishError(f"{name!r} is not a repository id: use an id such as 'name/weights'") from None
    except WeightsError as error:
        raise PublishError(f"there are no weights to publish: {error}") from error
    try:
        return _Publication(HfApi(), run_dir, folder, repo_id, options).run()
    except (httpx2.HTTPError, OSError, ValueError, StreamError) as error:
        command = shlex.join(["python", "-m", "train.publish", str(run_dir), repo_id, *options.flags()])
        text = explain_error(error, f"{repo_id} could not be published", right=f"write to {repo_id}")
        text += f"\nThe weights are kept in {folder}. This command finishes it:\n  {command}"
        raise PublishError(hide_token(text)) from None


def _check_weights(folder: Path) -> None:
    if is_damage_network(folder):
        load_damage_network(folder)
    else:
        load_generator(folder)


@dataclass(frozen=True)
class _Publication:
    """One attempt to publish; the arguments are those of `publish`, and `folder` has the weights."""

    api: HfApi
    run_dir: Path
    folder: Path
    repo_id: str
    options: PublishOptions

    @property
    def url(self) -> str:
        return f"{self.api.endpoint}/{self.repo_id}"

    def run(self) -> PublishedWeights:
        options = self.options
        parent = parent_of(self.run_dir)
        names = dict.fromkeys([*hub_datasets(run_config(self.run_dir)), *(parent.datasets if parent else ())])
        datasets = describe_datasets(self.api, names)
        if parent is not None and parent.private:
            datasets.append(TrainingDataset(parent.name, parent.licence, private=True, found=True))
        existing = self.find()
        if options.supersedes:
            check_exists(self.api, options.supersedes)
        check_visibility(existing, self.repo_id, options.private, datasets)
        comparison = self.compare_with_start()
        if comparison and not comparison["better"] and not options.even_if_worse:
            return PublishedWeights(self.url, existing.sha or "" if existing else "", False, comparison=comparison)
        improvement = self.measure(existing)
        is_better = improvement is not None and improvement.better
        if options.if_better and existing and weights_sha256(existing) and not is_better:
            return PublishedWeights(self.url, existing.sha or "", False, (), improvement, comparison)
        if existing is None:
            private = options.private if options.private is not None else any(d.private for d in datasets) or None
            retry(lambda: self.api.create_repo(self.repo_id, private=private, exist_ok=True))
            existing = self.find()
        for _ in range(COMMIT_ATTEMPTS):
            try:
                return self.upload(existing, datasets, improvement)
            except HfHubHTTPError as error:
                if status_of(error) != 412:  # 412: another commit was made since `find`
                    raise
            existing = self.find()
        raise ValueError(f"other commits were made to it during {COMMIT_ATTEMPTS} attempts: try again")

    def find(self) -> ModelInfo | None:
        return retry(lambda: find_repository(self.api, self.repo_id))

    def compare_with_start(self) -> dict[str, Any] | None:
        """Return the comparison with the weights that the run started from; measured if `if_better` needs it."""
        if is_damage_network(self.folder):
            config = run_config(self.run_dir)
            score = section(config, "ran").get("best_score") if config.get("init_from") else None
            return None if score is None else {"better": score < 1}
        known = read_comparison(self.run_dir)
        return known if known or not self.options.if_better else compare_run(self.run_dir, self.options.held_out)

    def measure(self, existing: ModelInfo | None) -> Improvement | None:
        """Compare new and previous weights on held-out photos; None without photos.

        Raises:
            ValueError: `if_better` is set and the comparison is not possible.
        """
        needed = self.options.if_better and weights_sha256(existing) is not None
        try:
            held_out = held_out_of_run(run_config(self.run_dir), self.options.held_out)
        except (ValueError, StreamError) as error:
            if needed or self.options.held_out:
                raise
            print(f"Not measured on held-out photos: {error}", file=sys.stderr)
            held_out = None
        previous = f"{self.repo_id}@{existing.sha}" if existing and weights_sha256(existing) else None
        if held_out is None:
            if needed:
                raise ValueError(
                    "there are no held-out photos to compare on: give --held-out DATASET@SPLIT with photos that the"
                    " weights were not trained on"
                )
            return None
        compare = compare_damage_networks if is_damage_network(self.folder) else compare_weights
        print(f"Measuring on {held_out.name} ...", file=sys.stderr)
        try:
            return compare(self.run_dir, self.folder, previous, held_out)
        except WeightsError as error:
            if self.options.if_better:
                raise ValueError(f"the previous weights cannot be compared: {error}") from error
            return compare(self.run_dir, self.folder, None, held_out)

    def upload(
        self, existing: ModelInfo | None, datasets: list[TrainingDataset], improvement: Improvement | None
    ) -> PublishedWeights:
        """Tag the previous weights, commit the new ones on top of the existing commit, and tag them."""
        api, repo_id, folder, options = self.api, self.repo_id, self.folder, self.options
        card = retry(lambda: read_card(existing, repo_id))
        licences = {d.name: d.licence for d in datasets if d.licence}
        kept = write_card(self.run_dir, folder, repo_id, licences, card, parent_of(self.run_dir), options.watts)
        files = [
            folder / name for name in (WEIGHTS_FILE, CONFIG_FILE, *DISCRIMINATOR_FILES, *PICTURES, *EXAMPLES, CARD_FILE)
        ]
        files = [path for path in files if path.exists()]
        present = {file.rfilename for file in (existing.siblings or [] if existing else [])}
        stale = [name for name in (*DISCRIMINATOR_FILES, *EXAMPLES) if name in present and not (folder / name).exists()]
        previous_tag = retry(lambda: tag_previous_weights(api, repo_id, existing, folder)) if existing else None
        title = f"Weights: {improvement.headline()}" if improvement else "Weights and model card"
        title = options.commit_message or title
        text = [improvement.table()] if improvement else []
        text += [f"The previous weights are at tag {previous_tag}."] if previous_tag else []
        parent = existing.sha if existing else None
        commit = retry(lambda: commit_files(api, repo_id, files, title, "\n\n".join(text), parent, stale))
        if (tag := options.tag) is not None:
            retry(lambda: create_tag(api, repo_id, tag, commit))
        if (older := options.supersedes) is not None:
            retry(lambda: point_to_newer(api, older, repo_id))
        comparison = read_comparison(self.run_dir)
        return PublishedWeights(self.url, commit, True, kept, improvement, comparison, previous_tag)
