"""python -m train.evaluate [WEIGHTS] --data DATA: our weights beside classical methods on held-out photos.

Every photo gets three masks: scratches (2-5 % of the picture), strokes (10-25 %) and large holes (30-45 %). The scores
are means over photos, each taken over the hole only; seconds are wall time per photo on this machine.
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from inpaint import masks
from inpaint.image import to_tensor
from inpaint.inpainter import Inpainter
from inpaint.opencv import FillPixels, UnavailableError

from .baselines import BASELINES, Baseline
from .card_results import OURS
from .comparison import Score, SheetRow, comparison_sheet, report
from .data import iter_photos
from .metrics import masked_psnr, masked_ssim, mean_l1, mean_l2
from .perceptual import elp, shared_features

COVERAGES: dict[str, masks.MaskFamily] = {
    "scratches": masks.scratches,
    "strokes": masks.strokes,
    "large": masks.large,
}
TITLES = {
    "scratches": "Scratches, {:.0%} to {:.0%} of the picture".format(*masks.SCRATCHES_COVERAGE),
    "strokes": "Strokes, {:.0%} to {:.0%}".format(*masks.STROKES_COVERAGE),
    "large": "Large holes, {:.0%} to {:.0%}".format(*masks.LARGE_COVERAGE),
}
NETWORK = "our network alone"
"""The fills without the texture that the engine adds to them."""
NO_DATA = """give --data: a folder of pictures, a .parquet file, or a Hub dataset id (OWNER/NAME).
Take photos that the weights were not trained on."""


class Method(NamedTuple):
    """A method ready to run; fill is None if it cannot run here, for the reason given."""

    name: str
    fill: FillPixels | None
    slow: bool = False
    reason: str = ""


def prepare(baseline: Baseline) -> Method:
    """The baseline ready to run, or with the reason why it cannot."""
    try:
        return Method(baseline.name, baseline.load(), baseline.slow)
    except UnavailableError as error:
        return Method(baseline.name, None, baseline.slow, str(error))


def our_method(weights: str | None) -> Method:
    """Our weights as a method.

    Args:
        weights: a folder, a Hub repo id, or REPO_ID@REVISION; None: the bundled weights.

    Raises:
        ValueError: they cannot be had; the message says why and what to do.
    """
    return _as_method(OURS, Inpainter.from_pretrained(weights))


def our_methods(weights: str | None) -> list[Method]:
    """Our weights as a method, and before it the network alone, where the engine adds texture to its fills.

    Arguments and errors are those of `our_method`.
    """
    inpainter = Inpainter.from_pretrained(weights)
    alone = copy.copy(inpainter)
    alone.sizes = dataclasses.replace(inpainter.sizes, textured=0)
    network = [_as_method(NETWORK, alone)] if inpainter.sizes.textured else []
    return [*network, _as_method(OURS, inpainter)]


def _as_method(name: str, inpainter: Inpainter) -> Method:
    tiny = np.zeros((64, 64, 3), dtype=np.uint8)
    inpainter(tiny, masks.central(64, 64))  # the first call sets up more than it fills: not timed
    return Method(name, lambda pixels, mask: np.array(inpainter(pixels, mask)))


def evaluate(
    photos: Iterable[np.ndarray],
    methods: Sequence[Method],
    *,
    seed: int = 0,
    slow_images: int = 6,
    sheet_images: int = 0,
    with_elp: bool = True,
) -> Iterator[tuple[list[Score], list[SheetRow]]]:
    """Score every method on every photo at the three coverages, photo by photo.

    Args:
        photos: RGB uint8 (H, W, 3), taken one at a time.
        methods: those without a fill are passed over.
        seed: of the masks; a photo's masks depend on the seed, its number and its size only.
        slow_images: slow methods run on so many of the first photos.
        sheet_images: keep the pictures of so many of the first photos.
        with_elp: False leaves ELP out (nan).

    Yields:
        The scores of a photo, and its rows for the picture sheet (none behind the first `sheet_images`).
    """
    for number, pixels in enumerate(photos):
        height, width = pixels.shape[:2]
        running = [m for m in methods if m.fill is not None and (not m.slow or number < slow_images)]
        scores: list[Score] = []
        rows: list[SheetRow] = []
        for kind, (coverage, draw) in enumerate(COVERAGES.items()):
            mask = draw(height, width, np.random.default_rng((seed, number, kind)))
            timed = {method.name: timed_fill(method, pixels, mask) for method in running}
            fills = {name: filled for name, (filled, _) in timed.items()}
            measured = measure(list(fills.values()), pixels, mask, with_elp=with_elp)
            for (name, (_, seconds)), values in zip(timed.items(), measured, strict=True):
                scores.append(Score(name, coverage, number, *values, seconds))
            if number < sheet_images:
                rows.append(SheetRow(f"{coverage}\n{mask.mean():.0%}", pixels, mask, fills))
        yield scores, rows


def measure(
    fills: Sequence[np.ndarray], pixels: np.ndarray, mask: np.ndarray, *, with_elp: bool = True
) -> list[tuple[float, float, float, float, float]]:
    """The quality of each fill over the hole: PSNR, SSIM, L1, L2 and ELP (nan if left out), as in Score.

    Args:
        fills: RGB uint8 (H, W, 3) each.
        pixels: RGB uint8 (H, W, 3), the truth.
        mask: bool (H, W), True = hole.
        with_elp: whether to compute ELP, the slowest of them.
    """
    image = to_tensor(pixels)
    hole = torch.from_numpy(mask.astype(np.float32))[None, None]
    results: list[tuple[float, float, float, float, float]] = []
    for start in range(0, len(fills), 4):  # a few at once: the truth's features are computed once for them
        prediction = torch.cat([to_tensor(filled) for filled in fills[start : start + 4]])
        distance = elp(prediction, image, hole).tolist() if with_elp else [math.nan] * len(prediction)
        similar = [metric(prediction, image, hole).tolist() for metric in (masked_psnr, masked_ssim, mean_l1, mean_l2)]
        results += zip(*similar, distance, strict=True)
    return results


def timed_fill(method: Method, pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """The composite of a method's fill, and the seconds it took."""
    assert method.fill is not None
    started = time.perf_counter()
    filled = method.fill(pixels, mask)
    seconds = time.perf_counter() - started
    return np.where(mask[:, :, None], filled, pixels), seconds


def read_photos(data: str, split: str, images: int, max_side: int) -> Iterator[np.ndarray]:
    """Up to `images` photos as uint8 (H, W, 3), shrunk where the long side exceeds `max_side` pixels."""
    for photo in iter_photos(data, split, images):
        photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        yield np.array(photo)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate",
        description="Compare weights with classical inpainting methods on held-out photos.",
    )
    parser.add_argument("weights", nargs="?", help="a folder, or REPO_ID[@REVISION] on the Hub; default: the bundled")
    parser.add_argument("--data", help="a folder of pictures, a .parquet file, or a Hub dataset id")
    parser.add_argument("--split", default="validation", help="which part of the dataset (%(default)s)")
    parser.add_argument("--images", type=int, default=24, help="at most so many photos (%(default)s)")
    parser.add_argument("--slow-images", type=int, default=6, help="slow methods: the first so many (%(default)s)")
    parser.add_argument("--max-side", type=int, default=768, help="shrink larger photos to this many px (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the masks (%(default)s)")
    parser.add_argument("--sheet", type=Path, help="write a picture with the methods side by side here")
    parser.add_argument("--sheet-images", type=int, default=3, help="photos on that picture (%(default)s)")
    parser.add_argument("--json", type=Path, help="write every single score here")
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error(NO_DATA)
    if options.images < 1 or options.max_side < 1:
        parser.error(f"--images is {options.images} and --max-side {options.max_side}: both must be at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate from the command line: print the tables, write what was asked for."""
    options = parse(arguments)
    try:
        methods = [*map(prepare, BASELINES), *our_methods(options.weights)]
        photos = read_photos(options.data, options.split, options.images, options.max_side)
        with_elp = elp_ready()
        scores: list[Score] = []
        rows: list[SheetRow] = []
        for photo_scores, photo_rows in evaluate(
            photos,
            methods,
            seed=options.seed,
            slow_images=options.slow_images,
            sheet_images=options.sheet_images if options.sheet else 0,
            with_elp=with_elp,
        ):
            scores += photo_scores
            rows += photo_rows
            print(f"\rphoto {scores[-1].photo + 1} of {options.images}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        if not scores:
            raise ValueError(f"{options.data} (split {options.split}) holds no photos that can be read: {NO_DATA}")
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    print(f"Photos of {options.data} ({options.split}), long side up to {options.max_side} px, seed {options.seed}.\n")
    print(report(scores, {m.name: m.reason for m in methods}, [m.name for m in methods if m.slow], TITLES))
    if options.sheet:
        options.sheet.parent.mkdir(parents=True, exist_ok=True)
        comparison_sheet(rows, [method.name for method in methods if method.fill]).save(options.sheet)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps([as_json(score) for score in scores], indent=1, allow_nan=False) + "\n")


def as_json(score: Score) -> dict[str, str | int | float | None]:
    """The score as JSON can hold it: null for inf and nan."""
    values = score._asdict()
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}


def elp_ready() -> bool:
    """Whether the feature network is installed; says on stderr how to install it if not."""
    try:
        shared_features(torch.device("cpu"))
        return True
    except ModuleNotFoundError as error:
        print(f"ELP is left out: {error}", file=sys.stderr)
        return False


if __name__ == "__main__":
    main()
