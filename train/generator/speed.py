"""python -m train.generator.speed PRESET --data DATASET: pictures/s of the stream, and of the training step.

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
from train.config import DataConfig
from train.data.retry import StreamError
from train.data.stream import Batch, PhotoStream
from train.presets import PRESETS

from .trainer import Trainer


class Pace(NamedTuple):
    """How fast something goes through pictures.

    Attributes:
        per_second: pictures a second.
        cpu_s: seconds of processor time for one picture, of all threads together. Unlike the first it hardly depends on
            what else the machine does.
    """

    per_second: float
    cpu_s: float


class Stopwatch:
    """Time on the wall and on the processors since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def seconds(self) -> float:
        """On the wall."""
        return time.perf_counter() - self._wall

    def pace(self, pictures: int) -> Pace:
        """Of so many pictures since then."""
        return Pace(pictures / self.seconds(), (time.process_time() - self._cpu) / pictures)


def stream_pace(data: DataConfig, seed: int, seconds: float) -> tuple[Pace, Batch]:
    """The stream's pace once it runs, without a cache, and its last batch.

    Raises:
        ValueError: the dataset cannot be used.
        StreamError: it cannot be read.
    """
    stream = PhotoStream(dataclasses.replace(data, cache=False), seed)
    try:
        batches = iter(stream)
        batch = next(itertools.islice(batches, 5, None))  # those before were ready when nobody counted
        count, watch = 0, Stopwatch()
        while watch.seconds() < seconds:
            batch = next(batches)
            count += len(batch.image)
        return watch.pace(count), batch
    finally:
        stream.close()


def step_pace(trainer: Trainer, batch: Batch, steps: int) -> Pace:
    """The pace of training steps.

    Args:
        trainer: takes `steps` + 1 steps; the first sets up more than it trains, and is not counted.
        batch: of every step.
        steps: a multiple of 5 keeps the share of guided steps. None of them has the penalty of every 16th step.
    """
    trainer.train_step(batch)
    watch = Stopwatch()
    for _ in range(steps):
        report = trainer.train_step(batch)
        float(sum(report.values()))  # waits for a GPU
    return watch.pace(steps * len(batch.image))


def table(stream: Pace, step: Pace, device: str) -> str:
    """Both as Markdown, with their ratios."""
    times = stream.per_second / step.per_second
    rows = [
        ("the stream: decode, crop, mask", f"{stream.per_second:.1f}", f"{stream.cpu_s:.4f}"),
        (f"a training step on {device}", f"{step.per_second:.2f}", f"{step.cpu_s:.3f}"),
        ("one to the other", f"{times:.1f} x", f"{step.cpu_s / stream.cpu_s:.1f} x"),
    ]
    return markdown_table(["", "pictures/s", "CPU seconds per picture"], rows, "lrr")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 measured, 1 a problem that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.generator.speed", description=__doc__)
    parser.add_argument("preset", choices=PRESETS, help="whose stream and step are measured")
    parser.add_argument("--data", help="Hub dataset id, folder of pictures, or parquet file; default: the preset's")
    parser.add_argument("--seconds", type=float, default=20, help="that the stream is read for (%(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="training steps that are timed (%(default)s)")
    options = parser.parse_args(arguments)
    config = PRESETS[options.preset][1]
    if options.data:
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, dataset=(options.data,)))
    try:
        stream, batch = stream_pace(config.data, config.seed, options.seconds)
        trainer = Trainer(config)
        print(table(stream, step_pace(trainer, batch, options.steps), trainer.device.type))
        return 0
    except (ValueError, StreamError) as error:
        print(f"python -m train.speed: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
