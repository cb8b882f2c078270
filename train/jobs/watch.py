"""How a run is, wherever it runs: its stage, its progress, its losses and its newest sample sheet."""

import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi, RepoFile

from inpaint.hub.download import CONFIG_FILE, WEIGHTS_FILE, check_size
from inpaint.hub.retry import retry
from train.run.events import RunStatus, read_events

from .hub import JobState, explain, job_log
from .local import LocalJob, log_here
from .spec import JobError

SHEET_FILE = "sheet.png"
TAIL = 400
WORDS = 12
MAX_SHEET_BYTES = 20_000_000


class Watched(NamedTuple):
    """A run as it is now.

    Attributes:
        stage: SCHEDULING, RUNNING, COMPLETED, CANCELED, ERROR or DELETED.
        happened: what its log tells.
        words: the last lines of the log that are no events.
        sheet: the newest sample sheet as a PNG; None where there is none, or the known one.
        sheet_id: names that sheet; "" where there is none.
    """

    stage: str
    happened: RunStatus
    words: list[str]
    sheet: bytes | None
    sheet_id: str

    @property
    def seconds_left(self) -> float | None:
        """A guess from the present speed; None while unknown or when nothing is left."""
        done, total, speed = self.happened.images_seen, self.happened.total, self.happened.images_per_s
        if self.stage != "RUNNING" or not total or not speed:
            return None
        return max(0, total - done) / speed


def watch_job(job: JobState, token: str, namespace: str, known_sheet: str = "") -> Watched:
    """A job of the Hub.

    Args:
        job: as it was just looked up.
        token: whose job it is.
        namespace: the account that it runs under.
        known_sheet: the sheet that need not be sent again.

    Raises:
        JobError: its log cannot be read.
    """
    log = [] if job.stage == "SCHEDULING" else list(job_log(job.id, token, namespace, tail=TAIL))
    sheet, sheet_id = None, ""
    if repo_id := argument_of(job.command, "--checkpoint-repo"):
        sheet, sheet_id = _sheet_of(repo_id, token, known_sheet)
    return Watched(job.stage, read_events(log), _words(log), sheet, sheet_id)


def watch_here(job: LocalJob, known_sheet: str = "") -> Watched:
    """A run on this machine; `known_sheet` as above."""
    log = log_here(job.folder)
    sheets = sorted((job.folder / "samples").glob("images-*.png"))
    sheet_id = sheets[-1].name if sheets else ""
    sheet = sheets[-1].read_bytes() if sheets and sheet_id != known_sheet else None
    return Watched(job.stage, read_events(log), _words(log), sheet, sheet_id)


def _words(log: list[str]) -> list[str]:
    return [line.strip()[:500] for line in log if line.strip() and not line.startswith("{")][-WORDS:]


def argument_of(command: tuple[str, ...] | list[str], flag: str) -> str:
    """What follows a flag in a command; "" if it is not there."""
    return command[command.index(flag) + 1] if flag in command[:-1] else ""


def _sheet_of(repo_id: str, token: str, known: str) -> tuple[bytes | None, str]:
    """The sheet that the run has put into its companion repository; a Hub that stumbles has none just now."""
    api = HfApi(token=token)
    try:
        found = [file for file in api.get_paths_info(repo_id, SHEET_FILE) if isinstance(file, RepoFile)]
        if not found or found[0].size > MAX_SHEET_BYTES:
            return None, ""
        if found[0].blob_id == known:
            return None, known
        with tempfile.TemporaryDirectory(prefix="sheet-") as folder:
            path = api.hf_hub_download(repo_id, SHEET_FILE, cache_dir=folder)
            return Path(path).read_bytes(), found[0].blob_id
    except (httpx2.HTTPError, OSError):
        return None, known


def fetch_weights(repo_id: str, revision: str, token: str, folder: Path) -> Path:
    """Downloads published weights with somebody's token, into a folder and no cache; that folder.

    Raises:
        JobError: they cannot be had.
        WeightsError: they are too large to be meant.
    """
    api = HfApi(token=token)
    try:
        for file in api.get_paths_info(repo_id, [CONFIG_FILE, WEIGHTS_FILE], revision=revision):
            check_size(repo_id, file.path, getattr(file, "size", None))
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            retry(partial(api.hf_hub_download, repo_id, name, revision=revision, local_dir=folder))
    except (httpx2.HTTPError, OSError) as error:
        raise JobError(explain(error, f"The weights of {repo_id} could not be had", token)) from None
    return folder


def is_public(repo_id: str) -> bool:
    """Whether anybody may read a repository's weights."""
    try:
        retry(lambda: HfApi(token=False).auth_check(repo_id))
    except (httpx2.HTTPError, OSError):
        return False
    return True
