"""python -m train.contest --data DATA: train the candidate networks for equal CPU time, and compare them.

All see the same crops and holes in the same order and learn by L1 alone. They take turns, a step each, so that what
else the machine does falls on all of them; the clock is the CPU time of one thread, which waiting does not count.
"""

from __future__ import annotations

import argparse
import copy
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from inpaint.allocator import keep_memory
from inpaint.generators import FreeFormGenerator

from .candidates import CANDIDATES
from .config import DataConfig, MaskConfig
from .ema import EMA
from .losses import reconstruction_loss
from .metrics import masked_psnr
from .stream import PhotoStream
from .trainer import to_model

CPU = torch.device("cpu")
RESOLUTION, BATCH = 128, 8
LEARNING_RATE, WARMUP_STEPS, HALFLIFE_IMAGES = 6e-4, 60, 1500
MASKS = MaskConfig(blocks=0.05, region=0.2, strokes=0.35, scratches=0.15, large=0.25, zoom=2.5)
BANDS = {"up to 6 %": (0.0, 0.06), "6 to 30 %": (0.06, 0.3), "above 30 %": (0.3, 1.0)}
"""Shares of the crop that holes take, for the table."""

Pair = tuple[Tensor, Tensor]


class Result(NamedTuple):
    """What became of a candidate.

    Attributes:
        name: of the candidate.
        parameters: how many.
        pass_s: CPU seconds of a 512x512 pass on one thread, without the first guess.
        images: crops seen.
        psnr: mean over held-out crops in dB, by band, and "all".
    """

    name: str
    parameters: int
    pass_s: float
    images: int
    psnr: dict[str, float]


class Runner:
    """A candidate in training, with a clock of its own."""

    def __init__(self, generator: FreeFormGenerator, budget_s: float) -> None:
        self.generator = generator.train().to(memory_format=torch.channels_last)
        self.ema = EMA(self.generator, HALFLIFE_IMAGES)
        self.optimizer = torch.optim.Adam(self.generator.parameters(), LEARNING_RATE, (0.9, 0.99), fused=True)
        self.budget_s, self.used_s, self.steps = budget_s, 0.0, 0

    def step(self, image: Tensor, mask: Tensor) -> None:
        """One update; the learning rate falls linearly as the budget is used up."""
        started = time.thread_time()
        rate = min(1.0, (self.steps + 1) / WARMUP_STEPS) * max(0.05, 1 - self.used_s / self.budget_s)
        self.optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
        with torch.autocast("cpu", torch.bfloat16):
            prediction = self.generator(image * (1 - mask), mask)
        loss = reconstruction_loss(prediction.float(), image, mask, power=1, known_weight=0.1)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        self.ema.update(self.generator, BATCH, self.steps * BATCH)
        self.used_s += time.thread_time() - started


def contest(
    candidates: dict[str, Callable[[], FreeFormGenerator]],
    training: Sequence[Pair],
    held_out: Sequence[Pair],
    budget_s: float,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Result]:
    """Train all candidates for the same CPU time and score their averaged weights.

    Args:
        candidates: name -> builds a fresh network; each is built from the same seed.
        training: uint8 batches (image, mask), seen again and again in this order, every other time mirrored.
        held_out: batches to score on.
        budget_s: CPU seconds of training for each.
        tell: is given a line now and then.
    """
    runners = {}
    for name, build in candidates.items():
        torch.manual_seed(0)
        runners[name] = Runner(build(), budget_s)
    pass_s = _time_passes({name: runner.generator for name, runner in runners.items()})
    for number, (image, mask) in enumerate(_endless(training)):
        running = [runner for runner in runners.values() if runner.used_s < budget_s]
        if not running:
            break
        for runner in running:
            runner.step(image, mask)
        if number % 200 == 0:
            tell(f"{min(runner.used_s for runner in running):.0f} of {budget_s:.0f} s")
    return [
        Result(
            name,
            sum(parameter.numel() for parameter in runner.generator.parameters()),
            pass_s[name],
            runner.steps * BATCH,
            _score(runner.ema.network, held_out),
        )
        for name, runner in runners.items()
    ]


def _endless(batches: Sequence[Pair]) -> Iterator[Pair]:
    for turn in itertools.count():
        for image, mask in batches:
            image, mask = to_model(image, mask, CPU, channels_last=True)
            yield (image.flip(3), mask.flip(3)) if turn % 2 else (image, mask)


@torch.inference_mode()
def _time_passes(generators: dict[str, FreeFormGenerator], side: int = 512, repeats: int = 5) -> dict[str, float]:
    """CPU seconds of a pass behind the first guess: the best of some, taken in turns."""
    image = torch.zeros(1, 3, side, side).contiguous(memory_format=torch.channels_last)
    mask = torch.zeros(1, 1, side, side)
    mask[..., side // 4 : side // 2, side // 4 : side // 2] = 1
    best = dict.fromkeys(generators, float("inf"))
    evaluated = {name: copy.deepcopy(generator).eval() for name, generator in generators.items()}
    for _ in range(repeats):
        for name, generator in evaluated.items():
            started = time.thread_time()
            generator.refine(image, mask)
            best[name] = min(best[name], time.thread_time() - started)
    return best


@torch.inference_mode()
def _score(generator: torch.nn.Module, held_out: Sequence[Pair]) -> dict[str, float]:
    psnr, share = [], []
    for batch in held_out:
        image, mask = to_model(*batch, CPU, channels_last=True)
        psnr.append(masked_psnr(generator(image * (1 - mask), mask), image, mask))
        share.append(mask.mean((1, 2, 3)))
    values, shares = torch.cat(psnr), torch.cat(share)
    bands = {name: values[(shares > low) & (shares <= high)] for name, (low, high) in BANDS.items()}
    return {name: float(chosen.mean()) for name, chosen in (bands | {"all": values}).items()}


def table(results: Sequence[Result]) -> str:
    """The results as Markdown, best first."""
    lines = [
        f"| body | million parameters | 512 px pass, CPU s | crops seen | {' | '.join(BANDS)} | all holes |",
        "|---" + "|--:" * (len(BANDS) + 4) + "|",
    ]
    for result in sorted(results, key=lambda result: -result.psnr["all"]):
        figures = " | ".join(f"{result.psnr[name]:.2f}" for name in (*BANDS, "all"))
        size = f"{result.parameters / 1e6:.1f} | {result.pass_s:.2f} | {result.images:,}"
        lines.append(f"| {result.name} | {size} | {figures} |")
    return "\n".join(lines)


def read_batches(datasets: Sequence[str], split: str, count: int, seed: int) -> list[Pair]:
    """So many batches of crops and holes.

    Raises:
        ValueError: a dataset cannot be opened or has no pictures.
    """
    data = DataConfig(
        dataset=tuple(datasets), split=split, resolution=RESOLUTION, batch_size=BATCH, min_scale=0.25, masks=MASKS
    )
    stream = PhotoStream(data, seed)
    try:
        return [(batch.image, batch.mask) for batch in itertools.islice(stream, count)]
    finally:
        stream.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m train.contest", description=__doc__)
    parser.add_argument("--data", nargs="+", required=True, help="folders, .parquet files or Hub dataset ids")
    parser.add_argument("--minutes", type=float, default=10, help="of CPU time for each candidate (%(default)s)")
    parser.add_argument("--samples", type=int, default=8000, help="crops that are trained on (%(default)s)")
    parser.add_argument("--held-out", type=int, default=400, help="crops that are scored (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        training = read_batches(options.data, "train", max(1, options.samples // BATCH), seed=0)
        held_out = read_batches(options.data, "validation", max(1, options.held_out // BATCH), seed=1)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    torch.set_num_threads(1)
    results = contest(CANDIDATES, training, held_out, 60 * options.minutes, lambda line: print(line, file=sys.stderr))
    print(table(results))


if __name__ == "__main__":
    keep_memory()
    main()
