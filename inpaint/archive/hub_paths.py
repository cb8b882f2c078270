"""Places on the Hugging Face Hub as the command line names them, and which command lines are about archives."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from inpaint.photos.formats import TABLES

HUB = "hf://"
_DATASET = re.compile(r"hf://datasets/([\w.-]+/[\w.-]+)(?:@([^/]+))?(?:/(.*))?")


class HubPath(NamedTuple):
    """A place in a dataset repository.

    Attributes:
        repo_id: OWNER/NAME.
        revision: branch, tag or commit; None: the main branch.
        path: a file, a folder or a pattern in it; "" for all of it.
    """

    repo_id: str
    revision: str | None
    path: str


def is_hub_path(text: str) -> bool:
    """Return whether a text names a place on the Hub."""
    return text.startswith(HUB)


def parse_hub_path(text: str) -> HubPath:
    """Return the parts of hf://datasets/OWNER/NAME[@REVISION][/PATH].

    Raises:
        ValueError: the text has another form.
    """
    match = _DATASET.fullmatch(text)
    if match is None:
        raise ValueError(
            f"{text} names no dataset of the Hub: use the form hf://datasets/OWNER/NAME or .../NAME/FOLDER"
        )
    return HubPath(match[1], match[2], (match[3] or "").strip("/"))


def is_archive(photos: list[str], output: str) -> bool:
    """Return whether photos are read from, or written to, the Hub, or read from parquet or tar files.

    Args:
        photos: what the user names as photos.
        output: where results go.
    """
    if any(map(is_hub_path, [*photos, output])):
        return True
    return any(path.name.endswith(TABLES) for photo in photos for path in _paths(Path(photo)))


def _paths(place: Path) -> Iterable[Path]:
    return place.iterdir() if place.is_dir() else (place,)
