"""Watch a run, wherever it runs: its stage, progress, losses and newest sample sheet."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi, RepoFile

from inpaint.hub.retry import retry
from inpaint.temporary_folder import temporary_folder
from train.run.events import RunStatus, read_events

from .hub import HubJob, read_job_log
from .local import LocalJob, read_local_log

SHEET_FILE, COMPARISON_FILE = "sheet.png", "comparison.png"
"""The newest samples; and the fills of the weights beside those of the weights that the run started from."""
LOG_LINES = 400
"""Lines of a job's log that are read."""
TAIL_LINES, MAX_LINE = 12, 500
"""Lines of the log that are shown, and characters of each."""
MAX_SHEET_BYTES = 20_000_000
_NONE: tuple[bytes | None, str] = (None, "")
"""There is no sheet."""


class JobSnapshot(NamedTuple):
    """A run as it is now.

    Attributes:
        stage: SCHEDULING, RUNNING, COMPLETED, CANCELED, ERROR or DELETED.
        status: the run's progress as its log shows it.
        log_tail: the last lines of the log that are no events.
        sheet: the newest sample sheet as a PNG; None if there is none, or the caller has it.
        sheet_id: identifies that sheet; "" if there is none.
        comparison_sheet: the fills of the trained weights beside those of the start as a PNG; None as for `sheet`.
        comparison_id: identifies that sheet; "" if there is none.
    """

    stage: str
    status: RunStatus
    log_tail: list[str]
    sheet: bytes | None
    sheet_id: str
    comparison_sheet: bytes | None = None
    comparison_id: str = ""

    @property
    def seconds_left(self) -> float | None:
        """Remaining time at the current speed; None if it is unknown or the run has ended."""
        seen, total, speed = self.status.images_seen, self.status.total, self.status.images_per_s
        if self.stage != "RUNNING" or not total or not speed:
            return None
        return max(0, total - seen) / speed


def watch_hub_job(
    job: HubJob, token: str, namespace: str, known_sheet: str = "", known_comparison: str = ""
) -> JobSnapshot:
    """Return the state of a job on the Hub.

    Args:
        job: as it was just looked up.
        token: owner of the job.
        namespace: the account or organisation of the job.
        known_sheet: `sheet_id` of the sheet that the caller has.
        known_comparison: `comparison_id` of the one that the caller has.

    Raises:
        JobError: the log cannot be read.
    """
    log = [] if job.stage == "SCHEDULING" else list(read_job_log(job.id, token, namespace, tail=LOG_LINES))
    sheet, comparison = _NONE, _NONE
    if repo_id := job.checkpoint_repo:
        sheet = _download_sheet(repo_id, SHEET_FILE, token, known_sheet)
        comparison = _download_sheet(repo_id, COMPARISON_FILE, token, known_comparison) if job.ended else _NONE
    return JobSnapshot(job.stage, read_events(log), _log_tail(log), *sheet, *comparison)


def watch_local_job(job: LocalJob, known_sheet: str = "", known_comparison: str = "") -> JobSnapshot:
    """Return the state of a run on this machine; the caller has the sheets with these ids."""
    log = read_local_log(job.folder)
    sheets = sorted((job.folder / "samples").glob("images-*.png"))
    sheet_id = sheets[-1].name if sheets else ""
    sheet = sheets[-1].read_bytes() if sheets and sheet_id != known_sheet else None
    comparison = _read_sheet(job.folder / COMPARISON_FILE, known_comparison) if job.ended else _NONE
    return JobSnapshot(job.stage, read_events(log), _log_tail(log), sheet, sheet_id, *comparison)


def _read_sheet(file: Path, known: str) -> tuple[bytes | None, str]:
    """Return a sheet of this machine and its id."""
    try:
        sheet_id = f"{file.name}-{file.stat().st_mtime_ns}"
        return (None if sheet_id == known else file.read_bytes()), sheet_id
    except OSError:
        return _NONE


def _log_tail(log: list[str]) -> list[str]:
    return [line.strip()[:MAX_LINE] for line in log if line.strip() and not line.startswith("{")][-TAIL_LINES:]


def _download_sheet(repo_id: str, name: str, token: str, known: str) -> tuple[bytes | None, str]:
    """Return a sheet and its id from the run's checkpoint repository; (None, known) while the Hub is unavailable."""
    api = HfApi(token=token)
    try:
        found = [file for file in api.get_paths_info(repo_id, name) if isinstance(file, RepoFile)]
        if not found or found[0].size > MAX_SHEET_BYTES:
            return _NONE
        if found[0].blob_id == known:
            return None, known
        with temporary_folder() as folder:
            path = api.hf_hub_download(repo_id, name, cache_dir=folder)
            return Path(path).read_bytes(), found[0].blob_id
    except (httpx2.HTTPError, OSError):
        return None, known


def fetch_weights(repo_id: str, revision: str, token: str, folder: Path, prefix: str = "") -> Path:
    """Download weights with a given token, without a cache.

    Args:
        repo_id: the repository.
        revision: commit, branch or tag.
        token: may read the repository.
        folder: where the two files are written.
        prefix: of the names of the two files in the repository, such as "weights/".

    Returns:
        The folder of the two files.

    Raises:
        WeightsError: they cannot be downloaded, their config is not valid, or they are larger than it needs.
    """
    from inpaint.hub.download import explain  # imports NumPy, as the next one does
    from inpaint.hub.files import CONFIG_FILE, WEIGHTS_FILE, check_size, max_weights_bytes, read_config
    from inpaint.networks.config import config_from_dict

    api = HfApi(token=token)

    def fetch(name: str, limit: int | None = None) -> None:
        for file in api.get_paths_info(repo_id, prefix + name, revision=revision):
            check_size(repo_id, name, getattr(file, "size", None), limit)
        retry(partial(api.hf_hub_download, repo_id, prefix + name, revision=revision, local_dir=folder))

    target = folder / prefix
    try:
        fetch(CONFIG_FILE)
        fetch(WEIGHTS_FILE, max_weights_bytes(read_config(target / CONFIG_FILE, repo_id, config_from_dict)))
    except (httpx2.HTTPError, OSError) as error:
        raise explain(repo_id, revision, error, token=token) from error
    return target


def is_public(repo_id: str) -> bool:
    """Return whether the files of a repository can be read without a token."""
    try:
        retry(lambda: HfApi(token=False).auth_check(repo_id))
    except (httpx2.HTTPError, OSError):
        return False
    return True
