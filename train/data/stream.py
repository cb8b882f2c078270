"""Turns datasets into an endless stream of (image, mask) batches, prepared by threads ahead of the loop.

The order of the pictures and everything random about them follows from the seed and the position in the stream, not
from the number of threads, so that a resumed run sees what an uninterrupted one would have seen. Several processes
share a stream: each reads all of it, and decodes the pictures of its own turns.
"""

import itertools
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from train.config import DataConfig

from .datasets import load_silhouettes
from .decoding import NotAPicture
from .order import START, CachedRows, Position, StreamedRows
from .samples import MaskBank, make_sample

GIVE_UP_AFTER = 1000
"""So many rows without a single picture among them, and the dataset is taken for one of something else."""


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


class Turn(NamedTuple):
    """One row of the stream: what is in its cell, the seed of its sample, and the position after it."""

    cell: Any
    seed: tuple[int, int, int]
    after: Position


class PhotoStream:
    """An endless iterator of batches, prepared by threads ahead of the loop.

    Args:
        config: what to read. Its batch size is that of all processes together.
        seed: of order, crops and masks.
        start: position to go on from, as an earlier batch had it.
        rank, processes: this process takes turn number `rank` of every `processes` turns.

    Raises:
        ValueError: a dataset cannot be opened or holds no pictures; also while iterating.
        StreamError: the pictures cannot be read, or not any longer; also while iterating.
    """

    def __init__(self, config: DataConfig, seed: int, start: Position = START, rank: int = 0, processes: int = 1):
        if not config.dataset:
            raise ValueError("No dataset is given: use --data.dataset with a Hub id, a folder or a parquet file.")
        if config.batch_size % processes:
            raise ValueError(
                f"data.batch_size is {config.batch_size}; it must be a multiple of the {processes} processes:"
                f" try {max(1, round(config.batch_size / processes)) * processes}."
            )
        self._config, self._seed, self._rank, self._processes = config, seed, rank, processes
        self._batch_size = config.batch_size // processes
        self._rows: StreamedRows | CachedRows = (CachedRows if config.cache else StreamedRows)(config, seed)
        masks = config.masks
        self._shapes = load_silhouettes(masks.shapes) if masks.shapes and (masks.region or masks.large) else None
        self._bank = MaskBank(config, self._shapes, seed) if masks.bank else None
        self._ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=4)
        self._stopped = threading.Event()
        self.waited_s = 0.0
        """Seconds the consumer has spent waiting for batches."""
        self.reasons = Counter(self._rows.skipped if isinstance(self._rows, CachedRows) else ())
        """Why rows were skipped, and how many, as far as they were read."""
        self.rows_per_epoch: int | None = None
        """Pictures in a pass, once one has been read to its end."""
        self._thread = threading.Thread(target=self._produce, args=(start,), daemon=True, name="photo-stream")
        self._thread.start()

    @property
    def skipped(self) -> int:
        """Rows that could not be decoded, as far as they were read."""
        return self.reasons.total()

    def __iter__(self) -> Iterator[Batch]:
        while batch := self.take():
            yield batch

    def take(self, stop: Callable[[], bool] = lambda: False) -> Batch | None:
        """The next batch, or None if it is not ready and `stop` says that nobody wants it any more."""
        started = time.perf_counter()
        while True:
            try:
                batch = self._ready.get(timeout=0.2)
                break
            except queue.Empty:
                if stop():
                    return None
        self.waited_s += time.perf_counter() - started
        if isinstance(batch, BaseException):
            self._ready.put(batch)  # for whoever asks again
            raise batch
        return batch

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
                    if not self._hand_over(batch):
                        return
        except BaseException as error:  # handed to the consumer, which raises it
            self._hand_over(error)

    def _hand_over(self, batch: Batch | BaseException) -> bool:
        """False if the stream was closed before there was room."""
        while not self._stopped.is_set():
            try:
                self._ready.put(batch, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _batches(self, pool: ThreadPoolExecutor, start: Position) -> Iterator[Batch]:
        images: list[np.ndarray] = []
        masks: list[np.ndarray] = []
        for position, (image, mask) in self._samples(pool, start):
            images.append(image)
            masks.append(mask)
            if len(images) == self._batch_size:
                stacked = torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(masks))
                yield Batch(*stacked, position, self.skipped)
                images, masks = [], []

    def _samples(
        self, pool: ThreadPoolExecutor, start: Position
    ) -> Iterator[tuple[Position, tuple[np.ndarray, np.ndarray]]]:
        """This process's samples in the order of the stream, each with the position after its round of turns."""
        pending: deque[tuple[Position, Future[tuple[np.ndarray, np.ndarray] | str]]] = deque()
        ahead, seen, failed = 2 * self._config.workers + self._batch_size, 0, 0
        for turns in self._rounds(start):
            mine = turns[self._rank]
            pending.append((turns[-1].after, pool.submit(self._make_sample, mine.cell, mine.seed)))
            if len(pending) < ahead:
                continue
            position, done = pending.popleft()
            sample = done.result()
            if isinstance(sample, str):
                failed += 1
                self.reasons[sample] += 1
                self._check(seen, failed)
            else:
                seen, failed = seen + 1, 0
                yield position, sample

    def _check(self, seen: int, failed: int) -> None:
        """Stops where there is nothing to train on.

        Raises:
            ValueError: none of the first rows, or none of a whole pass, could be used.
        """
        own_share = -(-self.rows_per_epoch // self._processes) if self.rows_per_epoch else GIVE_UP_AFTER
        if failed >= own_share or (not seen and failed >= GIVE_UP_AFTER):
            why = ", ".join(f"{count} {reason}" for reason, count in self.reasons.most_common())
            raise ValueError(
                f"None of the {min(failed, own_share)} rows of {', '.join(self._config.dataset)} could be decoded as"
                f" pictures ({why}): name the data.column."
            )

    def _rounds(self, start: Position) -> Iterator[list[Turn]]:
        turns = self._turns(start)
        while True:
            yield list(itertools.islice(turns, self._processes))

    def _turns(self, start: Position) -> Iterator[Turn]:
        """All rows, epoch after epoch without an end. The position after an epoch's last is the next one's start."""
        for epoch in itertools.count(start.epoch):
            first = start if epoch == start.epoch else Position(epoch, 0)
            held: Turn | None = None
            for position, cell in self._rows.read(first):
                if held is not None:
                    yield held
                held = Turn(cell, (self._seed, epoch, position.row), position)
            rows = held.after.row if held is not None else first.row
            if not rows:
                names = ", ".join(self._config.dataset)
                raise ValueError(f"{names} (split {self._config.split!r}) holds no pictures that can be read.")
            self.rows_per_epoch = rows
            if held is not None:
                yield held._replace(after=Position(epoch + 1, 0))

    def _make_sample(self, cell: Any, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray] | str:
        """The sample, or in a few words why there is none."""
        try:
            photo = self._rows.decode(cell)
        except NotAPicture as reason:
            return str(reason)
        return self._draw(photo, seed)

    def _draw(self, photo: Image.Image, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        """The sample that is made of a picture."""
        return make_sample(photo, self._config, seed, self._shapes, self._bank)
