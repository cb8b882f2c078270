"""The training loop: build, resume, then one discriminator and one generator update per batch until the end."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from inpaint.hub.weights import save_generator
from train.config import MAY_CHANGE, TrainConfig, to_dict
from train.data.order import START, Position
from train.data.retry import StreamError
from train.data.stream import Batch, PhotoStream
from train.generator.trainer import Trainer

from .checkpoint import claim_run_dir, load_checkpoint, own_position, save_checkpoint
from .distributed import OtherProcessError, Processes
from .events import Watcher
from .progress import Progress, plot_losses
from .signals import Interrupts

SHEET_PICTURES = 8


def train(config: TrainConfig, processes: Processes | None = None, watchers: Sequence[Watcher] = ()) -> Path:
    """Runs, or goes on with, a training run.

    Args:
        config: the run. Its folder decides whether it is new.
        processes: those that train together; None: this one alone.
        watchers: are told how the run goes, in the first of the processes.

    Returns:
        The run's folder, with `weights/` (the averaged generator), sample sheets, losses and the last checkpoint.

    Raises:
        ValueError: the dataset cannot be used.
        StreamError: the pictures cannot be read any longer; a checkpoint has been written.
        CheckpointError: the folder holds another run, or the disk is full.
        Diverged: a loss is not finite.
        KeyboardInterrupt: interrupted; a checkpoint has been written.
        OtherProcessError: one of these happened in another process.
    """
    processes, run_dir = processes or Processes(), Path(config.folder)
    processes.from_first(lambda: claim_run_dir(run_dir, to_dict(config), MAY_CHANGE))
    state = processes.from_first(lambda: load_checkpoint(run_dir, torch.device("cpu")))
    start = Position(*own_position(state, processes.rank, processes.count)) if state else START
    if state and processes.any(_finished(config, state["images_seen"], start)):
        if processes.first:
            trainer = Trainer(config)
            trainer.restore(state)
            save_generator(trainer.ema.network, run_dir / "weights")
        return run_dir
    stream = processes.together(lambda: PhotoStream(config.data, config.seed, start, processes.rank, processes.count))
    progress = None
    try:
        # Before the networks: what is wrong with the pictures is said before a GPU is used.
        first = processes.together(stream.take)
        trainer = Trainer(config, processes)
        trainer.position = start
        if state:
            trainer.restore(state)
        progress = Progress(run_dir, trainer.images_seen, config.images) if processes.first else None
        with Interrupts() as interrupts:
            _run(trainer, stream, first, progress, run_dir, interrupts, watchers)
    finally:
        stream.close()
        if progress:
            progress.close()
    return run_dir


def _run(
    trainer: Trainer,
    stream: PhotoStream,
    batch: Batch | None,
    progress: Progress | None,
    run_dir: Path,
    interrupts: Interrupts,
    watchers: Sequence[Watcher],
) -> None:
    """Trains to the end of the run. All processes do; the one with `progress` also shows how it goes."""
    config, processes, deadline = trainer.config, trainer.processes, _deadline(trainer.config)

    def interrupted() -> bool:
        return interrupts.requested or time.monotonic() > deadline

    done = stop = False
    while not done and not stop:
        try:
            batch = batch or processes.together(lambda: stream.take(interrupted))
        except (StreamError, ValueError, OtherProcessError):
            _save(trainer, run_dir, watchers)
            raise
        if processes.any(batch is None):  # interrupted while it waited
            _save(trainer, run_dir, watchers)
            break
        assert batch is not None
        if progress and trainer.samples is None:
            _begin_sheets(trainer, batch, stream, progress, run_dir)
        before, epoch = trainer.images_seen, trainer.position.epoch
        report, batch = trainer.train_step(batch), None
        done = processes.any(_finished(config, trainer.images_seen, trainer.position))
        stop = processes.any(interrupted())
        if progress:
            progress.advance(trainer.images_seen - before, report, _total_images(config, stream))
            if done or _due(before, trainer.images_seen, config.log_every):
                facts = {"epoch": trainer.position.epoch, "skipped": stream.skipped}
                line = progress.write(trainer.images_seen, stream.waited_s, **facts)
                for watcher in watchers:
                    watcher.progressed(line, _total_images(config, stream))
            if done or _due(before, trainer.images_seen, config.sample_every):
                trainer.draw_sheet(_sheet_path(run_dir, trainer.images_seen))
            _draw_epoch_sheets(trainer, run_dir, epoch)
        if done or stop or _due(before, trainer.images_seen, config.checkpoint_every):
            _save(trainer, run_dir, watchers)
    if progress:
        _say_what_was_skipped(stream, progress)
        plot_losses(run_dir)
    if not done:
        raise KeyboardInterrupt


def _save(trainer: Trainer, run_dir: Path, watchers: Sequence[Watcher]) -> None:
    """The checkpoint, with the places of all processes in the stream, and the weights."""
    positions = [list(position) for position in trainer.processes.gather(trainer.position)]

    def write() -> None:
        save_checkpoint(run_dir, {**trainer.state(), "positions": positions})
        save_generator(trainer.ema.network, run_dir / "weights")
        for watcher in watchers:
            watcher.checkpointed(run_dir)

    trainer.processes.from_first(write)


def _begin_sheets(trainer: Trainer, batch: Batch, stream: PhotoStream, progress: Progress, run_dir: Path) -> None:
    """Picks the pictures that all sheets show, and draws those of the untrained network."""
    if stream.rows_per_epoch and stream.rows_per_epoch < trainer.config.data.batch_size:
        progress.say(
            f"The dataset has {stream.rows_per_epoch} pictures, fewer than the {trainer.config.data.batch_size} of a"
            " step: each step shows some of them more than once."
        )
    shown = held_out_batch(trainer.config, SHEET_PICTURES) or batch
    trainer.samples = {"image": shown.image[:SHEET_PICTURES], "mask": shown.mask[:SHEET_PICTURES]}
    trainer.draw_sheet(_sheet_path(run_dir, 0))
    _draw_epoch_sheets(trainer, run_dir, -1)


def _say_what_was_skipped(stream: PhotoStream, progress: Progress) -> None:
    if stream.skipped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in stream.reasons.most_common())
        progress.say(f"{stream.skipped} rows could not be used as pictures and were skipped: {reasons}.")


def _draw_epoch_sheets(trainer: Trainer, run_dir: Path, before: int) -> None:
    """The sheets of `sample_epochs` that fell due since the run was in epoch `before`; -1 before its start."""
    for epoch in trainer.config.sample_epochs:
        if before < epoch <= trainer.position.epoch:
            trainer.draw_sheet(run_dir / "samples" / f"epoch-{epoch:04d}.png")


def held_out_batch(config: TrainConfig, count: int) -> Batch | None:
    """Pictures of `sample_split`, always the same, with holes of the run's kind; None if there is no such split."""
    if config.sample_split is None:
        return None
    data = dataclasses.replace(config.data, split=config.sample_split, batch_size=count, cache=False)
    try:
        stream = PhotoStream(data, config.seed)
        try:
            return stream.take()
        finally:
            stream.close()
    except (ValueError, StreamError):
        return None


def _finished(config: TrainConfig, images_seen: int, position: Position) -> bool:
    if config.images is not None:
        return images_seen >= config.images
    assert config.epochs is not None
    return position.epoch >= config.epochs


def _total_images(config: TrainConfig, stream: PhotoStream) -> int | None:
    if config.images is not None:
        return config.images
    return stream.rows_per_epoch * config.epochs if stream.rows_per_epoch and config.epochs else None


def _deadline(config: TrainConfig) -> float:
    return time.monotonic() + config.max_minutes * 60 if config.max_minutes else float("inf")


def _due(before: int, now: int, every: int) -> bool:
    """Whether a multiple of `every` was passed in this step."""
    return before // every != now // every


def _sheet_path(run_dir: Path, images_seen: int) -> Path:
    return run_dir / "samples" / f"images-{images_seen:09d}.png"
