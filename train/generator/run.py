"""A run that trains a generator: what it reads, and what it is measured on."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from torch import Tensor

from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig
from train.data.device.stream import DeviceStream, open_device_stream
from train.data.held_out import HeldOut, find_held_out, other_photos
from train.data.order import Position
from train.data.stream import PhotoStream
from train.data_config import DataConfig
from train.run.checkpoint import FILE as CHECKPOINT_FILE
from train.run.device import pick_device
from train.run.distributed import ProcessGroup
from train.run.events import Callback
from train.run.loop import train
from train.run.measure import OTHER, OWN

from .discriminator_files import find_discriminator
from .initial_weights import with_loaded_generator
from .measure import GeneratorMeasure
from .trainer import GeneratorTrainer


def train_generator(
    config: TrainConfig, processes: ProcessGroup | None = None, callbacks: Sequence[Callback] = ()
) -> Path:
    """Train a generator from the start, or resume; arguments, result and errors are those of `train.run.loop.train`."""
    processes = processes or ProcessGroup()
    generator = processes.run_on_main(lambda: with_loaded_generator(config).generator)
    config = dataclasses.replace(config, generator=generator)  # the other settings are each process's own
    held_out = processes.run_on_main(
        lambda: find_held_out(config.data, config.held_out) if config.evaluations else None
    )
    digests = held_out.digests if held_out else frozenset()

    def open_stream(data: DataConfig, start: Position, rank: int, world_size: int) -> PhotoStream | DeviceStream:
        if data.on_device:
            device = pick_device(config.device, processes.local_rank)
            return open_device_stream(data, config.seed, device, start, rank, world_size, digests)
        return PhotoStream(data, config.seed, start, rank, world_size, digests)

    build_trainer = partial(GeneratorTrainer, config, discriminator=_start_discriminator(config, processes))
    build_measure = partial(measure_of_run, config, held_out)
    return train(config, open_stream, build_trainer, processes, callbacks, build_measure)


def _start_discriminator(config: TrainConfig, processes: ProcessGroup) -> dict[str, Tensor] | None:
    """Return the tensors of the discriminator that a new run starts with; None for untrained ones."""

    def find() -> dict[str, Tensor] | None:
        is_new = not (Path(config.folder) / CHECKPOINT_FILE).exists()
        return find_discriminator(config).tensors if is_new else None

    return processes.run_on_main(find)


def measure_of_run(config: TrainConfig, held_out: HeldOut | None) -> GeneratorMeasure | None:
    """Prepare the measurement of a run on held-out and other photos; None without held-out photos."""
    if held_out is None or isinstance(config.generator, ContextEncoderConfig):
        return None
    others = other_photos(config.other_photos, config.data.mixed, free_only=config.data.free_only)
    groups = {OWN: held_out.photos, OTHER: others}
    return GeneratorMeasure(groups, pick_device(config.device), config.measured_fills)
