"""Count the pictures of a Hub dataset, and how many of them a split uses."""

from importlib import import_module
from pathlib import PurePosixPath

from huggingface_hub import HfFileSystem

from inpaint.hub.http import httpx2

from .folder import METADATA_FILES, PICTURE_SUFFIXES
from .libraries import datasets


def count_used_pictures(repo_id: str, split: str, revision: str | None) -> tuple[int, int] | None:
    """Return how many pictures a split uses and how many lie in the repository, where these differ.

    Only for repositories of single pictures, which have no rows that state what belongs to a split. The files are
    listed once: `datasets` has asked for the same list, which huggingface_hub keeps.

    Args:
        repo_id: of a dataset that `datasets` has opened.
        split: that is read.
        revision: branch, tag or commit; None: the main branch.

    Returns:
        None if all pictures are used, or where that cannot be told: for other kinds of datasets, and when the Hub does
        not answer.
    """
    try:
        builder = datasets.load_dataset_builder(repo_id, revision=revision)
        # by its full name: the attribute `imagefolder` of packaged_modules is the inner module of that name
        folder = import_module("datasets.packaged_modules.imagefolder.imagefolder")
        if not isinstance(builder, folder.ImageFolder) or not builder.config.data_files:
            return None
        root = f"datasets/{repo_id}@{revision}" if revision else f"datasets/{repo_id}"
        paths = [str(path) for path in HfFileSystem().find(root)]
    except (OSError, ValueError, httpx2.HTTPError, datasets.exceptions.DatasetsError):
        return None
    files = [str(path) for path in builder.config.data_files.get(split, ())]
    if any(PurePosixPath(path).name in METADATA_FILES for path in files):
        return None
    used, total = sum(map(_is_picture, files)), sum(map(_is_picture, paths))
    return (used, total) if used < total else None


def _is_picture(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in PICTURE_SUFFIXES and not PurePosixPath(path).name.startswith(".")
