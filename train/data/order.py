"""The order of the images in training: each once per epoch, shuffled by the seed, streamed or cached in memory."""

import dataclasses
import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from train.data_config import DataConfig

from .decoding import UnusableImageError
from .opening import OpenDataset, open_dataset
from .shards import Shards, read_photo


class Position(NamedTuple):
    """A position in the endless sequence of images, from which reading resumes exactly.

    Little has to be read again: with a stream, only the shuffle buffer that the position lies in.

    Attributes:
        epoch: completed epochs.
        row: images of the current epoch that lie before the position.
        shard: with a stream, the shard where the shuffle buffer begins, counted in this epoch's order.
        offset: number of the buffer's first row in that shard.
        taken: images of the buffer that lie before the position.
    """

    epoch: int
    row: int
    shard: int = 0
    offset: int = 0
    taken: int = 0


START = Position(0, 0)
Row = tuple[tuple[int, int], list[Any]]  # (shard, offset) and the undecoded images


class StreamedImages:
    """Images of one or several datasets, read again in every epoch and shuffled approximately.

    The shards are read in a random order. Their rows pass through a shuffle buffer of `shuffle_buffer` rows: a full
    buffer is emptied in a random order, and refilled row by row meanwhile, so that never more than one is in memory.

    Args:
        config: what to read.
        seed: of the order.
        held_out: digests of pictures that are left out, see `held_out.HeldOut`.

    Raises:
        ValueError: a dataset cannot be opened or has no column with images.
        StreamError: the Hub cannot be reached.
    """

    def __init__(self, config: DataConfig, seed: int, held_out: Container[str] = ()):
        self._held_out = held_out
        self._seed, self._buffer_rows, self._timeout_s = seed, config.shuffle_buffer, config.patience_s
        opened = [_open(name, config) for name in config.dataset]
        self._shards = Shards(opened, config.patience_s)

    def read(self, start: Position) -> Iterator[tuple[Position, Any]]:
        """Yield the undecoded images of one epoch from a position on, each with the position after it.

        Raises:
            StreamError: a shard cannot be read, or can no longer be read.
        """
        position = start
        rows = self._rows(start)
        buffer = list(itertools.islice(rows, self._buffer_rows))
        while buffer:
            (shard, offset), _ = buffer[0]
            cells = [cell for _, row in buffer for cell in row]
            order = np.random.default_rng([self._seed, start.epoch, shard, offset]).permutation(len(cells))
            rows_per_cell, full = len(buffer) / max(1, len(cells)), len(buffer) == self._buffer_rows
            refill: list[Row] = []
            buffer = []  # frees the memory
            for taken, index in enumerate(order, 1):
                if full:
                    refill += itertools.islice(rows, max(0, round(taken * rows_per_cell) - len(refill)))
                if taken > position.taken:
                    position = Position(start.epoch, position.row + 1, shard, offset, taken)
                    yield position, cells[index]
                cells[index] = None
            buffer = refill + list(itertools.islice(rows, self._buffer_rows - len(refill)))
            position = position._replace(taken=0)

    def decode(self, cell: Any) -> Image.Image:
        """Return the photo of an undecoded image.

        Raises:
            UnusableImageError: it cannot be decoded, or has an unsuitable size.
            StreamError: its file cannot be read, or can no longer be read.
        """
        return read_photo(cell, self._timeout_s, held_out=self._held_out)

    def _rows(self, start: Position) -> Iterator[Row]:
        """Yield the rows of an epoch: (number of the shard in this epoch's order, number of the row in it), images."""
        order = np.random.default_rng([self._seed, start.epoch]).permutation(len(self._shards))
        for shard in range(start.shard, len(order)):
            first = start.offset if shard == start.shard else 0
            for offset, cells in enumerate(self._shards.rows(int(order[shard]), first), first):
                yield (shard, offset), cells


class CachedImages:
    """Photos of one or several datasets, decoded once, held in memory, and fully shuffled in every epoch.

    A dataset that is named several times is held once and shown that many times per epoch.

    Args:
        config: what to read.
        seed: of the order.
        held_out: digests of pictures that are left out, see `held_out.HeldOut`.

    Attributes:
        skipped: the reason of each image that could not be used.

    Raises:
        ValueError: a dataset cannot be opened or has no column with images.
        StreamError: a dataset cannot be read.
    """

    def __init__(self, config: DataConfig, seed: int, held_out: Container[str] = ()):
        self._held_out = held_out
        self._seed, self._timeout_s = seed, config.patience_s
        self._photos: list[Image.Image] = []
        self.skipped: list[str] = []
        with ThreadPoolExecutor(config.workers) as pool:
            for name, repeats in Counter(config.dataset).items():
                before = len(self._photos)
                opened = _open(name, config)
                shards = Shards([opened], config.patience_s)
                cells = (cell for number in range(len(shards)) for row in shards.rows(number) for cell in row)
                while chunk := list(itertools.islice(cells, 256)):
                    self._append(pool.map(self._load, chunk, itertools.repeat(config.cache_side)))
                self._photos += self._photos[before:] * (repeats - 1)
            if config.mixed:
                self._mix(config, pool)

    def __len__(self) -> int:
        return len(self._photos)

    def read(self, start: Position) -> Iterator[tuple[Position, Image.Image]]:
        """Yield the photos of one epoch from a position on, each with the position after it."""
        order = np.random.default_rng([self._seed, start.epoch]).permutation(len(self._photos))
        for row, index in enumerate(order[start.row :], start.row + 1):
            yield Position(start.epoch, row), self._photos[index]

    def _mix(self, config: DataConfig, pool: ThreadPoolExecutor) -> None:
        """Add photos of other datasets, from all their shards, until they have their share of all photos."""
        wanted = round(len(self._photos) * config.mixed_share / (1 - config.mixed_share))
        data = dataclasses.replace(config, split="train", revision=None, column=None)
        shards = Shards([_open(name, data) for name in config.mixed], config.patience_s)
        order = np.random.default_rng([self._seed, len(shards)]).permutation(len(shards))
        before, readers = len(self._photos), [shards.rows(int(number)) for number in order]
        while readers and (missing := before + wanted - len(self._photos)) > 0:
            rows = [(reader, next(reader, None)) for reader in readers[:missing]]
            readers = readers[missing:] + [reader for reader, row in rows if row is not None]
            cells = [cell for _, row in rows for cell in row or []]
            self._append(pool.map(self._load, cells[:missing], itertools.repeat(config.cache_side)))
        added = self._photos[before:]
        if not added:
            raise ValueError(f"data.mixed is {' '.join(config.mixed)}; it has no photos that can be read.")
        while len(self._photos) < before + wanted:  # fewer than the share: they are shown more often
            self._photos += added[: before + wanted - len(self._photos)]

    @staticmethod
    def decode(photo: Image.Image) -> Image.Image:
        """Return the photo, which is decoded already."""
        return photo

    def _load(self, cell: Any, side: int) -> Image.Image | str:
        """Decode an image and reduce its short side to `side` pixels; return a reason if it cannot be used."""
        try:
            photo = read_photo(cell, self._timeout_s, held_out=self._held_out)
        except UnusableImageError as reason:
            return str(reason)
        if min(photo.size) > side:
            scale = side / min(photo.size)
            size = (max(side, round(photo.width * scale)), max(side, round(photo.height * scale)))
            photo = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return photo

    def _append(self, loaded: Iterable[Image.Image | str]) -> None:
        for photo in loaded:
            if isinstance(photo, str):
                self.skipped.append(photo)
            else:
                self._photos.append(photo)


def _open(name: str, config: DataConfig) -> OpenDataset:
    return open_dataset(name, config.split, config.revision, config.column, free_only=config.free_only)
