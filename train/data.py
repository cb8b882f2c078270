"""Streams image datasets, from the Hub, a folder or parquet files, into (image, mask) batches.

The order of the pictures and everything random about them follows from the seed and the position in the stream, not
from the number of threads, so that a resumed run sees what an uninterrupted one would have seen.
"""

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import datasets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .config import DataConfig
from .samples import make_sample, to_silhouettes

datasets.config.SLEEP_TIME_ON_THREADS_SHUTDOWN = 0  # it would sleep 5 s at the end of every epoch
_RGB = datasets.Image(mode="RGB")
_ANY_MODE = datasets.Image()
_NOT_A_PICTURE = (OSError, ValueError, SyntaxError, TypeError, Image.DecompressionBombError)
_MASK_COLUMNS = ("mask", "label", "annotation", "segmentation")
MAX_SHAPES = 5000


class Position(NamedTuple):
    """A place in the stream: so many whole passes, and so many rows of the next one."""

    epoch: int
    row: int


class Batch(NamedTuple):
    """What the loop gets.

    Attributes:
        image: (B, 3, R, R) uint8.
        mask: (B, 1, R, R) uint8 in {0, 1}, 1 = hole.
        position: where the next batch starts.
        skipped: rows that could not be decoded, since this stream was opened.
    """

    image: Tensor
    mask: Tensor
    position: Position
    skipped: int


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
        return datasets.load_dataset(dataset, split=split, revision=revision, streaming=True)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        looks_local = dataset.startswith((".", "/", "~")) or dataset.count("/") > 1
        hint = "there is no such folder or file" if looks_local and not path.exists() else str(error).strip()
        raise ValueError(
            f"The dataset {dataset!r} (split {split!r}) cannot be opened: {hint}\n"
            "Give a Hub dataset id (OWNER/NAME), a folder of pictures, or a .parquet file; a private or gated one needs"
            " a token (`hf auth login`)."
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


def _open_column(
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


def _decode(cell: Any, feature: datasets.Image = _RGB) -> Image.Image | None:
    """The picture in a cell, upright, or None if there is none."""
    try:
        photo = feature.decode_example(cell)
        return photo if min(photo.size) > 0 else None
    except _NOT_A_PICTURE:
        return None


class StreamedRows:
    """Rows of one or several datasets, read anew in every epoch through a shuffle buffer."""

    def __init__(self, config: DataConfig, seed: int):
        parts = [_open_column(name, config.split, config.revision, config.column) for name in config.dataset]
        rows = datasets.concatenate_datasets(parts) if len(parts) > 1 else parts[0]
        # one shard at a time: interleaving shards is done by threads, whose order is not reproducible
        self._rows = rows.shuffle(seed=seed, buffer_size=config.shuffle_buffer, max_buffer_input_shards=1)

    def read(self, position: Position) -> Iterator[Any]:
        """The cells of one epoch from a position on."""
        self._rows.set_epoch(position.epoch)
        for row in itertools.islice(self._rows, position.row, None):
            yield row["cell"]

    decode = staticmethod(_decode)


class CachedRows:
    """The pictures of one or several datasets in memory, fully shuffled in every epoch."""

    def __init__(self, config: DataConfig, seed: int):
        self._seed = seed
        self._photos: list[Image.Image] = []
        self.skipped = 0
        with ThreadPoolExecutor(config.workers) as pool:
            for name in config.dataset:
                rows = _open_column(name, config.split, config.revision, config.column)
                cells = (row["cell"] for row in rows)
                while chunk := list(itertools.islice(cells, 256)):
                    for photo in pool.map(_decode, chunk):
                        self._keep(photo, config.cache_side)
        if not self._photos:
            raise ValueError(f"None of the {self.skipped} rows of {', '.join(config.dataset)} could be decoded.")

    def _keep(self, photo: Image.Image | None, side: int) -> None:
        if photo is None:
            self.skipped += 1
            return
        if min(photo.size) > side:
            scale = side / min(photo.size)
            size = (max(side, round(photo.width * scale)), max(side, round(photo.height * scale)))
            photo = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        self._photos.append(photo)

    def read(self, position: Position) -> Iterator[Image.Image]:
        """The pictures of one epoch from a position on."""
        order = np.random.default_rng([self._seed, position.epoch]).permutation(len(self._photos))
        for index in order[position.row :]:
            yield self._photos[index]

    @staticmethod
    def decode(photo: Image.Image) -> Image.Image:
        """Already done."""
        return photo


class PhotoStream:
    """An endless iterator of batches, prepared by threads ahead of the loop.

    Args:
        config: what to read.
        seed: of order, crops and masks.
        start: position to go on from, as an earlier batch had it.

    Raises:
        ValueError: a dataset cannot be opened or holds no pictures; also while iterating.
    """

    def __init__(self, config: DataConfig, seed: int, start: Position = Position(0, 0)):
        if not config.dataset:
            raise ValueError("No dataset is given: use --data.dataset with a Hub id, a folder or a parquet file.")
        self._config, self._seed = config, seed
        self._rows: StreamedRows | CachedRows = (CachedRows if config.cache else StreamedRows)(config, seed)
        self._shapes = load_shapes(config.masks.shapes) if config.masks.shapes and config.masks.region else None
        self._ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=4)
        self._stopped = threading.Event()
        self.waited_s = 0.0
        """Seconds the consumer has spent waiting for batches."""
        self.skipped = getattr(self._rows, "skipped", 0)
        """Rows that could not be decoded, as far as they were read."""
        self.rows_per_epoch: int | None = None
        """Rows in a pass, once one has been read from its start to its end."""
        self._thread = threading.Thread(target=self._produce, args=(start,), daemon=True, name="photo-stream")
        self._thread.start()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            started = time.perf_counter()
            batch = self._ready.get()
            self.waited_s += time.perf_counter() - started
            if isinstance(batch, BaseException):
                raise batch
            yield batch

    def close(self) -> None:
        """Stops the threads; the stream cannot be read any further."""
        self._stopped.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join(timeout=10)

    def _produce(self, start: Position) -> None:
        try:
            with ThreadPoolExecutor(self._config.workers, thread_name_prefix="decode") as pool:
                for batch in self._batches(pool, start):
                    while not self._stopped.is_set():
                        try:
                            self._ready.put(batch, timeout=0.1)
                            break
                        except queue.Full:
                            continue
                    if self._stopped.is_set():
                        return
        except BaseException as error:  # handed to the consumer, which raises it
            self._ready.put(error)

    def _batches(self, pool: ThreadPoolExecutor, start: Position) -> Iterator[Batch]:
        images: list[np.ndarray] = []
        masks: list[np.ndarray] = []
        for position, sample in self._samples(pool, start):
            if sample is None:
                self.skipped += 1
                continue
            images.append(sample[0])
            masks.append(sample[1])
            if len(images) == self._config.batch_size:
                stacked = torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(masks))
                yield Batch(*stacked, position, self.skipped)
                images, masks = [], []

    def _samples(
        self, pool: ThreadPoolExecutor, start: Position
    ) -> Iterator[tuple[Position, tuple[np.ndarray, np.ndarray] | None]]:
        """Samples in the order of their rows, with the position after each; None for a row that is no picture."""
        pending: deque[tuple[Position, Future[Any]]] = deque()
        good_in_epoch, ahead = start.row, 2 * self._config.workers + self._config.batch_size
        for position in itertools.accumulate(itertools.repeat(None), lambda p, _: Position(p.epoch + 1, 0), initial=start):
            row = position.row
            for row, cell in enumerate(self._rows.read(position), position.row + 1):
                future = pool.submit(self._make_sample, cell, (self._seed, position.epoch, row))
                pending.append((Position(position.epoch, row), future))
                if len(pending) >= ahead:
                    after, done = pending.popleft()
                    good_in_epoch += done.result() is not None
                    yield after, done.result()
            while pending:
                after, done = pending.popleft()
                good_in_epoch += done.result() is not None
                yield after, done.result()
            self.rows_per_epoch = row
            if not good_in_epoch:
                names = ", ".join(self._config.dataset)
                raise ValueError(f"None of the {row} rows of {names} could be decoded as a picture; is the column right?")
            good_in_epoch = 0

    def _make_sample(self, cell: Any, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray] | None:
        photo = self._rows.decode(cell)
        return None if photo is None else make_sample(photo, self._config, seed, self._shapes)


def load_shapes(dataset: str, split: str = "train") -> list[np.ndarray]:
    """Up to `MAX_SHAPES` silhouettes of a segmentation dataset, as bool arrays.

    Raises:
        ValueError: the dataset cannot be opened, or holds no silhouettes.
    """
    shapes: list[np.ndarray] = []
    for row in _open_column(dataset, split, None, None, prefer=_MASK_COLUMNS):
        picture = _decode(row["cell"], _ANY_MODE)
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
    cells = (row["cell"] for row in _open_column(dataset, split, None, None))
    photos = (photo for photo in map(_decode, cells) if photo is not None)
    return itertools.islice(photos, limit)
