"""python -m train.generator.speed PRESET --data DATASET: measure the speed of the stream and of the training step.

Both are measured alone, one after the other, on the same machine. In a run they share its cores, unless a GPU trains.
"""

import argparse
import dataclasses
import itertools
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from inpaint.markdown import markdown_table
from train.data.retry import StreamError
from train.data.stream import Batch, PhotoStream
from train.data_config import DataConfig
from train.presets import PRESETS

from .initial_weights import with_loaded_generator
from .trainer import GeneratorTrainer


class Speed(NamedTuple):
    """Throughput in photos.

    Attributes:
        photos_per_s: photos per second of wall time.
        cpu_s: seconds of processor time per photo, of all threads together. It hardly depends on what else the machine
            is doing.
    """

    photos_per_s: float
    cpu_s: float


class Stopwatch:
    """Wall and processor time since it was created."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """Return the wall time."""
        return time.perf_counter() - self._wall

    def speed(self, photos: int) -> Speed:
        """Return the speed at which this number of photos has been processed."""
        return Speed(photos / self.seconds(), (time.process_time() - self._cpu) / photos)


def stream_speed(data: DataConfig, seed: int, seconds: float) -> tuple[Speed, Batch]:
    """Return the speed of the stream without a cache, after its start, and the last batch.

    Raises:
        ValueError: the dataset cannot be used.
        StreamError: it cannot be read.
    """
    stream = PhotoStream(dataclasses.replace(data, cache=False), seed)
    try:
        batches = iter(stream)
        batch = next(itertools.islice(batches, 5, None))  # the earlier ones may have been prepared before the count
        count, watch = 0, Stopwatch()
        while watch.seconds() < seconds:
            batch = next(batches)
            count += len(batch.image)
        return watch.speed(count), batch
    finally:
        stream.close()


def step_speed(trainer: GeneratorTrainer, batch: Batch, steps: int) -> Speed:
    """Return the speed of training steps.

    Args:
        trainer: takes `steps` + 1 steps; the first one, which allocates memory, is not counted.
        batch: of every step.
        steps: a multiple of 5 keeps the share of guided steps. R1 is left out: it is applied at every 16th step only.
    """
    trainer.train_step(batch)
    watch = Stopwatch()
    for _ in range(steps):
        report = trainer.train_step(batch)
        float(sum(report.values()))  # waits for a GPU
    return watch.speed(steps * len(batch.image))


def table(stream: Speed, step: Speed, device: str) -> str:
    """Return both speeds, and their ratios, as a Markdown table."""
    ratio = stream.photos_per_s / step.photos_per_s
    rows = [
        ("the stream: decode, crop, mask", f"{stream.photos_per_s:.1f}", f"{stream.cpu_s:.4f}"),
        (f"a training step on {device}", f"{step.photos_per_s:.2f}", f"{step.cpu_s:.3f}"),
        ("ratio", f"{ratio:.1f} x", f"{step.cpu_s / stream.cpu_s:.1f} x"),
    ]
    return markdown_table(["", "photos/s", "CPU seconds per photo"], rows, "lrr")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 measured, 1 a reported problem."""
    parser = argparse.ArgumentParser(prog="python -m train.generator.speed", description=__doc__)
    parser.add_argument("preset", choices=PRESETS, help="preset whose stream and step are measured")
    parser.add_argument("--data", help="Hub dataset id, folder of photos, or parquet file; default: the preset's")
    parser.add_argument("--seconds", type=float, default=20, help="duration of reading the stream (%(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="number of timed training steps (%(default)s)")
    options = parser.parse_args(arguments)
    config = PRESETS[options.preset][1]
    if options.data:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, dataset=(options.data,)))
    try:
        stream, batch = stream_speed(config.data, config.seed, options.seconds)
        trainer = GeneratorTrainer(with_loaded_generator(config))
        print(table(stream, step_speed(trainer, batch, options.steps), trainer.device.type))
        return 0
    except (ValueError, StreamError) as error:
        print(f"python -m train.generator.speed: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
