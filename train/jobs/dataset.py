"""Look at a dataset before a run starts: that it exists and can be read, and how its pictures look with holes."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.errors import explain_error, hide_token
from inpaint.hub.retry import retry
from inpaint.photos.formats import FORMAT_OF_SUFFIX
from inpaint.temporary_folder import temporary_folder

from .spec import JobError, is_hub_dataset

ROOT = Path(__file__).parents[2]
PICTURE_SUFFIXES = (".parquet", ".tar", ".zip", ".arrow", ".jfif", ".jpe", *FORMAT_OF_SUFFIX)
PREVIEW_TIMEOUT_S = 90
LOOKUP_TIMEOUT_S = 10
MAX_PREVIEWS = 2
"""Previews that this process makes at the same time."""
TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_OIDC_RESOURCE", "HF_OIDC_ID_TOKEN")
_preview_slots = threading.BoundedSemaphore(MAX_PREVIEWS)


class DatasetInfo(NamedTuple):
    """A dataset on the Hub.

    Attributes:
        private: whether only its owner can read it.
        rows: number of rows that its card states, over all splits; None if it states none.
        files: number of files that can hold pictures.
    """

    private: bool
    rows: int | None
    files: int


def dataset_info(name: str, token: str | None) -> DatasetInfo:
    """Look a dataset up on the Hub.

    Args:
        name: OWNER/NAME or OWNER/NAME:SUBSET.
        token: of the caller; None: anonymous.

    Raises:
        JobError: the dataset does not exist, cannot be read with this token, or has no files that can hold pictures.
    """
    if not is_hub_dataset(name):
        raise JobError(f"{name!r} is not a dataset of the Hub: use OWNER/NAME, or OWNER/NAME:SUBSET.")
    repo_id = name.partition(":")[0]
    api = HfApi(token=token or False)
    try:
        info = retry(lambda: api.dataset_info(repo_id, timeout=LOOKUP_TIMEOUT_S))
        if info.gated:
            retry(lambda: api.auth_check(repo_id, repo_type="dataset"))
    except (httpx2.HTTPError, OSError) as error:
        page, sign_in = f"{api.endpoint}/datasets/{repo_id}", "sign in again" if token else "sign in"
        attempt = f"The dataset {repo_id} cannot be read"
        raise JobError(explain_error(error, attempt, token=token, sign_in=sign_in, page=page)) from None
    files = sum(file.rfilename.lower().endswith(PICTURE_SUFFIXES) for file in info.siblings or [])
    if not files:
        raise JobError(f"{repo_id} has no files with pictures, such as .parquet or .jpg: choose another dataset.")
    return DatasetInfo(bool(info.private), _count_rows(info.card_data), files)


def _count_rows(card: object) -> int | None:
    """Return the number of rows that a dataset's card states for all splits; None if it is incomplete."""
    stated = card.get("dataset_info") if hasattr(card, "get") else None
    parts = stated if isinstance(stated, list) else [stated]
    splits = [split for part in parts if isinstance(part, dict) for split in part.get("splits") or []]
    stated_counts = [split.get("num_examples") for split in splits if isinstance(split, dict)]
    counts = [count for count in stated_counts if isinstance(count, int)]
    return sum(counts) if counts and len(counts) == len(stated_counts) else None


def preview(name: str, preset: str, token: str | None) -> list[str]:
    """Return the first nine pictures of a dataset with the preset's masks, as data URLs.

    They are read in a separate process, see `train.jobs.preview`.

    Args:
        name: OWNER/NAME or OWNER/NAME:SUBSET on the Hub, or a folder or file of this machine.
        preset: name of a preset.
        token: of the caller; None: anonymous.

    Raises:
        JobError: there are no pictures, they take too long, or too many previews run at the same time.
    """
    if not _preview_slots.acquire(timeout=PREVIEW_TIMEOUT_S):
        raise JobError(f"{MAX_PREVIEWS} previews are being made, which is the most at a time: try again in a minute.")
    try:
        with temporary_folder() as home:
            return _run_preview(name, preset, token, str(home))
    finally:
        _preview_slots.release()


def _run_preview(name: str, preset: str, token: str | None, home: str) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key not in TOKEN_VARIABLES}
    environment |= {"HF_HOME": home, "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment |= {"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    command = [sys.executable, "-m", "train.jobs.preview", preset, name]
    try:
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=PREVIEW_TIMEOUT_S
        )
        answer = json.loads(done.stdout.decode().strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise JobError(f"Reading {name} took more than {PREVIEW_TIMEOUT_S} s: try again.") from None
    except (OSError, ValueError, IndexError):
        raise JobError(f"The pictures of {name} could not be read: check that it is a dataset of pictures.") from None
    if "problem" in answer:
        raise JobError(hide_token(answer["problem"], token))
    return answer["pictures"]
