"""The training loop: build, resume, then one discriminator and one generator update per batch until the end."""

import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

from inpaint.pretrained import save_generator

from .checkpoint import claim_run_dir, load_checkpoint, save_checkpoint
from .config import MAY_CHANGE, TrainConfig, to_dict
from .events import Watcher
from .interrupts import Interrupts
from .log import Progress, plot_losses
from .stream import Batch, PhotoStream
from .trainer import Trainer

SHEET_PICTURES = 8


def train(config: TrainConfig, watchers: Sequence[Watcher] = ()) -> Path:
    """Runs, or goes on with, a training run.

    Args:
        config: the run. Its folder decides whether it is new.
        watchers: are told how the run goes.

    Returns:
        The run's folder, with `weights/` (the averaged generator), sample sheets, losses and the last checkpoint.

    Raises:
        ValueError: the dataset cannot be used.
        CheckpointError: the folder holds another run, or the disk is full.
        Diverged: a loss is not finite.
        KeyboardInterrupt: interrupted; a checkpoint has been written.
    """
    run_dir = Path(config.folder)
    claim_run_dir(run_dir, to_dict(config), MAY_CHANGE)
    trainer = Trainer(config)
    if state := load_checkpoint(run_dir, trainer.device):
        trainer.restore(state)
    if _finished(trainer, config):
        save_generator(trainer.ema.network, run_dir / "weights")
        return run_dir
    stream = PhotoStream(config.data, config.seed, trainer.position)
    progress = Progress(run_dir, trainer.images_seen, config.images)
    try:
        with Interrupts() as interrupts:
            _run(trainer, stream, progress, run_dir, interrupts, watchers)
    finally:
        stream.close()
        progress.close()
    return run_dir


def _run(
    trainer: Trainer,
    stream: PhotoStream,
    progress: Progress,
    run_dir: Path,
    interrupts: Interrupts,
    watchers: Sequence[Watcher],
) -> None:
    config, deadline = trainer.config, _deadline(trainer.config)
    batches = iter(stream)
    while not _finished(trainer, config):
        batch = next(batches)
        if trainer.samples is None:
            shown = held_out_batch(config, SHEET_PICTURES) or batch
            trainer.samples = {"image": shown.image[:SHEET_PICTURES], "mask": shown.mask[:SHEET_PICTURES]}
            trainer.draw_sheet(_sheet_path(run_dir, 0))
            _draw_epoch_sheets(trainer, run_dir, -1)
        before, epoch = trainer.images_seen, trainer.position.epoch
        report = trainer.train_step(batch)
        progress.advance(trainer.images_seen - before, report, _total_images(config, stream))
        done = _finished(trainer, config)
        if done or _due(before, trainer.images_seen, config.log_every):
            facts = {"epoch": trainer.position.epoch, "skipped": stream.skipped}
            line = progress.write(trainer.images_seen, stream.waited_s, **facts)
            for watcher in watchers:
                watcher.progressed(line, _total_images(config, stream))
        if done or _due(before, trainer.images_seen, config.sample_every):
            trainer.draw_sheet(_sheet_path(run_dir, trainer.images_seen))
        _draw_epoch_sheets(trainer, run_dir, epoch)
        stop = interrupts.requested or time.monotonic() > deadline
        if done or stop or _due(before, trainer.images_seen, config.checkpoint_every):
            save_checkpoint(run_dir, trainer.state())
            save_generator(trainer.ema.network, run_dir / "weights")
            for watcher in watchers:
                watcher.checkpointed(run_dir)
        if stop and not done:
            raise KeyboardInterrupt
    if stream.skipped:
        progress.say(f"{stream.skipped} rows could not be decoded as pictures and were skipped.")
    plot_losses(run_dir)


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
    except ValueError:
        return None
    try:
        return next(iter(stream))
    finally:
        stream.close()


def _finished(trainer: Trainer, config: TrainConfig) -> bool:
    if config.images is not None:
        return trainer.images_seen >= config.images
    assert config.epochs is not None
    return trainer.position.epoch >= config.epochs


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
