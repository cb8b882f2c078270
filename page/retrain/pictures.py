"""Pictures that a visitor drops to train on: checked, then added to a private dataset or a folder of this machine."""

import re
import threading
from pathlib import Path

from inpaint import PhotoError
from inpaint.photos.formats import FORMAT_OF_SUFFIX
from page.retrain.signin import Caller
from page.server.checks import check_upload, open_upload
from page.server.errors import PageError
from page.server.uploads import Uploads
from train.jobs.pictures import keep_pictures, picture_name, upload_pictures

FOLDER = "pictures"
"""Beside the folder of the runs, on the machine of its owner."""
MAX_PICTURES = 16
"""In one call; the browser sends the rest in the next ones."""
MAX_NAME = 40
SUFFIXES = {name: suffix for suffix, name in reversed(FORMAT_OF_SUFFIX.items())}
"""Format -> its usual suffix."""
_opening = threading.BoundedSemaphore(1)
"""How many pictures are decoded at the same time: each may take 5 GB, and two photos of the editor as much."""


def add_pictures(call: dict, caller: Caller, root: Path, uploads: Uploads) -> dict:
    """Add uploaded pictures to a dataset: {name, paths, here} -> {dataset, added, refused}.

    Args:
        call: `name` of the collection, `paths` of the uploads; `here` keeps them on this machine, for its owner.
        caller: whose dataset it is.
        root: folder of this machine's runs.
        uploads: from which they are removed soon.

    Returns:
        The name of the dataset for `check_dataset`, how many pictures it got, and the names of files that are none.

    Raises:
        PageError: not signed in, or not a call of this form.
        JobError: the dataset cannot be written.
    """
    here = call.get("here") is True
    if here and not caller.owner:
        raise PageError("retrain_sign_in")
    account = None if here else caller.require_account()
    paths = call.get("paths")
    if not isinstance(paths, list) or not 0 < len(paths) <= MAX_PICTURES:
        raise PageError("bad_request")
    files = [check_upload(path) for path in paths]
    with uploads.kept(files):
        for file in files:
            uploads.discard(file)
        pictures, refused = _checked(files)
        name = _collection_name(call.get("name"))
        if account is None:
            folder = root / FOLDER / name
            if pictures:
                keep_pictures(folder, pictures)
            return {"dataset": str(folder), "added": len(pictures), "refused": refused}
        dataset = f"{account.name}/inpaint-pictures-{name}"
        if pictures:
            upload_pictures(dataset, pictures, account.token)
        return {"dataset": dataset, "added": len(pictures), "refused": refused}


def _checked(files: list[Path]) -> tuple[dict[str, Path], list[str]]:
    """Return the files that are pictures by their new names, and the names of the others."""
    pictures, refused = {}, []
    for file in files:
        try:
            with _opening:
                format = open_upload(file).format
        except (PhotoError, PageError):
            refused.append(file.name)
            continue
        pictures[picture_name(file, file.parent.name, SUFFIXES.get(format or "", file.suffix.lower()))] = file
    return pictures, refused


def _collection_name(name: object) -> str:
    """Return the name of a collection as the Hub and every file system take it."""
    if not isinstance(name, str):
        raise PageError("bad_request")
    return re.sub(r"[^a-z0-9]+", "-", name.lower()[:200], flags=re.ASCII).strip("-")[:MAX_NAME].strip("-") or "mine"
