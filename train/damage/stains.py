"""python -m train.damage.stains: levelling half-transparent stains against replacing them, in PSNR.

The stains are held-out opacity maps (`train.data.overlays`) laid over undamaged photos: half-transparent ones, which
should be levelled, and the same ones opaque, which must not be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.levelling import level_stains, stains_of
from inpaint.engine.regions import dilate
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from train.data.datasets import iter_photos
from train.data.overlays import by_kind, load_overlays
from train.data.retry import StreamError

KINDS = "stain", "dots", "smut"
OPACITIES = {"half-transparent": (0.25, 0.6), "opaque": (1.0, 1.0)}
COLORS = np.array([(0.45, 0.3, 0.14), (0.1, 0.1, 0.1), (0.95, 0.93, 0.85)])
VISIBLE, DILATION_PX, GRAIN = 0.06, 6, 2.0


class Result(NamedTuple):
    """PSNR over the stain, in dB, of the scan, of its fill and of the levelled fill; how many pieces were levelled."""

    scan: float
    filled: float
    levelled: float
    pieces: int


def measure(
    inpainter: Inpainter, photo: np.ndarray, opacity: np.ndarray, rng: np.random.Generator, strength: float
) -> Result | None:
    """Stain a photo, restore it in both ways, and return the Result; None if the stain is too small or too large."""
    height, width = photo.shape[:2]
    alpha = np.asarray(Image.fromarray(opacity).resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
    color = COLORS[int(rng.integers(len(COLORS)))] * 255
    hole = dilate(alpha * strength > VISIBLE, DILATION_PX)
    if not 0.01 < hole.mean() < 0.6:
        return None
    veiled = photo + (alpha * strength)[..., None] * (color - photo) + rng.normal(0, GRAIN, photo.shape)
    scan = Image.fromarray(np.clip(veiled, 0, 255).astype(np.uint8))
    stains = stains_of(scan, hole)
    filled = inpainter(scan, hole)
    result = filled.copy()
    count = level_stains(result, stains)
    scores = [_psnr(np.asarray(image), photo, hole) for image in (scan, filled, result)]
    return Result(scores[0], scores[1], scores[2], count)


def _psnr(pixels: np.ndarray, photo: np.ndarray, where: np.ndarray) -> float:
    difference = (pixels.astype(np.float64) - photo)[where] / 255
    return float(-10 * np.log10(max(np.mean(difference**2), 1e-10)))


def table(results: dict[str, list[Result]]) -> str:
    """Return mean PSNRs of the photos whose stain was levelled, and how many those are of all."""
    return markdown_table(["stains", "levelled", "scan", "filled", "levelled, dB"], list(_rows(results)), "lrrrr")


def _rows(results: dict[str, list[Result]]) -> Iterator[list[object]]:
    for name, of_name in results.items():
        chosen = [result for result in of_name if result.pieces]
        means = [f"{np.mean(column):.1f}" for column in zip(*chosen, strict=True)][:3] if chosen else ["-"] * 3
        yield [name, f"{len(chosen)} of {len(of_name)}", *means]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.stains", description=__doc__)
    parser.add_argument("photos", help="dataset of undamaged photos: Hub id, folder of images or parquet file")
    parser.add_argument("--overlays", required=True, help="dataset of opacity maps of damage")
    parser.add_argument("--split", default="validation", help="of the photos (default: %(default)s)")
    parser.add_argument("--count", type=int, default=30, help="number of photos (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        kinds = by_kind(load_overlays(options.overlays, held_out=True))
        maps = [opacity for kind in KINDS for opacity in kinds.get(kind, ())]
        if not maps:
            raise ValueError(f"{options.overlays} has none of the kinds {', '.join(KINDS)}")
        inpainter = Inpainter.from_pretrained()
        results: dict[str, list[Result]] = {name: [] for name in OPACITIES}
        for number, photo in enumerate(iter_photos(options.photos, options.split, options.count)):
            for name, bounds in OPACITIES.items():
                rng = np.random.default_rng([0, number])
                opacity = maps[int(rng.integers(len(maps)))]
                found = measure(inpainter, np.asarray(photo), opacity, rng, float(rng.uniform(*bounds)))
                if found:
                    results[name].append(found)
        print(table(results))
    except (ValueError, StreamError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
