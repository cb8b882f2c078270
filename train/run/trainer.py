"""What the training loop needs to know about a network that is trained."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from train.data.order import Position
from train.data.stream import Batch
from train.data_config import DataConfig

from .distributed import ProcessGroup
from .ema import EMA
from .schedule import Schedule


class Trainer(Protocol):
    """A network in training, as the loop drives it.

    Attributes:
        ema: the averaged weights, which are saved for use.
        images_seen: the clock of the run.
        position: where the stream continues.
        schedule: learning rate and intervals; the loop tells it the run's length.
        samples: "image" and "mask" of the photos of the sample sheets, as in a `Batch`; None before the first step.
    """

    ema: EMA
    images_seen: int
    position: Position
    schedule: Schedule
    samples: dict[str, Tensor] | None

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Update the networks, their average, the clock and the position; return the losses as "group/name".

        Raises:
            NonFiniteError: a loss is not finite; no weight has been changed by it.
            OtherProcessError: that happened in another process.
        """
        ...

    def state(self) -> dict[str, Any]:
        """Return everything that training depends on, apart from the position, as a checkpoint takes it."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        ...

    def save_weights(self, folder: Path) -> None:
        """Write the averaged weights, and what belongs to them, to a folder."""
        ...

    def draw_sheet(self, path: Path) -> None:
        """Write a sheet of the sample photos with what the averaged weights make of them."""
        ...


class Stream(Protocol):
    """An endless stream of batches, as the loop reads it; see `train.data.stream.PhotoStream`.

    Attributes:
        waited_s: seconds that the consumer has spent waiting for batches.
        skip_reasons: reason -> number of images that were skipped for it.
        rows_per_epoch: images in an epoch; None while unknown.
    """

    waited_s: float
    skip_reasons: Counter[str]
    rows_per_epoch: int | None

    @property
    def skipped(self) -> int:
        """Number of images that could not be used."""
        ...

    def next_batch(self, stop: Callable[[], bool] = ...) -> Batch | None:
        """Return the next batch; None if `stop` ended the waiting for it."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


BuildTrainer = Callable[[ProcessGroup], Trainer]
"""Builds the networks and optimizers of a run."""
OpenStream = Callable[[DataConfig, Position, int, int], Stream]
"""Opens a run's stream: which photos, the position to start from, and this process's rank among how many."""
