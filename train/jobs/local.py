"""Runs as processes on this machine, each with a folder that tells everything about it, also after a restart."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inpaint.atomic_write import atomic_write

from .hub import ENVIRONMENT
from .spec import JobError, Run

ROOT = Path(__file__).parents[2]
JOB_FILE, LOG_FILE, LOCK_FILE = "job.json", "log.txt", "lock"
MARK = "===== started "
"""How the line begins that a start writes to the log."""
READ_BYTES = 2_000_000


@dataclass(frozen=True)
class LocalJob:
    """A run on this machine.

    Attributes:
        folder: where it lies.
        stage: RUNNING, COMPLETED, CANCELED or ERROR.
        description: what was started: preset, dataset, repo_id, arguments, pid, started (seconds since 1970).
    """

    folder: Path
    stage: str
    description: dict

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.stage != "RUNNING"


def start_here(run: Run, root: Path = ROOT, publish: bool = True) -> LocalJob:
    """Starts, or goes on with, a run in a process of its own, which outlives this one.

    Args:
        run: the run; its folder lies below `root`.
        root: where runs lie.
        publish: whether the weights go to the run's repository in the end; else they stay in the folder.

    Raises:
        JobError: it is running already, or cannot be started.
    """
    folder = root / run.run_dir
    arguments = run.arguments_here(folder, publish)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOCK_FILE).open("a") as lock, (folder / LOG_FILE).open("a") as log:
            if not _taken(lock.fileno(), patience_s=0.3):
                raise JobError(f"{run.repo_id} is being trained here already, in {folder}: cancel that run first.")
            log.write(f"{MARK}{time.strftime('%Y-%m-%d %H:%M:%S')} =====\n")
            log.flush()
            process = subprocess.Popen(
                [sys.executable, "-m", "train", *arguments],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock.fileno(),),  # held until the process is gone, however that ends
            )
    except OSError as error:
        raise JobError(
            f"The run could not be started in {folder} ({error}): make room, or choose another place."
        ) from None
    threading.Thread(target=process.wait, daemon=True, name="reaper").start()
    facts = {"preset": run.preset, "dataset": run.dataset, "repo_id": run.repo_id, "arguments": arguments}
    _write(folder, facts | {"pid": process.pid, "started": time.time(), "cancelled": False})
    return job_here(folder)


def _taken(descriptor: int, patience_s: float = 0.0) -> bool:
    """Takes the lock of a folder, unless its run holds it; somebody who only looks holds it for a moment."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _write(folder: Path, description: dict) -> None:
    with atomic_write(folder / JOB_FILE, single_writer=True) as file:
        file.write((json.dumps(description, indent=2) + "\n").encode())


def job_here(folder: Path) -> LocalJob:
    """The run of a folder; JobError if none was started there."""
    try:
        description = json.loads((folder / JOB_FILE).read_text())
    except (OSError, ValueError):
        raise JobError(f"{folder} holds no run that was started here.") from None
    if _is_running(folder):
        return LocalJob(folder, "RUNNING", description)
    if any(line.startswith('{"event": "finished"') for line in log_here(folder, tail=50)):
        return LocalJob(folder, "COMPLETED", description)
    return LocalJob(folder, "CANCELED" if description.get("cancelled") else "ERROR", description)


def _is_running(folder: Path) -> bool:
    try:
        with (folder / LOCK_FILE).open("a") as lock:
            return not _taken(lock.fileno())
    except OSError:
        return False


def jobs_here(root: Path = ROOT) -> list[LocalJob]:
    """All runs below `root`, newest first."""
    found = []
    for path in root.glob(f"runs/*/{JOB_FILE}"):
        with contextlib.suppress(JobError):
            found.append(job_here(path.parent))
    return sorted(found, key=lambda job: job.description.get("started", 0), reverse=True)


def started_at(job: LocalJob) -> str:
    """When a run was started, as ISO time."""
    moment = datetime.fromtimestamp(job.description.get("started", 0), UTC)
    return moment.isoformat(timespec="seconds")


def log_here(folder: Path, tail: int | None = None) -> list[str]:
    """Lines of the log since the run was started last; the last `tail` of them."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - READ_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    starts = [number for number, line in enumerate(lines) if line.startswith(MARK)]
    lines = lines[starts[-1] + 1 :] if starts else lines
    return lines if tail is None else lines[-tail:]


def follow_here(folder: Path, pause_s: float = 0.3) -> Iterator[str]:
    """Lines of the log since the run was started last, as they come, until it ends."""
    with (folder / LOG_FILE).open("rb") as file:
        data = file.read()
        file.seek(max(0, data.rfind(MARK.encode())))
        file.readline()
        part = b""
        while True:
            running = _is_running(folder)
            *lines, part = (part + file.read()).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
            if not running:
                return
            time.sleep(pause_s)


def cancel_here(folder: Path) -> LocalJob:
    """Stops a run after the step in hand; its last state is kept, and the same run goes on from it.

    Raises:
        JobError: nothing was started there.
    """
    job = job_here(folder)
    if not job.ended:
        _write(folder, job.description | {"cancelled": True})
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(job.description["pid"], signal.SIGTERM)
    return job_here(folder)
