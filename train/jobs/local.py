"""Runs as processes on this machine. The folder of each run holds its config, log and state, also after a restart."""

import contextlib
import fcntl
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inpaint.atomic_write import atomic_write
from inpaint.os_errors import words_of

from .hub import ENVIRONMENT
from .spec import PUBLISH_ANYWAY, JobError, RunSpec

ROOT = Path(__file__).parents[2]
RUNS_ROOT = ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()
"""Where the runs' folders lie: in the clone, or where the installed command was started."""
JOB_FILE, SUBMITTED_FILE, LOG_FILE, LOCK_FILE = "job.json", "submitted.json", "log.txt", "lock"
START_PREFIX = "===== started "
"""Start of the line that each start of a run writes to its log."""
AGAIN_PREFIX = "===== publishing "
"""The same for a start that only publishes: what the log says about the training before it still holds."""
MAX_LOG_BYTES = 2_000_000


@dataclass(frozen=True)
class LocalJob:
    """A run on this machine.

    Attributes:
        folder: of the run.
        stage: RUNNING, COMPLETED, CANCELED or ERROR.
        description: content of `JOB_FILE`: preset, dataset, repo_id, pid, started (seconds since 1970), cancelled.
    """

    folder: Path
    stage: str
    description: dict[str, Any]

    @property
    def ended(self) -> bool:
        """Whether the run's process has ended."""
        return self.stage != "RUNNING"


def start_local_job(spec: RunSpec, root: Path = RUNS_ROOT, publish: bool = True) -> LocalJob:
    """Start or resume a run in a process that outlives this one.

    Args:
        spec: the run. Its folder is below `root`.
        root: folder of all runs.
        publish: whether the weights are published at the end; otherwise they stay in the folder.

    Raises:
        JobError: the run is running already, or its process cannot be started.
    """
    folder = root / spec.run_dir
    description = {"preset": spec.preset, "dataset": ", ".join(spec.datasets), "repo_id": spec.repo_id}
    return _start(folder, spec.local_config(folder, publish), description)


def publish_local_job(folder: Path, anyway: bool = False) -> LocalJob:
    """Start a trained run of this machine again as it was submitted last, which then only publishes its weights.

    Args:
        folder: of the run.
        anyway: whether they are published even if they are not better than those at the start.

    Raises:
        JobError: no run was started in this folder, it is running already, or its process cannot be started.
    """
    job = read_local_job(folder)
    try:
        submitted = json.loads((folder / SUBMITTED_FILE).read_text())
    except (OSError, ValueError):
        raise JobError(f"{folder} holds no config of a run: start the run anew.") from None
    config = json.dumps(submitted | (PUBLISH_ANYWAY if anyway else {}))
    description = {name: job.description.get(name, "") for name in ("preset", "dataset", "repo_id")}
    return _start(folder, config, description, AGAIN_PREFIX)


def _start(folder: Path, config: str, description: dict[str, Any], prefix: str = START_PREFIX) -> LocalJob:
    """Start the process of a run.

    Args:
        folder: of the run.
        config: JSON.
        description: what `LocalJob.description` says about the run itself.
        prefix: start of the line that is written to the log.

    Raises:
        JobError: the run is running already, or its process cannot be started.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOCK_FILE).open("a") as lock, (folder / LOG_FILE).open("a") as log:
            if not _acquire(lock.fileno(), timeout_s=0.3):
                raise JobError(f"{description['repo_id']} is already being trained in {folder}: cancel that run first.")
            with atomic_write(folder / SUBMITTED_FILE, single_writer=True) as file:
                file.write(f"{config}\n".encode())
            log.write(f"{prefix}{time.strftime('%Y-%m-%d %H:%M:%S')} =====\n")
            log.flush()
            process = subprocess.Popen(
                [sys.executable, "-m", "train", "--config", str(folder / SUBMITTED_FILE)],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock.fileno(),),  # the process holds the lock until it ends, however it ends
            )
    except OSError as error:
        raise JobError(
            f"The run could not be started in {folder} ({words_of(error)}): free some space, or choose another folder."
        ) from None
    threading.Thread(target=process.wait, daemon=True, name="reaper").start()
    write_description(folder, {**description, "pid": process.pid, "started": time.time(), "cancelled": False})
    return read_local_job(folder)


def _acquire(descriptor: int, timeout_s: float = 0.0) -> bool:
    """Acquire the lock of a folder; return False if its run holds it. Readers hold it for a moment only."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def write_description(folder: Path, description: dict[str, Any]) -> None:
    """Write the `JOB_FILE` of a run; see `LocalJob.description`."""
    with atomic_write(folder / JOB_FILE, single_writer=True) as file:
        file.write((json.dumps(description, indent=2) + "\n").encode())


def read_local_job(folder: Path) -> LocalJob:
    """Return the run of a folder; JobError if none was started there."""
    try:
        description = json.loads((folder / JOB_FILE).read_text())
    except (OSError, ValueError):
        raise JobError(f"{folder} holds no run that was started here.") from None
    if _is_running(folder):
        return LocalJob(folder, "RUNNING", description)
    lines = itertools.takewhile(lambda line: not line.startswith(AGAIN_PREFIX), reversed(read_local_log(folder, 50)))
    if any(line.startswith('{"event": "finished"') for line in lines):
        return LocalJob(folder, "COMPLETED", description)
    return LocalJob(folder, "CANCELED" if description.get("cancelled") else "ERROR", description)


def _is_running(folder: Path) -> bool:
    try:
        with (folder / LOCK_FILE).open("a") as lock:
            return not _acquire(lock.fileno())
    except OSError:
        return False


def list_local_jobs(root: Path = RUNS_ROOT) -> list[LocalJob]:
    """Return all runs below `root`, newest first."""
    found = []
    for path in root.glob(f"runs/*/{JOB_FILE}"):
        with contextlib.suppress(JobError):
            found.append(read_local_job(path.parent))
    return sorted(found, key=lambda job: job.description.get("started", 0), reverse=True)


def started_at(job: LocalJob) -> str:
    """Return the time when a run was started last, as ISO time."""
    moment = datetime.fromtimestamp(job.description.get("started", 0), UTC)
    return moment.isoformat(timespec="seconds")


def read_local_log(folder: Path, tail: int | None = None) -> list[str]:
    """Return the lines of the log since the training was started last; with `tail` only this many of the last ones."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MAX_LOG_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    starts = [number for number, line in enumerate(lines) if line.startswith(START_PREFIX)]
    lines = lines[starts[-1] + 1 :] if starts else lines
    return lines if tail is None else lines[-tail:]


def follow_local_log(folder: Path, poll_s: float = 0.3) -> Iterator[str]:
    """Yield the lines of the log since the training was started last, and new ones until the run ends."""
    with (folder / LOG_FILE).open("rb") as file:
        data = file.read()
        file.seek(max(0, data.rfind(START_PREFIX.encode())))
        file.readline()
        incomplete = b""
        while True:
            running = _is_running(folder)
            *lines, incomplete = (incomplete + file.read()).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            if not running:
                return
            time.sleep(poll_s)
