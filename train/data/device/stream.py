"""The stream of batches of `--data.on-device`: pictures and masks lie on the device, and batches are made there.

Nothing in it waits for the device. A batch depends on the seed and its position only, so that a resumed run sees what
an uninterrupted one would have seen.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from train.data.order import START, CachedImages, Position
from train.data.samples import Silhouettes
from train.data.shards import HELD_OUT
from train.data.stream import Batch, silhouettes_of
from train.data_config import DataConfig

from .bank import draw_bank
from .jitter import COLOUR_NUMBERS, JPEG_NUMBERS, Jitter
from .masks import RANDOM_NUMBERS, DeviceMasks
from .pictures import DevicePictures

_NUMBERS = (3, 1, RANDOM_NUMBERS, COLOUR_NUMBERS, JPEG_NUMBERS)
"""Random numbers that a sample takes: for its square, flip, mask, colours and compression."""


class DeviceStream:
    """An endless iterator of batches that are made on a device; used like `train.data.stream.PhotoStream`.

    Args:
        config: of the batches. Its batch size is the total of all processes.
        seed: of order, crops and masks.
        pictures: RGB uint8 (H, W, 3) each.
        rows: numbers of the pictures that an epoch shows; None: each once.
        device: where pictures and masks lie.
        start: position to resume from, as in an earlier batch.
        rank: of this process; it takes sample number `rank` of every `world_size` samples.
        world_size: number of processes.
        silhouettes: for the mask families that use them, or None.

    Attributes:
        waited_s: 0: batches are made in the order of the device's work.
        skip_reasons: reason -> number of pictures that could not be used.
        rows_per_epoch: pictures in an epoch.

    Raises:
        ValueError: there are no pictures, or the batch size cannot be shared by the processes.
    """

    def __init__(
        self,
        config: DataConfig,
        seed: int,
        pictures: Sequence[np.ndarray],
        device: torch.device,
        *,
        rows: Sequence[int] | None = None,
        start: Position = START,
        rank: int = 0,
        world_size: int = 1,
        silhouettes: Silhouettes | None = None,
    ) -> None:
        if config.batch_size % world_size:
            raise ValueError(
                f"data.batch_size is {config.batch_size}; it must be a multiple of the {world_size} processes:"
                f" try {max(1, round(config.batch_size / world_size)) * world_size}."
            )
        self._config, self._seed, self._device = config, seed, device
        self._rank, self._world_size = rank, world_size
        self._pictures = DevicePictures(pictures, device)
        self._masks = DeviceMasks(draw_bank(config, silhouettes, seed), device, seed)
        self._jitter = Jitter(device)
        self._rows = torch.tensor(list(rows) if rows is not None else list(range(len(pictures)))).to(device)
        self._random = torch.Generator(device)
        self._epoch, self._order = -1, self._rows
        is_known = start.row < len(self._rows)  # otherwise there were more rows when the position was noted
        self._position = start if is_known else Position(start.epoch + 1, 0)
        self.waited_s, self.skip_reasons = 0.0, Counter[str]()
        self.rows_per_epoch: int | None = len(self._rows)

    @property
    def skipped(self) -> int:
        """Number of pictures that could not be used."""
        return self.skip_reasons.total()

    def __iter__(self) -> Iterator[Batch]:
        while True:
            yield self.next_batch()

    def next_batch(self, stop: Callable[[], bool] = lambda: False) -> Batch:
        """Return the next batch, whose tensors lie on the device; `stop` is never asked, as there is no waiting."""
        self._random.manual_seed(_seed_of(self._seed, *self._position[:2]))
        picture, self._position = self._next_pictures(self._position)
        uniform = torch.rand(len(picture), sum(_NUMBERS), generator=self._random, device=self._device)
        own = slice(self._rank, None, self._world_size)
        image, mask = self._samples(picture[own], uniform[own])
        return Batch(image, mask, self._position, self.skipped)

    def close(self) -> None:
        """Do nothing: there are no threads."""

    def _samples(self, picture: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        config = self._config
        square, flip, mask, colours, jpeg = uniform.split(_NUMBERS, 1)
        squares = self._pictures.random_squares(picture, square, config.resolution, config.min_scale)
        image = self._pictures.crops(squares, config.resolution)
        if config.flip:
            image = torch.where(flip[:, :, None, None] < 0.5, image.flip(3), image)
        if config.colour_jitter:
            image = self._jitter.colours(image, colours, config.colour_jitter)
        if config.jpeg_jitter:
            image = self._jitter.jpeg(image, jpeg, config.jpeg_jitter)
        return image.round().to(torch.uint8), self._masks.windows(mask, config.resolution)

    def _next_pictures(self, start: Position) -> tuple[Tensor, Position]:
        """Return the numbers of the pictures of a batch, and the position after them."""
        epoch, row, missing = start.epoch, start.row, self._config.batch_size
        parts = []
        while missing:
            taken = min(missing, len(self._rows) - row)
            parts.append(self._order_of(epoch)[row : row + taken])
            missing, row = missing - taken, row + taken
            if row == len(self._rows):
                epoch, row = epoch + 1, 0
        return torch.cat(parts), Position(epoch, row)

    def _order_of(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            shuffled = torch.Generator(self._device)
            shuffled.manual_seed(_seed_of(self._seed, epoch, -1))
            order = torch.randperm(len(self._rows), generator=shuffled, device=self._device)
            self._epoch, self._order = epoch, self._rows[order]
        return self._order


def open_device_stream(
    config: DataConfig,
    seed: int,
    device: torch.device,
    start: Position = START,
    rank: int = 0,
    world_size: int = 1,
    held_out: frozenset[str] = frozenset(),
) -> DeviceStream:
    """Decode all photos of a config's datasets, and open a stream of them; see `DeviceStream` and `PhotoStream`.

    Raises:
        ValueError: a dataset cannot be opened or holds no images.
        StreamError: a dataset cannot be read.
    """
    source = CachedImages(config, seed, held_out)
    photos: list[Image.Image] = []
    numbers: dict[int, int] = {}
    rows = []
    for _, photo in source.read(START):
        if id(photo) not in numbers:
            numbers[id(photo)] = len(photos)
            photos.append(photo)
        rows.append(numbers[id(photo)])
    if not photos:
        raise ValueError(
            f"{', '.join(config.dataset)} (split {config.split!r}) holds no images that can be read: check the split"
            " and data.column."
        )
    stream = DeviceStream(
        config, seed, [np.asarray(photo) for photo in photos], device, rows=sorted(rows),
        start=start, rank=rank, world_size=world_size, silhouettes=silhouettes_of(config),
    )  # fmt: skip
    stream.skip_reasons.update(reason for reason in source.skipped if reason != HELD_OUT)
    return stream


def _seed_of(*numbers: int) -> int:
    """Return a seed for PyTorch that depends on all numbers, each at least -1."""
    words = np.random.SeedSequence([number + 1 for number in numbers]).generate_state(2)
    return int(words[0]) << 31 | int(words[1]) >> 1
