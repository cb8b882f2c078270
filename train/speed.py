"""python -m train.speed PRESET --data DATASET: how many pictures a second the stream delivers, and the step consumes.

Both are measured alone, one after the other, on the same machine. In a run they share its cores, unless a GPU trains.
"""

import argparse
import dataclasses
import itertools
import statistics
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

import torch

from .config import PRESETS, DataConfig, TrainConfig
from .patience import StreamError
from .stream import Batch, PhotoStream
from .trainer import Trainer


class Speed(NamedTuple):
    """Pictures a second.

    Attributes:
        streamed: that are decoded, cropped and given a mask, with the preset's threads and without a cache.
        consumed: by a training step.
        device: that trained.
        threads: of PyTorch on a CPU.
    """

    streamed: float
    consumed: float
    device: str
    threads: int

    def table(self) -> str:
        """As Markdown."""
        where = f"{self.device}, {self.threads} threads" if self.device == "cpu" else self.device
        return "\n".join([
            "| | pictures/s |",
            "| --- | --: |",
            f"| the stream: decode, crop, mask | {self.streamed:.1f} |",
            f"| a training step ({where}) | {self.consumed:.2f} |",
            f"| the first of these to the second | {self.streamed / self.consumed:.1f} x |",
        ])  # fmt: skip


def measure(config: TrainConfig, seconds: float, steps: int) -> Speed:
    """Measures both.

    Args:
        config: the run; its stream is read without a cache.
        seconds: the stream is read for.
        steps: that are timed, after a first one that is not. Take a multiple of 5 with guided steps, so that their
            share is kept.

    Raises:
        ValueError: the dataset cannot be used.
        StreamError: it cannot be read.
    """
    data = dataclasses.replace(config.data, cache=False)
    streamed, batch = _stream_speed(data, config.seed, seconds)
    trainer = Trainer(config)
    trainer.train_step(batch)  # sets up more than it trains, and has the penalty that comes at every 16th step
    durations = []
    for _ in range(steps):
        started = time.perf_counter()
        report = trainer.train_step(batch)
        float(sum(report.values()))  # waits for a GPU
        durations.append(time.perf_counter() - started)
    consumed = data.batch_size / statistics.fmean(durations)
    return Speed(streamed, consumed, trainer.device.type, torch.get_num_threads())


def _stream_speed(data: DataConfig, seed: int, seconds: float) -> tuple[float, Batch]:
    """Pictures a second once the stream is running, and its last batch."""
    stream = PhotoStream(data, seed)
    try:
        batches = iter(stream)
        batch = next(itertools.islice(batches, 5, None))  # those that were ready before anybody asked
        count, started = 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            batch = next(batches)
            count += len(batch.image)
        return count / (time.perf_counter() - started), batch
    finally:
        stream.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 measured, 1 a problem that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.speed", description=__doc__)
    parser.add_argument("preset", choices=PRESETS, help="whose stream and step are measured")
    parser.add_argument("--data", help="Hub dataset id, folder of pictures, or parquet file; default: the preset's")
    parser.add_argument("--seconds", type=float, default=20, help="that the stream is read for (%(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="training steps that are timed (%(default)s)")
    options = parser.parse_args(arguments)
    config = PRESETS[options.preset][1]
    if options.data:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, dataset=(options.data,)))
    try:
        print(measure(config, options.seconds, options.steps).table())
        return 0
    except (ValueError, StreamError) as error:
        print(f"python -m train.speed: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
