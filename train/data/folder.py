"""List the pictures of a local folder: all of them, unless its subfolders are the splits of a dataset.

`datasets` guesses splits from words such as "test" in the names of files, and takes only the pictures that a
metadata.csv lists. Both silently drop pictures of a folder that was made by hand.
"""

import csv
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from inpaint.photos.formats import FORMAT_OF_SUFFIX

from .columns import find_image_column
from .libraries import datasets, parquet, pyarrow

DEFAULT_SPLIT = "train"
SPLIT_OF_WORD = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
"""Words in the names of folders, and the splits that `datasets` calls them."""
PICTURE_SUFFIXES = frozenset(
    {*FORMAT_OF_SUFFIX, ".jfif", ".jpe", ".jif", ".dib", ".pnm", ".pbm", ".hif", ".j2k", ".mpo"}
)
METADATA_FILES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")
_TEXT_SUFFIXES = frozenset(
    {".txt", ".md", ".csv", ".tsv", ".json", ".jsonl", ".parquet", ".xml", ".xmp", ".aae", ".yaml", ".yml", ".toml"}
    | {".html", ".ini", ".cfg", ".db", ".log", ".py", ".sh"}
)
"""Files that nobody takes for pictures; they are not counted."""
_ARCHIVE_SUFFIXES = frozenset({".arrow", ".tar", ".zip", ".tgz", ".gz"})
_MAGIC = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n|RIFF....WEBP|GIF8[79]a|II\*\0|MM\0\*", re.DOTALL)
_MAX_LINE = 1 << 20
log = logging.getLogger(__name__)


class NoSuchSplitError(ValueError):
    """A dataset has no split of this name. The message names those that there are."""


class PictureFolder(NamedTuple):
    """The pictures of one split of a folder.

    Attributes:
        pictures: their paths, sorted.
        left_out: reason in a few words -> number of files that are not used for it.
    """

    pictures: list[str]
    left_out: Counter[str]

    def summary(self) -> str:
        """Return a sentence that says how many are left out and why; "" if all pictures are used."""
        if not self.left_out:
            return ""
        total = len(self.pictures) + self.left_out.total()
        reasons = ", ".join(f"{count} {reason}" for reason, count in self.left_out.most_common())
        return f"{len(self.pictures)} of {total} files are used. Left out: {reasons}."


class _Files(NamedTuple):
    pictures: list[str]
    tables: list[str]
    archives: list[str]
    others: Counter[str]


def has_one_split(dataset: str) -> bool:
    """Return whether a dataset is a folder of pictures without splits, or with a single one, whatever its name.

    Args:
        dataset: a Hub id, folder or file.
    """
    folder = Path(dataset).expanduser()
    files = _walk(folder) if folder.is_dir() else None
    if files is None or not files.pictures or _dataset_files(folder, files):
        return False
    return _is_one(_splits(folder, files))


def list_pictures(folder: Path, split: str) -> PictureFolder | None:
    """Return the pictures of a folder and its subfolders.

    The folder has splits only if every picture lies in a subfolder that is named for one ("train", "val-2017"), and
    two splits exist. Words in the names of files never count, and neither does a table that lists some pictures.

    Args:
        folder: exists.
        split: of the dataset: "train", or one that the folder has.

    Returns:
        None where the folder is not a folder of pictures but a dataset: in parquet files or archives, with splits
        that are listed in its README, or with a table of several pictures a row.

    Raises:
        NoSuchSplitError: it has no such split.
    """
    files = _walk(folder)
    if not files.pictures:
        return None
    if stated_by := _dataset_files(folder, files):
        log.warning(
            "%s: its %s which of its %d pictures are used.",
            folder, f"{stated_by} say" if stated_by.endswith("s") else f"{stated_by} says", len(files.pictures),
        )  # fmt: skip
        return None
    splits = _splits(folder, files)
    left_out = files.others + Counter(_kind(path) for path in files.archives)
    if _is_one(splits):
        only = splits[0] if None not in splits else DEFAULT_SPLIT
        if SPLIT_OF_WORD.get(split, split) not in (DEFAULT_SPLIT, only):
            raise NoSuchSplitError(
                f"The folder {str(folder)!r} has no split {split!r}: its pictures do not lie in subfolders for each"
                f" split. Use the split {DEFAULT_SPLIT!r}, or put the pictures into such subfolders."
            )
        return PictureFolder(files.pictures, left_out)
    wanted = SPLIT_OF_WORD.get(split, split)
    if wanted not in splits:
        present = ", ".join(sorted(set(filter(None, splits))))
        raise NoSuchSplitError(f"The dataset {str(folder)!r} has no split {split!r}: use another one, of {present}.")
    left_out.update(f"in the split {name}" for name in splits if name != wanted)
    return PictureFolder([path for path, name in zip(files.pictures, splits, strict=True) if name == wanted], left_out)


def _splits(folder: Path, files: _Files) -> list[str | None]:
    """Return the split that the subfolder of each picture names, if it names one."""
    return [_split_of(Path(path).relative_to(folder).parent.parts) for path in files.pictures]


def _is_one(splits: list[str | None]) -> bool:
    return None in splits or len(set(splits)) == 1


def _walk(folder: Path) -> _Files:
    """Sort all files that are not hidden by what they are. Links to folders are followed, each folder once."""
    files = _Files([], [], [], Counter())
    seen: set[tuple[int, int]] = set()

    def unreadable(error: OSError) -> None:
        files.others["folders that cannot be read"] += 1

    for directory, subfolders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        status = os.stat(directory)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith((".", "__")))
        if (status.st_dev, status.st_ino) in seen:
            subfolders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        for name in names:
            if not name.startswith("."):
                _sort_in(os.path.join(directory, name), files)
    files.pictures.sort()
    return files


def _sort_in(path: str, files: _Files) -> None:
    suffix = Path(path).suffix.lower()
    if not os.path.isfile(path):
        if suffix in PICTURE_SUFFIXES:
            files.others["links to nothing" if os.path.islink(path) else "not a file"] += 1
    elif suffix in PICTURE_SUFFIXES or (not suffix and _looks_like_picture(path)):
        if _is_utf8(path):
            files.pictures.append(path)
        else:
            files.others["with a name that is not UTF-8"] += 1
    elif suffix in (".parquet", ".csv", ".jsonl"):
        files.tables.append(path)
    elif suffix in _ARCHIVE_SUFFIXES:
        files.archives.append(path)
    elif suffix and suffix not in _TEXT_SUFFIXES:
        files.others[_kind(path)] += 1


def _kind(path: str) -> str:
    return f"of the kind {Path(path).suffix.lower()}"


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _looks_like_picture(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return _MAGIC.match(file.read(16)) is not None
    except OSError:
        return False


def _split_of(folders: tuple[str, ...]) -> str | None:
    """Return the split that the names of the folders on the way to a picture state; the first one counts."""
    words = (word for name in folders for word in re.split(r"[-._ 0-9]+", name.lower()))
    return next((SPLIT_OF_WORD[word] for word in words if word in SPLIT_OF_WORD), None)


def _dataset_files(folder: Path, files: _Files) -> str:
    """Return what states the rows of a folder with pictures, so that `datasets` has to open it; "" for nothing."""
    if _has_configs(folder):
        return "README.md"
    if len(files.archives) >= len(files.pictures):
        return "archives"
    metadata = [path for path in files.tables if Path(path).name in METADATA_FILES]
    if any(_holds_images(path) for path in files.tables if path not in metadata):
        return "parquet files"
    return next((Path(path).name for path in metadata if len(_file_columns(path)) > 1), "")


def _has_configs(folder: Path) -> bool:
    """Return whether a README says which files belong to which split."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:_MAX_LINE]
    except OSError:
        return False
    front_matter = re.match(r"---\s*\n(.*?)\n---", text, re.DOTALL)
    return front_matter is not None and re.search(r"^configs:", front_matter[1], re.MULTILINE) is not None


def _holds_images(path: str) -> bool:
    """Return whether a table has a column of images: parquet files only."""
    if not path.endswith(".parquet"):
        return False
    try:
        find_image_column(datasets.Features.from_arrow_schema(parquet.read_schema(path)))
    except (ValueError, OSError, pyarrow.ArrowException):
        return False
    return True


def _file_columns(path: str) -> list[str]:
    """Return the columns of a table that name files, as `datasets` recognises them; [] for an unreadable table."""
    try:
        names = list(_columns(path))
    except (OSError, ValueError, csv.Error, pyarrow.ArrowException):
        return []
    pattern = re.compile(r"(.+_)?file_names?")
    columns = [name for name in names if pattern.fullmatch(name)]
    return columns * 2 if any(name.endswith("file_names") for name in columns) else columns


def _columns(path: str) -> Iterator[str]:
    if path.endswith(".parquet"):
        yield from parquet.read_schema(path).names
        return
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline(_MAX_LINE)
    if path.endswith(".csv"):
        yield from next(csv.reader([first]), [])
    elif isinstance(row := json.loads(first or "{}"), dict):
        yield from row
