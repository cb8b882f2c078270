"""A run's state on the Hub: copied there while it trains, fetched by the next machine after this one was cut off."""

import contextlib
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, RepositoryNotFoundError

from inpaint.atomic_write import atomic_write
from inpaint.hub.errors import explain_error
from inpaint.hub.retry import retry
from train.config import RunConfig
from train.presets import conflicts

from .checkpoint import FILE as CHECKPOINT_FILE
from .events import Callback
from .progress import FILE as LOSSES_FILE

CONFIG_FILE, SHEET_FILE = "config.json", "sheet.png"
OUTGOING = "outgoing-"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 10.0, 300.0
"""Between two copies; doubled each time, so that the first ones come soon and the Hub is not asked too often."""
SQUASH_EVERY = 20
"""After so many copies the old ones are dropped: each is as large as the whole state."""
LAST_COPY_S = 600.0
CARD = """---
tags: [checkpoint]
---
The state of a training run of [{weights}](https://huggingface.co/{weights}): what it goes on from when its machine is
cut off. Once the weights are published it is no longer needed and may be deleted.
"""


class RemoteError(ValueError):
    """The state cannot be kept on the Hub, or had from it. The message says why, and what to do."""


class Mirror(Callback):
    """Copies checkpoints, losses and the newest sheet to a private repository, in a thread of its own.

    What fails is said once and tried again with the next checkpoint; the training is never held up.

    Args:
        repo_id: the repository; made when absent.
        first_pause_s: seconds between the first two copies.

    Raises:
        RemoteError: the repository is public, or cannot be written.
    """

    def __init__(self, repo_id: str, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self.repo_id, self._api = repo_id, HfApi()
        self._pause_s, self._next_s, self._copies = first_pause_s, 0.0, 0
        self._told = self._took = False
        self._waiting: Path | None = None
        self._changed, self._closing = threading.Condition(), False
        try:
            retry(lambda: self._api.create_repo(repo_id, private=True, exist_ok=True))
            info = retry(lambda: self._api.model_info(repo_id))
        except (httpx2.HTTPError, OSError) as error:
            attempt = f"The state of the run cannot be stored in {repo_id}"
            raise RemoteError(explain_error(error, attempt, right="write to it")) from None
        if not info.private:
            raise RemoteError(f"{repo_id} is public, and the run's state is not: make it private, or delete it.")
        self._has_card = any(file.rfilename == "README.md" for file in info.siblings or [])
        self._thread = threading.Thread(target=self._copy_all, daemon=True, name="mirror")
        self._thread.start()

    def on_checkpoint(self, run_dir: Path) -> None:
        """Takes hold of the files as they are now; they are copied when their time has come."""
        outgoing = run_dir / f"{OUTGOING}{time.monotonic_ns()}"
        with contextlib.suppress(OSError):
            if not self._took:
                _sweep(run_dir)
                self._took = True
            _take(run_dir, outgoing)
            with self._changed:
                replaced, self._waiting = self._waiting, outgoing
                self._changed.notify()
            if replaced is not None:
                shutil.rmtree(replaced, ignore_errors=True)

    def close(self) -> None:
        """Copies the last state, waits for it, and drops the older ones."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(LAST_COPY_S)
        if self._copies > 1:
            self._squash()

    def _copy_all(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (self._waiting is None or time.monotonic() < self._next_s):
                    self._changed.wait(None if self._waiting is None else self._next_s - time.monotonic())
                outgoing, self._waiting = self._waiting, None
                if outgoing is None:
                    return
            self._copy(outgoing)
            shutil.rmtree(outgoing, ignore_errors=True)
            self._next_s = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _copy(self, outgoing: Path) -> None:
        operations: list[Any] = [CommitOperationAdd(path.name, path) for path in sorted(outgoing.iterdir())]
        if not self._has_card:
            card = CARD.format(weights=self.repo_id.removesuffix("-checkpoint")).encode()
            operations.append(CommitOperationAdd("README.md", card))
        try:
            retry(lambda: self._api.create_commit(self.repo_id, operations, commit_message="State of the run"))
        except Exception as error:  # whatever it is: the training goes on, and so does the checkpoint on the disk
            if not self._told:
                attempt = f"The state of the run was not copied to {self.repo_id}"
                print(explain_error(error, attempt), "The next checkpoint is tried again.", flush=True)
            self._told = True
            return
        self._told, self._has_card = False, True
        self._copies += 1
        if self._copies % SQUASH_EVERY == 0:
            self._squash()

    def _squash(self) -> None:
        with contextlib.suppress(httpx2.HTTPError, OSError):
            self._api.super_squash_history(self.repo_id)


def _sweep(run_dir: Path) -> None:
    """Removes what a killed run was about to copy."""
    for left in run_dir.glob(OUTGOING + "*"):
        shutil.rmtree(left, ignore_errors=True)


def _take(run_dir: Path, outgoing: Path) -> None:
    """The files of a state under names of their own: links where the file is replaced as a whole, else copies."""
    outgoing.mkdir()
    try:
        os.link(run_dir / CHECKPOINT_FILE, outgoing / CHECKPOINT_FILE)
    except OSError:
        shutil.copyfile(run_dir / CHECKPOINT_FILE, outgoing / CHECKPOINT_FILE)
    for name in (CONFIG_FILE, LOSSES_FILE):
        shutil.copyfile(run_dir / name, outgoing / name)
    if sheets := sorted((run_dir / "samples").glob("images-*.png")):
        shutil.copyfile(sheets[-1], outgoing / SHEET_FILE)


def fetch_state(repo_id: str, config: RunConfig) -> bool:
    """Brings the state of the same run into its folder, unless the folder has one already.

    Args:
        repo_id: where states are kept.
        config: the run that is about to start.

    Returns:
        Whether a state was fetched.

    Raises:
        RemoteError: there may be a state, but it cannot be had.
    """
    run_dir = Path(config.folder)
    if (run_dir / CHECKPOINT_FILE).exists():
        return False
    try:
        sha = retry(lambda: HfApi().model_info(repo_id)).sha
        there = json.loads(_fetched(repo_id, CONFIG_FILE, sha).read_text())
        if conflicts(there, config):
            print(f"{repo_id} holds the state of a run with other settings; this one starts anew.", flush=True)
            return False
        run_dir.mkdir(parents=True, exist_ok=True)
        for name in (CONFIG_FILE, LOSSES_FILE, CHECKPOINT_FILE):
            fetched = _fetched(repo_id, name, sha)
            with fetched.open("rb") as source, atomic_write(run_dir / name, single_writer=True) as file:
                shutil.copyfileobj(source, file)
    except (EntryNotFoundError, RepositoryNotFoundError):
        return False
    except (httpx2.HTTPError, OSError, ValueError) as error:
        text = explain_error(error, f"The state of the run in {repo_id} cannot be read")
        raise RemoteError(f"{text} To start a new run, delete that repository.") from None
    print(f"Going on from the state in {repo_id}.", flush=True)
    return True


def _fetched(repo_id: str, name: str, sha: str | None) -> Path:
    return Path(retry(lambda: hf_hub_download(repo_id, name, revision=sha)))
