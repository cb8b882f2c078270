"""Pictures of one's own as a training set: a private dataset on the Hub, or a folder of this machine."""

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi

from inpaint.hub.retry import retry
from inpaint.os_errors import words_of

from .errors import explained
from .spec import JobError

SPLIT = "train"
"""The folder of the pictures, which `datasets` and our own reader take for the training split."""
MAX_STEM = 60


def picture_name(file: Path, digest: str, suffix: str) -> str:
    """Return the name of a picture in a dataset: unique by its content, and safe on every system.

    Args:
        file: as it was named by its owner.
        digest: of its content, as hexadecimal digits.
        suffix: of its format, such as ".jpg".
    """
    stem = re.sub(r"[^\w-]+", "-", file.stem, flags=re.ASCII).strip("-")[:MAX_STEM] or "picture"
    return f"{stem}-{digest[:10]}{suffix}"


def upload_pictures(repo_id: str, pictures: Mapping[str, Path], token: str) -> None:
    """Add pictures to a private dataset, which is created if needed, in one commit.

    Args:
        repo_id: OWNER/NAME.
        pictures: file name in the dataset -> the file. Equal names replace each other.
        token: may write to the repository.

    Raises:
        JobError: the dataset is public, the Hub refuses, or cannot be reached.
    """
    api = HfApi(token=token)
    with explained(f"The pictures could not be uploaded to {repo_id}", token):
        retry(lambda: api.create_repo(repo_id, repo_type="dataset", private=True, exist_ok=True))
        info = retry(lambda: api.dataset_info(repo_id))
        if not info.private:
            raise JobError(f"{repo_id} is a public dataset: choose another name, so that your pictures stay private.")
        changes = [CommitOperationAdd(f"{SPLIT}/{name}", str(file)) for name, file in pictures.items()]
        message = f"Add {len(changes)} pictures"
        retry(lambda: api.create_commit(repo_id, changes, commit_message=message, repo_type="dataset"))


def keep_pictures(folder: Path, pictures: Mapping[str, Path]) -> None:
    """Copy pictures into the training split of a folder, which is created if needed.

    Args:
        folder: of the dataset, on this machine.
        pictures: file name -> the file.

    Raises:
        JobError: they cannot be written.
    """
    target = folder / SPLIT
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, file in pictures.items():
            shutil.copyfile(file, target / f".{name}.part")
            os.replace(target / f".{name}.part", target / name)
    except OSError as error:
        raise JobError(f"The pictures could not be kept in {folder} ({words_of(error)}): free some space.") from None
