"""Opens image datasets, on the Hub, in a folder or in parquet files, and reads the pictures in them."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
from PIL import Image

from .config import DataConfig
from .samples import to_silhouettes

datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0  # it would sleep 5 s at the end of every epoch
_RGB = datasets.Image(mode="RGB")
_ANY_MODE = datasets.Image()
_NOT_A_PICTURE = (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError)
_MASK_COLUMNS = ("mask", "label", "annotation", "segmentation")
MAX_SHAPES = 5000


def _load(dataset: str, split: str, revision: str | None = None) -> datasets.IterableDataset:
    """Opens one dataset for streaming.

    Raises:
        ValueError: it does not exist, may not be read, or has no such split.
    """
    path = Path(dataset).expanduser()
    try:
        if path.is_file():
            kind = "parquet" if path.suffix == ".parquet" else "webdataset" if path.suffix == ".tar" else "imagefolder"
            return datasets.load_dataset(kind, data_files={split: str(path)}, split=split, streaming=True)
        if path.is_dir():
            return datasets.load_dataset(str(path), split=split, streaming=True)
        repo_id, _, subset = dataset.partition(":")
        return datasets.load_dataset(repo_id, subset or None, split=split, revision=revision, streaming=True)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        looks_local = dataset.startswith((".", "/", "~")) or dataset.count("/") > 1
        hint = "there is no such folder or file" if looks_local and not path.exists() else str(error).strip()
        raise ValueError(
            f"The dataset {dataset!r} (split {split!r}) cannot be opened: {hint}\n"
            "Give a Hub dataset id (OWNER/NAME, or OWNER/NAME:SUBSET), a folder of pictures, or a .parquet file;"
            " a private or gated one needs a token (`hf auth login`)."
        ) from error


def find_image_column(features: Any, wanted: str | None = None, prefer: tuple[str, ...] = ()) -> str:
    """The column that holds the pictures.

    Args:
        features: a dataset's features, or None if unknown.
        wanted: a name that must exist.
        prefer: name parts looked for first.

    Raises:
        ValueError: no such column, or none with pictures; the message lists the columns.
    """
    columns = dict(features or {})
    if wanted is not None:
        if columns and wanted not in columns:
            raise ValueError(f"The dataset has no column {wanted!r}; it has {', '.join(columns)}.")
        return wanted
    pictures = [name for name, kind in columns.items() if isinstance(kind, datasets.Image)]
    raw = [
        name
        for name, kind in columns.items()
        if (isinstance(kind, dict) and "bytes" in kind) or getattr(kind, "dtype", None) in ("binary", "large_binary")
    ]
    candidates = pictures or raw
    for part in prefer:
        candidates = [name for name in candidates if part in name.lower()] or candidates
    if not candidates:
        listed = ", ".join(columns) or "none that are known"
        raise ValueError(f"The dataset has no column with pictures; its columns: {listed}. Name one with data.column.")
    return candidates[0]


def open_column(
    dataset: str, split: str, revision: str | None, column: str | None, prefer: tuple[str, ...] = ()
) -> datasets.IterableDataset:
    """A stream of rows {"cell": {"bytes", "path"}}, not decoded: one broken picture must not end it."""
    rows = _load(dataset, split, revision)
    features = rows.features
    if features is None:
        features = rows._resolve_features().features
    name = find_image_column(features, column, prefer)
    rows = rows.select_columns([name])
    if name != "cell":
        rows = rows.rename_column(name, "cell")
    return rows.cast_column("cell", datasets.Image(decode=False))


def decode(cell: Any, feature: datasets.Image = _RGB) -> Image.Image | None:
    """The picture in a cell, upright, or None if there is none."""
    try:
        photo = feature.decode_example(cell)
        return photo if min(photo.size) > 0 else None
    except _NOT_A_PICTURE:
        return None


class StreamedRows:
    """Rows of one or several datasets, read anew in every epoch through a shuffle buffer.

    Args:
        config: what to read.
        seed: of the order.

    Raises:
        ValueError: a dataset cannot be opened or has no column with pictures.
    """

    def __init__(self, config: DataConfig, seed: int):
        parts = [open_column(name, config.split, config.revision, config.column) for name in config.dataset]
        rows = datasets.concatenate_datasets(parts) if len(parts) > 1 else parts[0]
        # one shard at a time: interleaving shards is done by threads, whose order is not reproducible
        self._rows = rows.shuffle(seed=seed, buffer_size=config.shuffle_buffer, max_buffer_input_shards=1)

    def read(self, epoch: int, start: int) -> Iterator[Any]:
        """The cells of one epoch from a row on, not decoded."""
        self._rows.set_epoch(epoch)
        for row in itertools.islice(self._rows, start, None):
            yield row["cell"]

    decode = staticmethod(decode)


def load_shapes(dataset: str, split: str = "train") -> list[np.ndarray]:
    """Up to `MAX_SHAPES` silhouettes of a segmentation dataset, as bool arrays.

    Raises:
        ValueError: the dataset cannot be opened, or holds no silhouettes.
    """
    shapes: list[np.ndarray] = []
    for row in open_column(dataset, split, None, None, prefer=_MASK_COLUMNS):
        picture = decode(row["cell"], _ANY_MODE)
        shapes.extend(to_silhouettes(picture) if picture is not None else [])
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
        ValueError: the dataset cannot be opened or has no column with pictures.
    """
    cells = (row["cell"] for row in open_column(dataset, split, None, None))
    photos = (photo for photo in map(decode, cells) if photo is not None)
    return itertools.islice(photos, limit)
