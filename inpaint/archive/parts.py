"""Plan the parts of an archive, each of which becomes one file of results, and read the photos of a part."""

import hashlib
import importlib
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from inpaint.photos.formats import SUFFIXES, TABLES
from inpaint.photos.left_out import LeftOut, told
from inpaint.photos.mask_names import masks_beside
from inpaint.plurals import counted

from .columns import image_column
from .locations import Source

PHOTOS_PER_PART = 100
"""Of photos that are files of their own. What an interrupted run does again is less than a part."""
BATCH_BYTES, BATCH_ROWS = 64 * 2**20, 8
"""About how many bytes, and at most how many rows, of a parquet file are read at a time."""


class DamagedFileError(ValueError):
    """A parquet or tar file that is cut off or otherwise damaged. The other files can still be read."""


class Part(NamedTuple):
    """Photos that are restored together.

    Attributes:
        files: pictures, or one parquet file, or one tar file.
        row_group: of the parquet file; None for other files.
        photos: how many; None if only reading the tar file can tell.
    """

    files: tuple[str, ...]
    row_group: int | None
    photos: int | None


class Picture(NamedTuple):
    """A photo of an archive.

    Attributes:
        name: its file name, or where it lies in a parquet or tar file.
        data: the bytes of its file; None: the row holds none.
    """

    name: str
    data: bytes | None


class Rows(NamedTuple):
    """Some photos, and what else their rows hold.

    Attributes:
        pictures: the photos.
        others: a pyarrow.RecordBatch with the other columns; None if the photos are files.
        image_column: the name of the column of photos.
    """

    pictures: list[Picture]
    others: Any
    image_column: str


def plan_parts(source: Source, *, with_masks: bool = False) -> list[Part]:
    """Return the parts of a source: row groups of its parquet files; without any, its tar files, or 100 pictures each.

    Args:
        source: has the files.
        with_masks: take pictures that are masks of others by their names for photos, too.

    Raises:
        ValueError: there are no photos.
        DamagedFileError: a parquet file has no readable list of its row groups.
    """
    names = source.names()
    if tables := [name for name in names if name.endswith(".parquet")]:
        if parts := [part for name in tables for part in _row_groups(source, name)]:
            return parts
        raise ValueError(f"{source.identity} holds no photos: its parquet files have no rows")
    if tars := [name for name in names if name.endswith(TABLES)]:
        return [Part((name,), None, None) for name in tars]
    masks = {} if with_masks else _masks(names)
    pictures = [name for name in names if _is_picture(name) and name not in masks]
    if not pictures:
        raise ValueError(f"{source.identity} holds no photos: neither parquet or tar files nor pictures were found")
    groups = [tuple(pictures[start : start + PHOTOS_PER_PART]) for start in range(0, len(pictures), PHOTOS_PER_PART)]
    return [Part(files, None, len(files)) for files in groups]


def left_out_sentence(source: Source, parts: list[Part]) -> str:
    """Return which pictures and tar files of a source are not read, and why; "" if all are.

    Args:
        source: has the files.
        parts: as `plan_parts` returned them.
    """
    names, read = source.names(), {name for part in parts for name in part.files}
    if parts[0].row_group is None and parts[0].photos is not None:
        masks = [(mask, photo) for mask, photo in _masks(names).items() if mask not in read]
        named = [LeftOut(Path(mask), f"by its name a mask of {PurePosixPath(photo).name}") for mask, photo in masks]
        return told(named) if named else ""
    others = sum(name not in read for name in names if name.endswith(TABLES) or _is_picture(name))
    rule = "of parquet files, tar files and pictures, only the first kind that is there is read"
    return f"{counted(others, 'file')} left out: {rule}" if others else ""


def _masks(names: list[str]) -> dict[str, str]:
    """Return the pictures that are masks of others by their names: mask -> photo."""
    pictures = {Path(name): Path(name) for name in names if _is_picture(name)}
    return {mask.as_posix(): photo.as_posix() for mask, photo in masks_beside(pictures).items()}


def fingerprint(parts: list[Part]) -> str:
    """Return a text that changes when files are added, removed or renamed, and with the number of rows of a table."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES


def read_part(source: Source, part: Part, column: str | None = None) -> Iterator[Rows]:
    """Yield the photos of a part, few at a time.

    Args:
        source: has the files.
        part: as `plan_parts` returned it.
        column: the column of photos in parquet files; None: the only one that holds pictures.

    Raises:
        ValueError: a parquet file has no such column, or several.
        DamagedFileError: a parquet or tar file is damaged.
    """
    if part.row_group is not None:
        yield from _rows(source, part.files[0], part.row_group, column)
    elif part.photos is None:
        yield from _members(source, part.files[0])
    else:
        for name in part.files:
            yield Rows([_file(source, name)], None, "image")


def _file(source: Source, name: str) -> Picture:
    try:
        return Picture(name, source.read(name))
    except OSError as error:
        if error.errno is None:  # of the network, which is no property of this photo
            raise
        return Picture(name, None)


def _members(source: Source, name: str) -> Iterator[Rows]:
    """Yield the pictures of a tar file, one by one."""
    try:
        with source.open(name) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                if member.isfile() and _is_picture(member.name):
                    opened = archive.extractfile(member)
                    yield Rows([Picture(member.name, opened.read() if opened else None)], None, "image")
    except tarfile.TarError as error:
        raise DamagedFileError(f"{name} is damaged, or no tar file: {error}") from error


@contextmanager
def _open_table(source: Source, name: str) -> Iterator[Any]:
    """Open a parquet file; what PyArrow says about a damaged one becomes DamagedFileError."""
    arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    with source.open(name) as file:
        try:
            yield parquet.ParquetFile(file)
        except (arrow.ArrowInvalid, OSError) as error:
            if isinstance(error, OSError) and (type(error) is not OSError or error.errno is not None):
                raise  # of the disk or the network
            raise DamagedFileError(f"{name} is damaged, or no parquet file: {error}") from error


def _row_groups(source: Source, name: str) -> Iterator[Part]:
    with _open_table(source, name) as table:
        metadata = table.metadata
        for group in range(metadata.num_row_groups):
            yield Part((name,), group, metadata.row_group(group).num_rows)


def _rows(source: Source, name: str, group: int, column: str | None) -> Iterator[Rows]:
    with _open_table(source, name) as table:
        chosen = image_column(table.schema_arrow, column, name)
        whole = table.metadata.row_group(group)
        rows = max(1, min(BATCH_ROWS, BATCH_BYTES * whole.num_rows // max(1, whole.total_byte_size)))
        number = 0
        for batch in table.iter_batches(batch_size=rows, row_groups=[group], use_threads=False):
            cells = batch.column(chosen).to_pylist()
            pictures = [_picture(cell, f"{name}, row group {group}, row {number + i}") for i, cell in enumerate(cells)]
            number += len(cells)
            yield Rows(pictures, batch.drop_columns([chosen]), chosen)


def _picture(cell: Any, place: str) -> Picture:
    if isinstance(cell, dict):
        path = cell.get("path")
        return Picture(f"{path} ({place})" if path else place, cell.get("bytes"))
    return Picture(place, cell)


def check_column(source: Source, parts: list[Part], column: str | None) -> None:
    """Raise ValueError if the first part is of a parquet file without that column of pictures, see `image_column`.

    The same if a column is given for pictures or tar files, which have none.
    """
    name = parts[0].files[0]
    if parts[0].row_group is None:
        if column is not None:
            raise ValueError(f"--column is {column}, but {name} is no parquet file and has no columns: leave it out")
    else:
        with _open_table(source, name) as table:
            image_column(table.schema_arrow, column, name)
