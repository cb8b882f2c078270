"""The weights that a run has trained, loaded for the editor of whoever has started it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inpaint import WeightsError
from page.retrain.signin import Account
from page.server.errors import PageError
from page.server.model_loading import load_model
from page.server.models import Models
from page.server.refusals import refusal
from train.jobs.hub import HubJob
from train.jobs.local import LocalJob
from train.jobs.spec import is_repo_id
from train.jobs.watch import JobSnapshot, fetch_weights, is_public

KEPT_PREFIX = "weights/"
"""Of the files of weights that were not published, in the repository of the state of their run."""


def has_weights(snapshot: JobSnapshot, folder: Path | None) -> bool:
    """Return whether a run has ended with weights that the editor can load.

    Args:
        snapshot: of the run.
        folder: of a run on this machine; None: it is a job on the Hub.
    """
    if folder is not None:
        return snapshot.stage != "RUNNING" and (folder / "weights" / "config.json").exists()
    kept = snapshot.status.withheld and snapshot.comparison_id != ""  # the two are stored together
    return snapshot.stage == "COMPLETED" and (snapshot.status.published is not None or kept)


def use_local(job: LocalJob, models: Models) -> str:
    """Make the weights of a run on this machine available to the editor; return their name there.

    Raises:
        PageError: they are refused.
    """
    source = job.description.get("repo_id", job.folder.name)
    with _refused_in_words_of_the_page(source, ""):
        return models.register(load_model(job.folder / "weights", source, source, models.device))


def use_of_hub(job: HubJob, snapshot: JobSnapshot, account: Account, models: Models) -> str:
    """Make the weights of a job available to the editor; return their name there.

    They are the published ones, or those that were kept beside the state of the run.

    Raises:
        PageError: there are none, or they are refused.
    """
    published = snapshot.status.published
    if published is not None and is_repo_id(published["repo_id"]):
        repo_id, revision = published["repo_id"], published["revision"]
        name, prefix = f"{repo_id}@{revision}", ""
        if is_public(repo_id):
            models.get(name)
            return name
    elif has_weights(snapshot, None) and is_repo_id(job.repo_id):
        repo_id, revision, prefix = job.checkpoint_repo, "main", KEPT_PREFIX
        name = repo_id
    else:
        raise PageError("retrain_not_published")
    with _refused_in_words_of_the_page(repo_id, revision), tempfile.TemporaryDirectory(prefix="weights-") as place:
        folder = fetch_weights(repo_id, revision, account.token, Path(place), prefix)
        return models.register(load_model(folder, repo_id, name, models.device))


@contextlib.contextmanager
def _refused_in_words_of_the_page(repo_id: str, revision: str) -> Iterator[None]:
    try:
        yield
    except WeightsError as error:
        raise refusal(repo_id, revision, error, own=True) from None
