"""Opens image datasets, on the Hub, in a folder or in parquet files, and reads the pictures in them."""

import contextlib
import functools
import itertools
import logging
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import numpy as np
import pyarrow as pa
from datasets.utils.file_utils import xopen
from PIL import Image

from inpaint.hub.errors import explain_error, is_refusal
from inpaint.hub.retry import Backoff, install_retrying_client, is_transient

from .columns import find_pictures, pick, with_raw_pictures
from .decoding import NotAPicture, decode
from .retry import StreamBackoff, StreamError, retry_read
from .samples import to_silhouettes

_MASK_COLUMNS = ("mask", "label", "annotation", "segmentation")
_DAMAGED = (pa.ArrowException, OSError, ValueError, EOFError, tarfile.TarError, zipfile.BadZipFile, zlib.error)
_MOST_SHARDS = 1024
_FILES_SPLIT_FURTHER = 16
OPENING_PATIENCE_S = 60.0
PATIENCE_S = 600.0
MAX_SHAPES = 5000
log = logging.getLogger(__name__)


@functools.cache
def configure_datasets() -> None:
    """Leave retries of `datasets` to `train.data.retry`, and skip its sleep of 5 s at the end of each epoch.

    Called when the first dataset is opened, since importing a module must not change the process.
    """
    install_retrying_client()
    datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0
    datasets.config.STREAMING_READ_MAX_RETRIES = 1
    datasets.config.STREAMING_OPEN_MAX_RETRIES = 1
    for name in ("READ", "READ_SERVER_UNAVAILABLE", "READ_RATE_LIMIT", "OPEN"):
        setattr(datasets.config, f"STREAMING_{name}_RETRY_INTERVAL", 0)


def _load(dataset: str, split: str, revision: str | None = None) -> datasets.IterableDataset:
    """Opens one dataset for streaming.

    Raises:
        ValueError: it does not exist, may not be read, or has no such split.
        StreamError: the Hub cannot be reached.
    """
    configure_datasets()
    path = Path(dataset).expanduser()
    try:
        if path.is_file():
            kind = "parquet" if path.suffix == ".parquet" else "webdataset" if path.suffix == ".tar" else "imagefolder"
            return datasets.load_dataset(kind, data_files={split: str(path)}, split=split, streaming=True)
        if path.is_dir():
            return datasets.load_dataset(str(path), split=split, streaming=True)
        repo_id, _, subset = dataset.partition(":")
        options = {"split": split, "revision": revision, "streaming": True}
        return retry_read(
            lambda: datasets.load_dataset(repo_id, subset or None, **options),
            f"the dataset {dataset}",
            OPENING_PATIENCE_S,
        )
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError, pa.ArrowException) as error:
        if isinstance(error, StreamError):
            raise
        if is_refusal(error):
            raise ValueError(explain_error(error, f"The dataset {dataset} cannot be read")) from error
        looks_local = dataset.startswith((".", "/", "~")) or dataset.count("/") > 1
        hint = "there is no such folder or file" if looks_local and not path.exists() else str(error).strip()
        raise ValueError(
            f"The dataset {dataset!r} (split {split!r}) cannot be opened: {hint}\n"
            "Give a Hub dataset id (OWNER/NAME, or OWNER/NAME:SUBSET), a folder of pictures, or a .parquet file;"
            " a private or gated one needs a token (`hf auth login`)."
        ) from error


class OpenDataset(NamedTuple):
    """A dataset ready to be read.

    Attributes:
        name: as the user wrote it.
        rows: a stream of rows with one column, whose pictures are not decoded.
        column: its name.
        path: where in the column the pictures are, see `columns.pick`.
    """

    name: str
    rows: datasets.IterableDataset
    column: str
    path: tuple[str, ...]


def open_dataset(
    dataset: str, split: str, revision: str | None = None, column: str | None = None, prefer: tuple[str, ...] = ()
) -> OpenDataset:
    """Opens a dataset and finds its pictures; one broken picture must not end it, so they are not decoded.

    Raises:
        ValueError: it cannot be opened, or has no pictures.
        StreamError: the Hub cannot be reached.
    """
    rows = _load(dataset, split, revision)
    features = rows.features
    if features is None:
        features = retry_read(lambda: rows._resolve_features().features, f"the dataset {dataset}", OPENING_PATIENCE_S)
    name, *path = find_pictures(features, column, prefer)
    feature = with_raw_pictures(features[name], path) if features and name in features else datasets.Image(decode=False)
    rows = rows.decode(False).cast_column(name, feature).select_columns([name])  # a cast alone decodes loose files
    return OpenDataset(dataset, rows, name, tuple(path))


class Shards:
    """The parts of one or several datasets that can each be read on its own: files, or groups of rows in them.

    Args:
        opened: the datasets.
        patience_s: how long reading is tried when the Hub does not answer.
    """

    def __init__(self, opened: list[OpenDataset], patience_s: float = PATIENCE_S):
        self._patience_s = patience_s
        self._shards = [(part, count, index) for part, count in map(_split, opened) for index in range(count)]
        self._damaged: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._shards)

    def rows(self, number: int, start: int = 0) -> Iterator[list[Any]]:
        """The cells of each row of one shard, from a row on. A damaged shard ends where it is damaged.

        Raises:
            StreamError: it cannot be read any longer.
        """
        (name, dataset, column, path), count, index = self._shards[number]
        outage, damage, at = StreamBackoff(f"the dataset {name}", self._patience_s), Backoff(first_pause_s=1.0), start
        shard = dataset.shard(count, index)
        while at < self._damaged.get(number, at + 1):
            try:
                for row in shard.skip(at) if at else shard:
                    yield list(pick(row[column], path))
                    at += 1
                    outage.reset()
                    damage.reset()
                return
            except (*_DAMAGED, datasets.exceptions.DatasetsError) as error:
                if is_transient(error) or is_refusal(error):
                    outage.wait_or_raise(error)
                elif not damage.wait(error):  # tried again, since a response that was cut short looks like damage
                    self._damaged[number] = at
                    log.warning(
                        "Part %d of %d of %s is damaged (%s): its rows from number %d on are left out.",
                        index + 1, count, name, str(error).splitlines()[0] if str(error) else type(error).__name__, at,
                    )  # fmt: skip

    @property
    def damaged(self) -> int:
        """How many shards were found damaged so far."""
        return len(self._damaged)


def _split(opened: OpenDataset) -> tuple[OpenDataset, int]:
    """The dataset, split as finely as it costs little, and the number of its shards."""
    rows = opened.rows
    if 1 <= rows.num_shards <= _FILES_SPLIT_FURTHER:  # finding groups of rows opens every file
        with contextlib.suppress(*_DAMAGED, StreamError):
            rows = retry_read(rows.reshard, f"the dataset {opened.name}", OPENING_PATIENCE_S)
    return opened._replace(rows=rows), min(rows.num_shards, _MOST_SHARDS)


def fetch(cell: Any, patience_s: float = PATIENCE_S) -> bytes:
    """The bytes of a picture's file, which are read here where the dataset holds only its address.

    Raises:
        NotAPicture: there are none.
        StreamError: they cannot be read any longer.
    """
    path = cell.get("path") if isinstance(cell, dict) else None
    if isinstance(cell, dict) and cell.get("bytes") is not None:
        return cell["bytes"]
    if path is None:
        raise NotAPicture("an empty cell")

    def read() -> bytes:
        with xopen(path, "rb") as file:
            return file.read()

    name = f"the picture {path}"
    try:
        return retry_read(read, name, patience_s)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise NotAPicture("a missing file") from error
    except (OSError, ValueError) as error:
        if is_refusal(error):
            raise StreamError(explain_error(error, f"The picture {path} cannot be read")) from error
        raise NotAPicture("not readable as a file") from error


def _read_in_order(opened: OpenDataset) -> Iterator[Any]:
    shards = Shards([opened])
    for number in range(len(shards)):
        for cells in shards.rows(number):
            yield from cells


def _decoded(cells: Iterator[Any], mode: str | None = "RGB") -> Iterator[Image.Image]:
    """The pictures; cells that hold none are left out."""
    for cell in cells:
        with contextlib.suppress(NotAPicture):
            yield decode(fetch(cell), mode)


def load_silhouettes(dataset: str, split: str = "train") -> list[np.ndarray]:
    """Up to `MAX_SHAPES` silhouettes of a segmentation dataset, as bool arrays.

    Raises:
        ValueError: the dataset cannot be opened, or holds no silhouettes.
        StreamError: it cannot be read.
    """
    shapes: list[np.ndarray] = []
    for picture in _decoded(_read_in_order(open_dataset(dataset, split, prefer=_MASK_COLUMNS)), mode=None):
        shapes.extend(to_silhouettes(picture))
        if len(shapes) >= MAX_SHAPES:
            break
    if not shapes:
        raise ValueError(f"The dataset {dataset!r} holds no silhouettes; give a segmentation dataset.")
    return shapes[:MAX_SHAPES]


def iter_photos(dataset: str, split: str = "train", limit: int | None = None) -> Iterator[Image.Image]:
    """The pictures of a dataset in their own order, upright, as RGB; rows that are no pictures are left out.

    Args:
        dataset: Hub id, folder of pictures, or parquet file.
        split: which split.
        limit: at most so many.

    Raises:
        ValueError: the dataset cannot be opened or has no pictures.
        StreamError: it cannot be read.
    """
    return itertools.islice(_decoded(_read_in_order(open_dataset(dataset, split))), limit)
