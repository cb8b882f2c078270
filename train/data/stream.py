"""An endless stream of (image, mask) batches, prepared by threads ahead of the training loop.

The order of the images and everything random about them depend on the seed and the position in the stream, not on
the number of threads, so that a resumed run sees what an uninterrupted run would have seen. Several processes share a
stream: each reads all rows, and decodes the images of its own rank.
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

from train.data_config import DataConfig

from .datasets import load_silhouettes
from .decoding import UnusableImageError
from .order import START, CachedImages, Position, StreamedImages
from .samples import MaskBank, make_sample
from .shards import HELD_OUT

MAX_UNUSABLE_ROWS = 1000
"""Number of rows after which a dataset without any usable image is rejected."""
PREFETCHED_BATCHES = 4

Sample = tuple[np.ndarray, np.ndarray]  # uint8 (3, R, R) and uint8 (1, R, R)


class Batch(NamedTuple):
    """A batch for the training loop.

    Attributes:
        image: (B, 3, R, R) uint8.
        mask: (B, 1, R, R) uint8 in {0, 1}, 1 = hole.
        position: where the next batch starts.
        skipped: images that could not be used, since this stream was opened.
    """

    image: Tensor
    mask: Tensor
    position: Position
    skipped: int


class Task(NamedTuple):
    """A sample to be made: the image (undecoded, or cached), the seed of the sample, and the position after it."""

    cell: Any
    seed: tuple[int, int, int]
    after: Position


def silhouettes_of(config: DataConfig) -> list[np.ndarray] | None:
    """Return the silhouettes that a config's masks use; None if these are generated, or none are used."""
    masks = config.masks
    return load_silhouettes(masks.shapes) if masks.shapes and (masks.region or masks.large) else None


class PhotoStream:
    """An endless iterator of batches, prepared by threads ahead of the training loop.

    Args:
        config: what to read. Its batch size is the total of all processes.
        seed: of order, crops and masks.
        start: position to resume from, as in an earlier batch.
        rank: of this process; it makes the sample number `rank` of every `world_size` samples.
        world_size: number of processes.
        held_out: digests of pictures that are left out, see `held_out.HeldOut`.

    Attributes:
        waited_s: seconds that the consumer has spent waiting for batches.
        skip_reasons: reason -> number of images that were skipped for it, among those read so far.
        rows_per_epoch: images in an epoch; None until it is known: with a cache from the start, else after an epoch.

    Raises:
        ValueError: a dataset cannot be opened or holds no images; also while iterating.
        StreamError: the images cannot be read, or can no longer be read; also while iterating.
    """

    def __init__(
        self,
        config: DataConfig,
        seed: int,
        start: Position = START,
        rank: int = 0,
        world_size: int = 1,
        held_out: frozenset[str] = frozenset(),
    ):
        if not config.dataset:
            raise ValueError("No dataset is given: use --data.dataset with a Hub id, a folder or a parquet file.")
        if config.batch_size % world_size:
            raise ValueError(
                f"data.batch_size is {config.batch_size}; it must be a multiple of the {world_size} processes:"
                f" try {max(1, round(config.batch_size / world_size)) * world_size}."
            )
        self._config, self._seed, self._rank, self._world_size = config, seed, rank, world_size
        self._batch_size = config.batch_size // world_size
        self._source = (CachedImages if config.cache else StreamedImages)(config, seed, held_out)
        self._silhouettes = silhouettes_of(config)
        self._bank = MaskBank(config, self._silhouettes, seed) if config.masks.bank else None
        self._ready: queue.Queue[Batch | BaseException] = queue.Queue(maxsize=PREFETCHED_BATCHES)
        self._closed = threading.Event()
        self.waited_s = 0.0
        self.skip_reasons = Counter(self._source.skipped if isinstance(self._source, CachedImages) else ())
        self.rows_per_epoch = len(self._source) if isinstance(self._source, CachedImages) else None
        self._thread = threading.Thread(target=self._produce, args=(start,), daemon=True, name="photo-stream")
        self._thread.start()

    @property
    def skipped(self) -> int:
        """Number of images that could not be used, among those read so far; those held out are not counted."""
        return self.skip_reasons.total() - self.skip_reasons[HELD_OUT]

    def __iter__(self) -> Iterator[Batch]:
        while batch := self.next_batch():
            yield batch

    def next_batch(self, stop: Callable[[], bool] = lambda: False) -> Batch | None:
        """Return the next batch, waiting for it if necessary.

        Args:
            stop: is called several times per second while the batch is not ready; True ends the waiting.

        Returns:
            The batch; None if `stop` ended the waiting.

        Raises:
            ValueError: the dataset holds no usable images.
            StreamError: the images can no longer be read.
        """
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
            self._ready.put(batch)  # the next call raises it again
            raise batch
        return batch

    def close(self) -> None:
        """Stop the threads. The stream cannot be read any further."""
        self._closed.set()
        while not self._ready.empty():
            self._ready.get_nowait()
        self._thread.join(timeout=10)

    def _produce(self, start: Position) -> None:
        try:
            with ThreadPoolExecutor(self._config.workers, thread_name_prefix="decode") as pool:
                for batch in self._batches(pool, start):
                    if not self._put(batch):
                        return
        except BaseException as error:  # raised in the consumer's thread
            self._put(error)

    def _put(self, batch: Batch | BaseException) -> bool:
        """Queue a batch or an error; return False if the stream was closed before there was room."""
        while not self._closed.is_set():
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

    def _samples(self, pool: ThreadPoolExecutor, start: Position) -> Iterator[tuple[Position, Sample]]:
        """Yield this rank's samples in the order of the stream, each with the position after all ranks' samples."""
        pending: deque[tuple[Position, Future[Sample | str]]] = deque()
        prefetched, usable, failed_in_a_row = 2 * self._config.workers + self._batch_size, 0, 0
        for tasks in self._tasks_of_all_ranks(start):
            own = tasks[self._rank]
            pending.append((tasks[-1].after, pool.submit(self._make_sample, own.cell, own.seed)))
            if len(pending) < prefetched:
                continue
            position, future = pending.popleft()
            sample = future.result()
            if isinstance(sample, str):
                failed_in_a_row += 1
                self.skip_reasons[sample] += 1
                self._check_usable(usable, failed_in_a_row)
            else:
                usable, failed_in_a_row = usable + 1, 0
                yield position, sample

    def _check_usable(self, usable: int, failed_in_a_row: int) -> None:
        """Raise if none of the first rows, or none of a whole epoch, hold a usable image.

        Raises:
            ValueError: there is nothing to train on.
        """
        own_rows = -(-self.rows_per_epoch // self._world_size) if self.rows_per_epoch else MAX_UNUSABLE_ROWS
        if failed_in_a_row >= own_rows or (not usable and failed_in_a_row >= MAX_UNUSABLE_ROWS):
            reasons = ", ".join(f"{count} {reason}" for reason, count in self.skip_reasons.most_common())
            raise ValueError(
                f"None of the {min(failed_in_a_row, own_rows)} rows of {', '.join(self._config.dataset)} could be"
                f" decoded as images ({reasons}): name the column of the images with data.column."
            )

    def _tasks_of_all_ranks(self, start: Position) -> Iterator[list[Task]]:
        """Yield lists of `world_size` consecutive tasks, one per rank."""
        tasks = self._tasks(start)
        while True:
            yield list(itertools.islice(tasks, self._world_size))

    def _tasks(self, start: Position) -> Iterator[Task]:
        """Yield a task per image, epoch after epoch. The position after an epoch's last is the next epoch's start."""
        for epoch in itertools.count(start.epoch):
            first = start if epoch == start.epoch else Position(epoch, 0)
            task: Task | None = None  # yielded one step late, since the last one of an epoch is known only at its end
            for position, cell in self._source.read(first):
                if task is not None:
                    yield task
                task = Task(cell, (self._seed, epoch, position.row), position)
            rows = task.after.row if task is not None else first.row
            if not rows:
                names = ", ".join(self._config.dataset)
                raise ValueError(
                    f"{names} (split {self._config.split!r}) holds no images that can be read: check the split and"
                    " data.column."
                )
            self.rows_per_epoch = rows
            if task is not None:
                yield task._replace(after=Position(epoch + 1, 0))

    def _make_sample(self, cell: Any, seed: tuple[int, int, int]) -> Sample | str:
        """Return a sample, or the reason why the image cannot be used."""
        try:
            photo = self._source.decode(cell)
        except UnusableImageError as reason:
            return str(reason)
        return self._draw(photo, seed)

    def _draw(self, photo: Image.Image, seed: tuple[int, int, int]) -> Sample:
        """Make the sample of a photo. Subclasses override this."""
        return make_sample(photo, self._config, seed, self._silhouettes, self._bank)
