"""The training loop of every preset: build, resume, and update the networks batch by batch until the run's end."""

import time
from collections.abc import Sequence
from pathlib import Path

from inpaint.hub.weights import save_generator
from train.config import RunConfig
from train.data.order import START, Position
from train.data.retry import StreamError
from train.data.stream import Batch

from .checkpoint import own_position, resume, save_checkpoint
from .distributed import OtherProcessError, ProcessGroup
from .events import Callback
from .progress import Progress, plot_losses
from .samples import SampleSheets
from .signals import GracefulShutdown
from .trainer import BuildTrainer, OpenStream, Stream, Trainer


def train(
    config: RunConfig,
    open_stream: OpenStream,
    build_trainer: BuildTrainer,
    processes: ProcessGroup | None = None,
    callbacks: Sequence[Callback] = (),
) -> Path:
    """Train from the start, or resume, according to the run's folder.

    Args:
        config: of the run.
        open_stream: opens the stream of batches.
        build_trainer: builds what is trained.
        processes: those of the run; None: this one alone.
        callbacks: their hooks run in the main process.

    Returns:
        The run's folder, with `weights/` (the averaged network), sample sheets, losses and the last checkpoint.

    Raises:
        ValueError: the dataset, or the weights to start from, cannot be used.
        StreamError: the photos can no longer be read; a checkpoint has been written.
        CheckpointError: the folder holds another run, or the disk is full.
        NonFiniteError: a loss or a weight is not finite; the last checkpoint is intact.
        KeyboardInterrupt: interrupted; a checkpoint has been written.
        OtherProcessError: one of these happened in another process.
    """
    processes, run_dir = processes or ProcessGroup(), Path(config.folder)
    rank, world_size = processes.rank, processes.world_size
    state = processes.run_on_main(lambda: resume(run_dir, config))
    start = Position(*own_position(state, rank, world_size)) if state else START
    if state and processes.any(is_finished(config, state["images_seen"], start)):
        if processes.is_main:
            trainer = build_trainer(ProcessGroup())
            trainer.restore(state)
            save_generator(trainer.ema.network, run_dir / "weights")
            print(f"The run is complete after {state['images_seen']:,} images: to continue it, raise images or epochs.")
        return run_dir
    stream = processes.run_on_all(lambda: open_stream(config.data_config, start, rank, world_size))
    try:
        # Before the networks: problems with the photos are reported before a GPU is used.
        batch = processes.run_on_all(stream.next_batch)
        trainer = build_trainer(processes)
        trainer.position = start
        if state:
            trainer.restore(state)
        sheets = SampleSheets(trainer, config, run_dir, open_stream)
        _Loop(config, trainer, stream, sheets, processes, callbacks).run(batch)
    finally:
        stream.close()
    return run_dir


class _Loop:
    """The steps of a run, from where its trainer stands. Only the main process logs, draws and saves."""

    def __init__(
        self,
        config: RunConfig,
        trainer: Trainer,
        stream: Stream,
        sheets: SampleSheets,
        processes: ProcessGroup,
        callbacks: Sequence[Callback],
    ) -> None:
        self._config, self._trainer, self._stream, self._sheets = config, trainer, stream, sheets
        self._processes, self._callbacks, self._run_dir = processes, callbacks, Path(config.folder)
        self._progress: Progress | None = None
        self._deadline = time.monotonic() + config.max_minutes * 60 if config.max_minutes else float("inf")
        self._shutdown = GracefulShutdown()

    def run(self, batch: Batch | None) -> None:
        """Train to the end of the run.

        Args:
            batch: the first one.
        """
        if self._processes.is_main:
            self._progress = Progress(self._run_dir, self._trainer.images_seen, self._config.images)
        try:
            with self._shutdown:
                self._run(batch)
        finally:
            if self._progress:
                self._progress.close()

    def _run(self, batch: Batch | None) -> None:
        config, trainer = self._config, self._trainer
        done = stop = False
        while not done and not stop:
            batch = batch or self._fetch()
            if batch is None:
                self._save()
                break
            if self._progress:
                self._begin(self._progress, batch)
            seen, epoch = trainer.images_seen, trainer.position.epoch
            losses, batch = trainer.train_step(batch), None
            done = self._processes.any(is_finished(config, trainer.images_seen, trainer.position))
            stop = self._processes.any(self._stop_requested())
            if self._progress:
                self._progress.advance(trainer.images_seen - seen, losses, self._total())
                if done or self._due(seen, config.log_every):
                    self._log(self._progress)
                if done or self._due(seen, config.sample_every):
                    self._sheets.draw()
                self._sheets.draw_epochs(epoch)
            if done or stop or self._due(seen, config.checkpoint_every):
                self._save()
        if self._progress:
            self._report_skipped(self._progress)
            plot_losses(self._run_dir)
        if not done:
            raise KeyboardInterrupt

    def _stop_requested(self) -> bool:
        return self._shutdown.requested or time.monotonic() > self._deadline

    def _due(self, before: int, interval: int) -> bool:
        """Return whether the clock has passed a multiple of `interval` since it was at `before`."""
        return before // interval != self._trainer.images_seen // interval

    def _total(self) -> int | None:
        return total_images(self._config, self._stream.rows_per_epoch)

    def _fetch(self) -> Batch | None:
        """Return the next batch; None if the run is to stop while a process waits for its batch."""
        try:
            batch = self._processes.run_on_all(lambda: self._stream.next_batch(self._stop_requested))
        except (StreamError, ValueError, OtherProcessError):
            self._save()
            raise
        return None if self._processes.any(batch is None) else batch

    def _begin(self, progress: Progress, batch: Batch) -> None:
        """Choose the photos of the sample sheets before the first step of a new run."""
        if self._trainer.samples is not None:
            return
        rows, batch_size = self._stream.rows_per_epoch, self._config.data_config.batch_size
        if rows and rows < batch_size:
            progress.message(
                f"The dataset has {rows} photos, fewer than the {batch_size} of a step: each step shows some of them"
                " more than once."
            )
        self._sheets.begin(batch)

    def _log(self, progress: Progress) -> None:
        line = progress.write(
            self._trainer.images_seen,
            self._stream.waited_s,
            epoch=self._trainer.position.epoch,
            skipped=self._stream.skipped,
        )
        for callback in self._callbacks:
            callback.on_log(line, self._total())

    def _save(self) -> None:
        """Write the checkpoint, with the positions of all processes in the stream, and the weights."""
        positions = [list(position) for position in self._processes.gather(self._trainer.position)]

        def write() -> None:
            save_checkpoint(self._run_dir, {**self._trainer.state(), "positions": positions})
            save_generator(self._trainer.ema.network, self._run_dir / "weights")
            for callback in self._callbacks:
                callback.on_checkpoint(self._run_dir)

        self._processes.run_on_main(write)

    def _report_skipped(self, progress: Progress) -> None:
        if self._stream.skipped:
            reasons = ", ".join(f"{count} {reason}" for reason, count in self._stream.skip_reasons.most_common())
            progress.message(f"{self._stream.skipped} rows could not be used as photos and were skipped: {reasons}.")


def is_finished(config: RunConfig, images_seen: int, position: Position) -> bool:
    """Return whether a run has reached its length."""
    if config.images is not None:
        return images_seen >= config.images
    assert config.epochs is not None
    return position.epoch >= config.epochs


def total_images(config: RunConfig, rows_per_epoch: int | None) -> int | None:
    """Return the length of a run in images; None while the number of photos in an epoch is unknown."""
    if config.images is not None:
        return config.images
    return rows_per_epoch * config.epochs if rows_per_epoch and config.epochs else None
