"""Sample sheets: the same few photos, as the network answers them in the course of a run."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from train.data.order import START
from train.data.retry import StreamError
from train.data.stream import Batch
from train.run_config import RunConfig

from .events import Callback
from .trainer import OpenStream, Trainer

SHEET_PHOTOS = 8


class SampleSheets:
    """Draws a run's sample sheets when they are due.

    Args:
        trainer: draws them.
        config: of the run.
        run_dir: the run's folder; the sheets go to `samples/`.
        open_stream: opens the stream of the photos.
        callbacks: get each sheet that is named by the images seen.
    """

    def __init__(
        self,
        trainer: Trainer,
        config: RunConfig,
        run_dir: Path,
        open_stream: OpenStream,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self._trainer, self._config, self._open_stream = trainer, config, open_stream
        self._callbacks = callbacks
        self._folder = run_dir / "samples"

    def begin(self, batch: Batch) -> None:
        """Choose the photos, unless the run has them already, and draw the sheets of the untrained network.

        Args:
            batch: of the next step; its photos are shown if there is no held-out split.
        """
        trainer = self._trainer
        if trainer.samples is not None:
            return
        shown = held_out_batch(self._config, self._open_stream) or batch
        trainer.samples = {"image": shown.image[:SHEET_PHOTOS], "mask": shown.mask[:SHEET_PHOTOS]}
        if trainer.images_seen == 0:
            self.draw()
            self.draw_epochs(-1)

    def draw(self) -> None:
        """Draw a sheet that is named by the images seen."""
        path = self._folder / f"images-{self._trainer.images_seen:09d}.png"
        self._trainer.draw_sheet(path)
        for callback in self._callbacks:
            callback.on_sheet(path, self._trainer.images_seen)

    def draw_epochs(self, previous: int) -> None:
        """Draw the sheets of `sample_epochs` that have become due since epoch `previous`; -1: before the run."""
        for epoch in self._config.sample_epochs:
            if previous < epoch <= self._trainer.position.epoch:
                self._trainer.draw_sheet(self._folder / f"epoch-{epoch:04d}.png")


def held_out_batch(config: RunConfig, open_stream: OpenStream) -> Batch | None:
    """Return SHEET_PHOTOS photos of `sample_split` as the run's stream draws them, the same each time.

    None if there is no such split.
    """
    if config.sample_split is None:
        return None
    data = dataclasses.replace(config.data_config, split=config.sample_split, batch_size=SHEET_PHOTOS, cache=False)
    data = dataclasses.replace(data, on_device=False, colour_jitter=0.0, jpeg_jitter=0.0)
    try:
        stream = open_stream(data, START, 0, 1)
        try:
            return stream.next_batch()
        finally:
            stream.close()
    except (ValueError, StreamError):
        return None
