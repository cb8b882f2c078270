"""The training loop of every preset: build, resume, and update the networks batch by batch until the run's end."""

import time
from collections.abc import Sequence
from pathlib import Path

from train.data.counting import count_rows
from train.data.order import START, Position
from train.data.retry import StreamError
from train.data.shards import HELD_OUT
from train.data.stream import Batch
from train.run_config import RunConfig

from .checkpoint import own_position, record_ran, resume, save_checkpoint
from .distributed import OtherProcessError, ProcessGroup
from .events import Callback
from .length import RunLength
from .measure import BEST_FACTS, BuildMeasure, HeldOutFigures
from .progress import Progress, plot_losses
from .samples import SampleSheets
from .signals import GracefulShutdown
from .trainer import BuildTrainer, OpenStream, Stream, Trainer

_MOST_RESERVE = 1 / 3
_MOST_MEASURED = 1 / 4
"""Share of the time so far that measurements between the ends of a run with a time budget may lead to."""


def train(
    config: RunConfig,
    open_stream: OpenStream,
    build_trainer: BuildTrainer,
    processes: ProcessGroup | None = None,
    callbacks: Sequence[Callback] = (),
    build_measure: BuildMeasure = lambda: None,
) -> Path:
    """Train from the start, or resume, according to the run's folder.

    Args:
        config: of the run.
        open_stream: opens the stream of batches.
        build_trainer: builds what is trained.
        processes: those of the run; None: this one alone.
        callbacks: their hooks run in the main process.
        build_measure: prepares the measurement on held-out photos, in the main process.

    Returns:
        The run's folder, with `weights/` (the averaged network; where it is measured, that with the best figures),
        sample sheets, losses and the last checkpoint.

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
    length = RunLength(config, *((state.get("trained_s", 0.0), state.get("rows")) if state else ()))
    if state and processes.any(length.is_reached(state["images_seen"], start)):
        if processes.is_main:
            trainer = build_trainer(ProcessGroup())
            trainer.restore(state)
            trainer.ema.network.load_state_dict(
                state.get("held_out", {}).get("best") or trainer.ema.network.state_dict()
            )
            trainer.save_weights(run_dir / "weights")
            figures = HeldOutFigures(None, config.evaluations)
            figures.restore(state.get("held_out", {}))
            record_ran(run_dir, figures.best_facts())
            print(
                f"The run is complete after {state['images_seen']:,} images: to continue it, raise images, epochs"
                " or max_minutes."
            )
        return run_dir
    stream = processes.run_on_all(lambda: open_stream(config.data_config, start, rank, world_size))
    try:
        # Before the networks: problems with the photos are reported before a GPU is used.
        batch = processes.run_on_all(stream.next_batch)
        if config.epochs is not None and not state:
            length.rows = processes.run_on_main(lambda: count_rows(config.data_config))
        trainer = build_trainer(processes)
        trainer.position = start
        if state:
            trainer.restore(state)
            if "trained_s" not in state:  # of an earlier version
                trainer.schedule.keep_unscaled()
        measure = build_measure() if processes.is_main else None
        figures = HeldOutFigures(measure, config.evaluations, config.patience, interpolate=config.interpolate)
        figures.restore(state.get("held_out", {}) if state else {})
        _account(length, figures, config)
        sheets = SampleSheets(trainer, config, run_dir, open_stream, callbacks)
        _Loop(config, trainer, stream, sheets, length, figures, processes, callbacks).run(batch)
    finally:
        stream.close()
    return run_dir


def _account(length: RunLength, figures: HeldOutFigures, config: RunConfig) -> None:
    """Note what measurements have taken of a time budget, and the seconds of it that are kept for the one at the end.

    These are the time of one measurement; for interpolated weights more, up to a third of the budget. A short run may
    end late.
    """
    length.measured_s = figures.spent_s
    most_s = (config.max_minutes or 0) * 60 * _MOST_RESERVE
    length.reserve_s = max(figures.seconds, min(figures.most_seconds, most_s))


class _Loop:
    """The steps of a run, from where its trainer stands. Only the main process logs, draws and saves."""

    def __init__(
        self,
        config: RunConfig,
        trainer: Trainer,
        stream: Stream,
        sheets: SampleSheets,
        length: RunLength,
        figures: HeldOutFigures,
        processes: ProcessGroup,
        callbacks: Sequence[Callback],
    ) -> None:
        self._config, self._trainer, self._stream, self._sheets = config, trainer, stream, sheets
        self._processes, self._callbacks, self._run_dir = processes, callbacks, Path(config.folder)
        self._length, self._figures = length, figures
        self._progress: Progress | None = None
        self._deadline = time.monotonic() + config.pause_minutes * 60 if config.pause_minutes else float("inf")
        self._last_save_s = time.monotonic()
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
        trainer = self._trainer
        done = stop = False
        while not done and not stop:
            batch = batch or self._fetch()
            if batch is None:
                self._save()
                break
            if self._progress:
                self._begin(self._progress, batch)
            self._measure(0.0, at_an_end=True)
            self._update_schedule()
            seen, epoch, schedule = trainer.images_seen, trainer.position.epoch, trainer.schedule
            losses, batch = trainer.train_step(batch), None
            done = self._processes.any(self._is_done())
            if done:
                self._length.end()
            stop = self._processes.any(self._stop_requested())
            if self._progress:
                self._progress.advance(trainer.images_seen - seen, losses, self._total())
                if done or self._due(seen, schedule.log_every):
                    self._log(self._progress)
                if done or self._due(seen, schedule.sample_every):
                    self._sheets.draw()
                self._sheets.draw_epochs(epoch)
                self._measure(1.0 if done else self._share(), at_an_end=done)
            if done or stop or self._checkpoint_due(seen):
                self._save()
        if self._progress:
            self._report_skipped(self._progress)
            plot_losses(self._run_dir)
        if not done:
            raise KeyboardInterrupt
        if self._progress:
            self._keep_best(self._progress)

    def _is_done(self) -> bool:
        return self._figures.gives_up or self._length.is_reached(self._trainer.images_seen, self._trainer.position)

    def _share(self) -> float:
        """Return which share of the run is done; 0 while its length is unknown."""
        total = self._length.total(self._trainer.images_seen, self._trainer.position)
        return self._trainer.images_seen / total if total else 0.0

    def _measure(self, share: float, *, at_an_end: bool) -> None:
        """Measure on the held-out photos if that is due when a share of the run is done.

        Between the ends of a run with a time budget, it is done only if there is time for it.
        """
        figures, progress = self._figures, self._progress
        if progress is None or not figures.is_due(share) or not (at_an_end or self._has_time_to_measure()):
            return
        images_seen = self._trainer.images_seen
        at_full_rate = not self._trainer.schedule.is_cooling(images_seen)
        values = figures.measure(self._trainer.ema.network, images_seen, at_full_rate)
        _account(self._length, figures, self._config)
        progress.write_figures(images_seen, values, self._trainer.position.epoch)
        progress.message(f"Held-out figures after {figures.sentence()}")
        for callback in self._callbacks:
            callback.on_measured(figures.history, figures.stale == 0)

    def _has_time_to_measure(self) -> bool:
        """Return whether a time budget leaves time for another measurement."""
        spent_s = self._figures.spent_s + self._figures.most_seconds
        return not self._length.by_time or spent_s <= _MOST_MEASURED * self._length.trained_s

    def _keep_best(self, progress: Progress) -> None:
        """Write the best weights to the run's folder, instead of the last ones."""
        figures = self._figures
        if figures.best is None:
            return
        self._trainer.ema.network.load_state_dict(figures.best)
        self._trainer.save_weights(self._run_dir / "weights")
        record_ran(self._run_dir, figures.best_facts())
        progress.message(figures.verdict())

    def _stop_requested(self) -> bool:
        return self._shutdown.requested or time.monotonic() > self._deadline

    def _due(self, before: int, interval: int) -> bool:
        """Return whether the clock has passed a multiple of `interval` since it was at `before`."""
        return before // interval != self._trainer.images_seen // interval

    def _checkpoint_due(self, before: int) -> bool:
        """Return whether images or minutes have passed since the last checkpoint; the same in all processes."""
        waited_s = time.monotonic() - self._last_save_s
        return self._due(before, self._trainer.schedule.checkpoint_every) or self._processes.any(
            waited_s > 60 * self._config.checkpoint_minutes
        )

    def _update_schedule(self) -> None:
        """Tell the trainer the run's length, as far as it is known before this step; the same in all processes."""
        trainer, length = self._trainer, self._length
        if trainer.position.epoch or self._config.data_config.cache:  # else it depends on how far the stream has read
            length.rows = self._stream.rows_per_epoch or length.rows
        total = length.total(trainer.images_seen, trainer.position)
        trainer.schedule.total = self._processes.gather(total)[0] if length.by_time else total
        trainer.ema.halflife_images = trainer.schedule.ema_halflife_images

    def _total(self) -> int | None:
        return self._trainer.schedule.total

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
            measured = {"held_out": kept} if (kept := self._figures.state()) else {}
            timing = {"trained_s": self._length.trained_s, "rows": self._length.rows}
            save_checkpoint(self._run_dir, {**self._trainer.state(), "positions": positions, **timing, **measured})
            self._trainer.save_weights(self._run_dir / "weights")
            record_ran(self._run_dir, self._ran() | dict.fromkeys(BEST_FACTS))  # these are not the best weights
            for callback in self._callbacks:
                callback.on_checkpoint(self._run_dir)

        self._processes.run_on_main(write)
        self._last_save_s = time.monotonic()

    def _ran(self) -> dict[str, float]:
        """Return the run's length so far, and the settings of its schedule, which depend on the length."""
        trainer, minutes = self._trainer, round(self._length.trained_s / 60, 1)
        return {"images": trainer.images_seen, "minutes": minutes, **trainer.schedule.settings()}

    def _report_skipped(self, progress: Progress) -> None:
        if self._stream.skipped:
            reasons = ", ".join(
                f"{count} {reason}" for reason, count in self._stream.skip_reasons.most_common() if reason != HELD_OUT
            )
            progress.message(f"{self._stream.skipped} rows could not be used as photos and were skipped: {reasons}.")
