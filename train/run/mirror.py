"""The state of a run on the Hub: uploaded while the run trains, downloaded by a machine that resumes it."""

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

from inpaint.atomic_write import atomic_write
from inpaint.hub.errors import explain_error
from inpaint.hub.files import WEIGHTS_FILE
from inpaint.hub.retry import retry
from train.run_config import RunConfig
from train.settings import conflicts

from .checkpoint import FILE as CHECKPOINT_FILE
from .events import Callback
from .progress import FILE as LOSSES_FILE

CONFIG_FILE, SHEET_FILE = "config.json", "sheet.png"
COMPARISON_FILES = ("comparison.json", "comparison.png")
"""Written at the end of a run that started from other weights, see `train.evaluate.finetune`."""
KEPT_FILES = tuple(f"weights/{name}" for name in (CONFIG_FILE, WEIGHTS_FILE))
"""Stored with the comparison: weights that are not better than those at the start are not published."""
SNAPSHOT_PREFIX = "outgoing-"
MIN_INTERVAL_S, MAX_INTERVAL_S = 10.0, 300.0
"""Between two uploads. The interval doubles after each: the first come soon, and the Hub does not get too many."""
SQUASH_EVERY = 20
"""Uploads after which the history is squashed: each commit is as large as the whole state."""
CLOSE_TIMEOUT_S = 600.0
CARD = """---
tags: [checkpoint]
---
The state of a training run of [{weights}](https://huggingface.co/{weights}), from which another machine can resume it.
It is no longer needed once the weights are published, and may be deleted then.
"""


class MirrorError(ValueError):
    """The state of a run cannot be stored on the Hub, or read from it. The message says why and what to do."""


class Mirror(Callback):
    """Uploads checkpoints, losses and the newest sample sheet to a private repository, in a background thread.

    Once the weights have been compared with those at the start, the comparison and the weights are uploaded too. A
    failed upload is reported once; the next checkpoint is another attempt. Training never waits for an upload.

    Args:
        repo_id: the repository, which is created if needed.
        min_interval_s: seconds between the first two uploads.

    Raises:
        MirrorError: the repository is public, or cannot be written.
    """

    def __init__(self, repo_id: str, min_interval_s: float = MIN_INTERVAL_S) -> None:
        self.name, self._api = repo_id, HfApi()
        self._has_card = self._prepare_repository()
        self._start(min_interval_s)

    def _prepare_repository(self) -> bool:
        """Create the repository; return whether it has a card."""
        repo_id = self.name
        try:
            retry(lambda: self._api.create_repo(repo_id, private=True, exist_ok=True))
            info = retry(lambda: self._api.model_info(repo_id))
        except (httpx2.HTTPError, OSError) as error:
            attempt = f"The state of the run cannot be stored in {repo_id}"
            raise MirrorError(explain_error(error, attempt, right="write to it")) from None
        if not info.private:
            raise MirrorError(f"{repo_id} is public; the state of a run must be private: change its visibility.")
        return any(file.rfilename == "README.md" for file in info.siblings or [])

    def _start(self, min_interval_s: float) -> None:
        self._interval_s, self._next_upload_s, self._uploads = min_interval_s, 0.0, 0
        self._failure_reported = self._stale_removed = False
        self._pending: Path | None = None
        self._changed, self._closing = threading.Condition(), False
        self._thread = threading.Thread(target=self._upload_all, daemon=True, name="mirror")
        self._thread.start()

    def on_checkpoint(self, run_dir: Path) -> None:
        """Take a snapshot of the files, which is uploaded when the interval has passed. It replaces a pending one."""
        snapshot = run_dir / f"{SNAPSHOT_PREFIX}{time.monotonic_ns()}"
        with contextlib.suppress(OSError):
            if not self._stale_removed:
                _remove_stale_snapshots(run_dir)
                self._stale_removed = True
            _take_snapshot(run_dir, snapshot)
            with self._changed:
                replaced, self._pending = self._pending, snapshot
                self._changed.notify()
            if replaced is not None:
                shutil.rmtree(replaced, ignore_errors=True)

    def close(self) -> None:
        """Upload the pending snapshot, wait for it, and squash the history."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_TIMEOUT_S)
        if self._uploads > 1:
            self._squash()

    def _upload_all(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (self._pending is None or time.monotonic() < self._next_upload_s):
                    self._changed.wait(None if self._pending is None else self._next_upload_s - time.monotonic())
                snapshot, self._pending = self._pending, None
                if snapshot is None:
                    return
            self._upload(snapshot)
            shutil.rmtree(snapshot, ignore_errors=True)
            self._next_upload_s = time.monotonic() + self._interval_s
            self._interval_s = min(2 * self._interval_s, MAX_INTERVAL_S)

    def _upload(self, snapshot: Path) -> None:
        try:
            self._write(snapshot)
        except Exception as error:  # no failure here may stop the training, whose checkpoint is also on the disk
            if not self._failure_reported:
                attempt = f"The state of the run was not copied to {self.name}"
                print(explain_error(error, attempt), "The next checkpoint is another attempt.", flush=True)
            self._failure_reported = True
            return
        self._failure_reported = False
        self._uploads += 1
        if self._uploads % SQUASH_EVERY == 0:
            self._squash()

    def _write(self, snapshot: Path) -> None:
        """Commit the files of a snapshot."""
        operations: list[Any] = [
            CommitOperationAdd(path.relative_to(snapshot).as_posix(), path)
            for path in sorted(snapshot.rglob("*"))
            if path.is_file()
        ]
        if not self._has_card:
            card = CARD.format(weights=self.name.removesuffix("-checkpoint")).encode()
            operations.append(CommitOperationAdd("README.md", card))
        retry(lambda: self._api.create_commit(self.name, operations, commit_message="State of the run"))
        self._has_card = True

    def _squash(self) -> None:
        with contextlib.suppress(httpx2.HTTPError, OSError):
            self._api.super_squash_history(self.name)


def _remove_stale_snapshots(run_dir: Path) -> None:
    """Remove the snapshots of a process that was killed."""
    for snapshot in run_dir.glob(SNAPSHOT_PREFIX + "*"):
        shutil.rmtree(snapshot, ignore_errors=True)


def _take_snapshot(run_dir: Path, snapshot: Path) -> None:
    """Copy the files of a state to a folder. The checkpoint, which is only ever replaced as a whole, is linked."""
    snapshot.mkdir()
    try:
        os.link(run_dir / CHECKPOINT_FILE, snapshot / CHECKPOINT_FILE)
    except OSError:
        shutil.copyfile(run_dir / CHECKPOINT_FILE, snapshot / CHECKPOINT_FILE)
    for name in (CONFIG_FILE, LOSSES_FILE):
        shutil.copyfile(run_dir / name, snapshot / name)
    if (run_dir / COMPARISON_FILES[0]).exists():
        for name in filter(lambda name: (run_dir / name).exists(), (*COMPARISON_FILES, *KEPT_FILES)):
            (snapshot / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(run_dir / name, snapshot / name)
    if sheets := sorted((run_dir / "samples").glob("images-*.png")):
        shutil.copyfile(sheets[-1], snapshot / SHEET_FILE)


def fetch_state(repo_id: str, config: RunConfig) -> bool:
    """Download the state of a run into its folder, unless the folder holds a checkpoint.

    Args:
        repo_id: the repository that a `Mirror` has written.
        config: the run that is about to start. The state of a run with conflicting settings is left alone.

    Returns:
        Whether a state was downloaded.

    Raises:
        MirrorError: the repository may hold a state, but it cannot be downloaded.
    """
    if (Path(config.folder) / CHECKPOINT_FILE).exists():
        return False
    try:
        sha = retry(lambda: HfApi().model_info(repo_id)).sha
        return copy_state(repo_id, config, lambda name: _download(repo_id, name, sha))
    except (EntryNotFoundError, RepositoryNotFoundError):
        return False
    except (httpx2.HTTPError, OSError, ValueError) as error:
        text = explain_error(error, f"The state of the run in {repo_id} cannot be read")
        raise MirrorError(f"{text} To start a new run instead, delete that repository.") from None


def copy_state(place: str, config: RunConfig, fetch: Callable[[str], Path]) -> bool:
    """Copy the state of a run into its folder, and say so, unless it is of a run with conflicting settings.

    Args:
        place: name of the place where the state is.
        config: the run that is about to start.
        fetch: returns the path of a file of the state.

    Returns:
        Whether the state was copied.
    """
    if conflicts(json.loads(fetch(CONFIG_FILE).read_text()), config):
        print(f"{place} holds the state of a run with other settings; a new run starts.", flush=True)
        return False
    run_dir = Path(config.folder)
    run_dir.mkdir(parents=True, exist_ok=True)
    for name in (CONFIG_FILE, LOSSES_FILE, CHECKPOINT_FILE):
        with fetch(name).open("rb") as source, atomic_write(run_dir / name, single_writer=True) as file:
            shutil.copyfileobj(source, file)
    print(f"Resuming from the state in {place}.", flush=True)
    return True


def _download(repo_id: str, name: str, sha: str | None) -> Path:
    return Path(retry(lambda: hf_hub_download(repo_id, name, revision=sha)))
