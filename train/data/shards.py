"""Read shards, the parts of datasets that can be read separately, through outages and damaged files."""

import contextlib
import hashlib
import logging
import os
import tarfile
import zipfile
import zlib
from collections.abc import Container, Iterator
from typing import Any

from PIL import Image

from inpaint.hub.errors import explain_error, is_refusal, is_transient
from inpaint.hub.retry import Backoff

from .columns import iter_images
from .decoding import UnusableImageError, decode
from .libraries import datasets, pyarrow
from .opening import OPEN_TIMEOUT_S, OpenDataset
from .retry import StreamBackoff, StreamError, retry_read

READ_TIMEOUT_S = 600.0
"""Without progress, reading is retried for this many seconds."""
MAX_SHARDS = 1024
MAX_FILES_TO_RESHARD = 16
"""Datasets of more files are not split into row groups, since that opens every file."""
_DAMAGED_FILE = (OSError, ValueError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
log = logging.getLogger(__name__)


class Shards:
    """The shards of one or several datasets: files, or row groups of parquet files.

    Args:
        opened: the datasets.
        timeout_s: without progress, reading is retried for this many seconds.
    """

    def __init__(self, opened: list[OpenDataset], timeout_s: float = READ_TIMEOUT_S):
        self._timeout_s = timeout_s
        self._shards = [(dataset, count, index) for dataset, count in map(_split, opened) for index in range(count)]
        self._rows_before_damage: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._shards)

    def rows(self, number: int, start: int = 0) -> Iterator[list[Any]]:
        """Yield each row of a shard as the list of its undecoded images. A damaged shard ends where it is damaged.

        Args:
            number: of the shard.
            start: number of the first row.

        Raises:
            StreamError: the shard cannot be read, or can no longer be read.
        """
        (name, dataset, column, path), count, index = self._shards[number]
        outage, damage, at = StreamBackoff(f"the dataset {name}", self._timeout_s), Backoff(first_pause_s=1.0), start
        shard = dataset.shard(count, index)
        while at < self._rows_before_damage.get(number, at + 1):
            try:
                for row in shard.skip(at) if at else shard:
                    yield list(iter_images(row[column], path))
                    at += 1
                    outage.reset()
                    damage.reset()
                return
            except (*_DAMAGED_FILE, pyarrow.ArrowException, datasets.exceptions.DatasetsError) as error:
                if is_transient(error) or is_refusal(error):
                    outage.wait_or_raise(error)
                elif not damage.wait(error):  # tried again, since a response that was cut short looks like damage
                    self._rows_before_damage[number] = at
                    log.warning(
                        "Shard %d of %d of %s is damaged (%s): its rows from number %d on are skipped.",
                        index + 1, count, name, str(error).splitlines()[0] if str(error) else type(error).__name__, at,
                    )  # fmt: skip


def digest(data: bytes) -> str:
    """Return what identifies a picture: copies of a file have the same."""
    return hashlib.sha256(data).hexdigest()


HELD_OUT = "held out"
"""The reason for which a held-out picture is skipped."""


def read_photo(
    cell: Any,
    timeout_s: float = READ_TIMEOUT_S,
    *,
    mode: str | None = "RGB",
    held_out: Container[str] = frozenset(),
) -> Image.Image:
    """Return the photo of an undecoded image; a picture that is held out counts as unusable.

    Args:
        cell: as for `fetch_bytes`.
        timeout_s: as for `fetch_bytes`.
        mode: as for `decode`.
        held_out: digests of pictures that are left out.

    Raises:
        UnusableImageError: it is no photo, or held out.
        StreamError: it cannot be read.
    """
    data = fetch_bytes(cell, timeout_s)
    if held_out and digest(data) in held_out:
        raise UnusableImageError(HELD_OUT)
    return decode(data, mode)


def fetch_bytes(cell: Any, timeout_s: float = READ_TIMEOUT_S) -> bytes:
    """Return the bytes of an image's file. They are read here where the dataset holds only a path or URL.

    Args:
        cell: an undecoded image of `datasets`: {"bytes": ..., "path": ...}.
        timeout_s: without progress, reading is retried for this many seconds.

    Raises:
        UnusableImageError: there are no bytes.
        StreamError: the file cannot be read, or can no longer be read.
    """
    path = cell.get("path") if isinstance(cell, dict) else None
    if isinstance(cell, dict) and cell.get("bytes") is not None:
        return cell["bytes"]
    if path is None:
        raise UnusableImageError("an empty cell")

    def read() -> bytes:
        # `xopen` takes "::" in a name for a path inside an archive
        with open(path, "rb") if os.path.isfile(path) else datasets.utils.file_utils.xopen(path, "rb") as file:
            return file.read()

    try:
        return retry_read(read, f"the image {path}", timeout_s)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UnusableImageError("a missing file") from error
    except (OSError, ValueError) as error:
        if is_refusal(error):
            raise StreamError(explain_error(error, f"The image {path} cannot be read")) from error
        raise UnusableImageError("not readable as a file") from error


def _split(opened: OpenDataset) -> tuple[OpenDataset, int]:
    """Split a dataset of few files into row groups; return it with the number of its shards."""
    rows = opened.rows
    if 1 <= rows.num_shards <= MAX_FILES_TO_RESHARD:
        with contextlib.suppress(*_DAMAGED_FILE, pyarrow.ArrowException, StreamError):
            rows = retry_read(rows.reshard, f"the dataset {opened.name}", OPEN_TIMEOUT_S)
    return opened._replace(rows=rows), min(rows.num_shards, MAX_SHARDS)
