"""A dataset looked at before a run is started: that it is there and may be read, and what its pictures look like."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

import httpx2
from huggingface_hub import HfApi

from inpaint.hub.errors import explain_error, hide_token
from inpaint.hub.retry import retry

from .spec import JobError, is_hub_dataset

ROOT = Path(__file__).parents[2]
PICTURE_ENDINGS = (".parquet", ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".tar", ".zip", ".arrow")
PREVIEW_TIMEOUT_S = 90
LOOKUP_TIMEOUT_S = 10
_AT_ONCE = threading.BoundedSemaphore(2)
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_OIDC_RESOURCE", "HF_OIDC_ID_TOKEN")


class Found(NamedTuple):
    """A dataset.

    Attributes:
        private: whether only its owner sees it.
        rows: how many it says it has, over all splits; None where it says nothing.
        files: how many files may hold pictures.
    """

    private: bool
    rows: int | None
    files: int


def find_dataset(name: str, token: str | None) -> Found:
    """Asks the Hub, which answers at once.

    Args:
        name: OWNER/NAME or OWNER/NAME:SUBSET.
        token: of whoever asks; None: anonymous.

    Raises:
        JobError: it is missing, may not be read, or has no files that could hold pictures.
    """
    if not is_hub_dataset(name):
        raise JobError(f"{name!r} is no dataset of the Hub: it looks like OWNER/NAME, or OWNER/NAME:SUBSET.")
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
    files = sum(file.rfilename.lower().endswith(PICTURE_ENDINGS) for file in info.siblings or [])
    if not files:
        raise JobError(f"{repo_id} has no files with pictures, such as .parquet or .jpg: choose another dataset.")
    return Found(bool(info.private), _rows(info.card_data), files)


def _rows(card: object) -> int | None:
    """What a dataset's card says about its size."""
    stated = card.get("dataset_info") if hasattr(card, "get") else None
    parts = stated if isinstance(stated, list) else [stated]
    splits = [split for part in parts if isinstance(part, dict) for split in part.get("splits") or []]
    stated_counts = [split.get("num_examples") for split in splits if isinstance(split, dict)]
    counts = [count for count in stated_counts if isinstance(count, int)]
    return sum(counts) if counts and len(counts) == len(stated_counts) else None


def preview(name: str, preset: str, token: str | None) -> list[str]:
    """The first nine pictures under the preset's masks, as data URLs.

    Args:
        name: as `train.data` takes it.
        preset: a known preset's name.
        token: of whoever asks; None: anonymous.

    Raises:
        JobError: there are no pictures, they take too long, or too many people are looking.
    """
    if not _AT_ONCE.acquire(timeout=PREVIEW_TIMEOUT_S):
        raise JobError("Many people are looking at datasets right now: try again in a minute.")
    try:
        with tempfile.TemporaryDirectory(prefix="preview-") as home:
            return _asked(name, preset, token, home)
    finally:
        _AT_ONCE.release()


def _asked(name: str, preset: str, token: str | None, home: str) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key not in TOKENS}
    environment |= {"HF_HOME": home, "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment |= {"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
    command = [sys.executable, "-m", "train.jobs.preview", preset, name]
    try:
        done = subprocess.run(
            command, cwd=home, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=PREVIEW_TIMEOUT_S
        )
        answer = json.loads(done.stdout.decode().strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        raise JobError(f"{name}: its first pictures did not come within {PREVIEW_TIMEOUT_S} s; try again.") from None
    except (OSError, ValueError, IndexError):
        raise JobError(f"{name}: its pictures could not be read.") from None
    if "problem" in answer:
        raise JobError(hide_token(answer["problem"], token))
    return answer["pictures"]
