"""The order in which a run sees the pictures: every one once in an epoch, in an order that follows from the seed."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from train.config import DataConfig

from .datasets import Shards, fetch, open_dataset
from .decoding import NotAPicture, decode


class Position(NamedTuple):
    """A place in the stream, from which it goes on exactly, without reading again what lies far before it.

    Attributes:
        epoch: whole passes.
        row: pictures of the next pass.
        shard, offset: with a stream, where the block of rows starts that is being shown; the shard is counted in this
            epoch's order.
        taken: pictures of that block that have been shown.
    """

    epoch: int
    row: int
    shard: int = 0
    offset: int = 0
    taken: int = 0


START = Position(0, 0)
Row = tuple[tuple[int, int], list[Any]]  # where it is, and the cells of its pictures


class StreamedRows:
    """Rows of one or several datasets, read anew in every epoch.

    The shards come in a random order. Their rows are held in blocks of `shuffle_buffer`, each of which is shown in a
    random order; while it is, the next one is read, row by row, so that never more than one block is in memory.

    Args:
        config: what to read.
        seed: of the order.

    Raises:
        ValueError: a dataset cannot be opened or has no column with pictures.
        StreamError: the Hub cannot be reached.
    """

    def __init__(self, config: DataConfig, seed: int):
        self._seed, self._block, self._patience_s = seed, config.shuffle_buffer, config.patience_s
        opened = [open_dataset(name, config.split, config.revision, config.column) for name in config.dataset]
        self._shards = Shards(opened, config.patience_s)

    def read(self, start: Position) -> Iterator[tuple[Position, Any]]:
        """The cells of one epoch from a position on, each with the position after it.

        Raises:
            StreamError: they cannot be read any longer.
        """
        position = start
        rows = self._rows(start)
        block = list(itertools.islice(rows, self._block))
        while block:
            (shard, offset), _ = block[0]
            cells = [cell for _, row in block for cell in row]
            order = np.random.default_rng([self._seed, start.epoch, shard, offset]).permutation(len(cells))
            share, full = len(block) / max(1, len(cells)), len(block) == self._block
            following: list[Row] = []
            block = []  # what has been shown is not kept
            for taken, index in enumerate(order, 1):
                if full:
                    following += itertools.islice(rows, max(0, round(taken * share) - len(following)))
                if taken > position.taken:
                    position = Position(start.epoch, position.row + 1, shard, offset, taken)
                    yield position, cells[index]
                cells[index] = None
            block = following + list(itertools.islice(rows, self._block - len(following)))
            position = position._replace(taken=0)

    def _rows(self, start: Position) -> Iterator[Row]:
        """The rows of an epoch's shards, each with its place: the shard's number in this order, and its own in it."""
        order = np.random.default_rng([self._seed, start.epoch]).permutation(len(self._shards))
        for shard in range(start.shard, len(order)):
            first = start.offset if shard == start.shard else 0
            for offset, cells in enumerate(self._shards.rows(int(order[shard]), first), first):
                yield (shard, offset), cells

    def decode(self, cell: Any) -> Image.Image:
        """The picture in a cell.

        Raises:
            NotAPicture: there is none.
            StreamError: its file cannot be read any longer.
        """
        return decode(fetch(cell, self._patience_s))


class CachedRows:
    """The pictures of one or several datasets in memory, fully shuffled in every epoch.

    A dataset that is named several times is held once, and its pictures come as often.

    Attributes:
        skipped: why the rows that hold no usable picture were left out, one entry each.
    """

    def __init__(self, config: DataConfig, seed: int):
        self._seed, self._patience_s = seed, config.patience_s
        self._photos: list[Image.Image] = []
        self.skipped: list[str] = []
        with ThreadPoolExecutor(config.workers) as pool:
            for name, times in Counter(config.dataset).items():
                before = len(self._photos)
                opened = open_dataset(name, config.split, config.revision, config.column)
                shards = Shards([opened], config.patience_s)
                cells = (cell for number in range(len(shards)) for row in shards.rows(number) for cell in row)
                while chunk := list(itertools.islice(cells, 256)):
                    self._keep(pool.map(self._load, chunk, itertools.repeat(config.cache_side)))
                self._photos += self._photos[before:] * (times - 1)

    def _load(self, cell: Any, side: int) -> Image.Image | str:
        try:
            photo = decode(fetch(cell, self._patience_s))
        except NotAPicture as reason:
            return str(reason)
        if min(photo.size) > side:
            scale = side / min(photo.size)
            size = (max(side, round(photo.width * scale)), max(side, round(photo.height * scale)))
            photo = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        return photo

    def _keep(self, loaded: Iterable[Image.Image | str]) -> None:
        for photo in loaded:
            if isinstance(photo, str):
                self.skipped.append(photo)
            else:
                self._photos.append(photo)

    def read(self, start: Position) -> Iterator[tuple[Position, Image.Image]]:
        """The pictures of one epoch from a position on, each with the position after it."""
        order = np.random.default_rng([self._seed, start.epoch]).permutation(len(self._photos))
        for row, index in enumerate(order[start.row :], start.row + 1):
            yield Position(start.epoch, row), self._photos[index]

    @staticmethod
    def decode(photo: Image.Image) -> Image.Image:
        """Already done."""
        return photo
