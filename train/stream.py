"""Turns datasets into an endless stream of (image, mask) batches, prepared by threads ahead of the loop.

The order of the pictures and everything random about them follows from the seed and the position in the stream, not
from the number of threads, so that a resumed run sees what an uninterrupted one would have seen.
"""

import itertools
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .config import DataConfig
from .data import StreamedRows, decode, load_shapes, open_column
from .samples import MaskBank, make_sample


class Position(NamedTuple):
    """A place in the stream: so many whole passes, and so many rows of the next one."""

    epoch: int
    row: int


START = Position(0, 0)


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


class CachedRows:
    """The pictures of one or several datasets in memory, fully shuffled in every epoch.

    A dataset that is named several times is held once, and its pictures come as often.
    """

    def __init__(self, config: DataConfig, seed: int):
        self._seed = seed
        self._photos: list[Image.Image] = []
        self.skipped = 0
        with ThreadPoolExecutor(config.workers) as pool:
            for name, times in Counter(config.dataset).items():
                before = len(self._photos)
                rows = open_column(name, config.split, config.revision, config.column)
                cells = (row["cell"] for row in rows)
                while chunk := list(itertools.islice(cells, 256)):
                    for photo in pool.map(decode, chunk):
                        self._keep(photo, config.cache_side)
                self._photos += self._photos[before:] * (times - 1)
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

    def read(self, epoch: int, start: int) -> Iterator[Image.Image]:
        """The pictures of one epoch from a row on."""
        order = np.random.default_rng([self._seed, epoch]).permutation(len(self._photos))
        for index in order[start:]:
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

    def __init__(self, config: DataConfig, seed: int, start: Position = START):
        if not config.dataset:
            raise ValueError("No dataset is given: use --data.dataset with a Hub id, a folder or a parquet file.")
        self._config, self._seed = config, seed
        self._rows: StreamedRows | CachedRows = (CachedRows if config.cache else StreamedRows)(config, seed)
        masks = config.masks
        self._shapes = load_shapes(masks.shapes) if masks.shapes and (masks.region or masks.large) else None
        self._bank = MaskBank(config, self._shapes, seed) if masks.bank else None
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
        for epoch in itertools.count(start.epoch):
            first = row = start.row if epoch == start.epoch else 0
            for row, cell in enumerate(self._rows.read(epoch, first), first + 1):
                future = pool.submit(self._make_sample, cell, (self._seed, epoch, row))
                pending.append((Position(epoch, row), future))
                if len(pending) >= ahead:
                    after, done = pending.popleft()
                    good_in_epoch += done.result() is not None
                    yield after, done.result()
            while pending:
                after, done = pending.popleft()
                good_in_epoch += done.result() is not None
                yield (after if pending else Position(epoch + 1, 0)), done.result()
            self.rows_per_epoch = row
            if not good_in_epoch:
                names = ", ".join(self._config.dataset)
                raise ValueError(
                    f"None of the {row} rows of {names} could be decoded as pictures: name the data.column."
                )
            good_in_epoch = 0

    def _make_sample(self, cell: Any, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray] | None:
        photo = self._rows.decode(cell)
        return None if photo is None else make_sample(photo, self._config, seed, self._shapes, self._bank)
