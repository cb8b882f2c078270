"""python -m train.evaluate_damage: how well damage is found, left alone where there is none, and how fast.

`--pairs` is a folder of scans (NAME.jpg) with the true masks (NAME-mask.png), for example as `python -m
tests.worn_prints` writes them; `--clean` a dataset of undamaged photos. Each is left out if it is not given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.benchmark.workloads import made_photo
from inpaint.damage import DamageFinder, load_damage_network
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import SUFFIXES, open_photo
from train.data.datasets import iter_photos

from .scores import Matches, match, total

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
LARGE_SCAN = 4000, 3000


class Pair(NamedTuple):
    """A scan, RGB uint8 (H, W, 3), and its damage, bool (H, W)."""

    name: str
    pixels: np.ndarray
    wanted: np.ndarray


def read_pairs(folder: Path) -> Iterator[Pair]:
    """Scans with their masks, sorted by name.

    Raises:
        ValueError: there are none, or a mask does not fit its scan.
    """
    masks = sorted(folder.glob("*-mask.png"))
    if not masks:
        raise ValueError(
            f"{folder} has no NAME-mask.png beside NAME.jpg: write them with  python -m tests.train.damage.worn_prints"
        )
    for path in masks:
        name = path.name.removesuffix("-mask.png")
        scan = next((file for suffix in SUFFIXES if (file := folder / f"{name}{suffix}").exists()), None)
        if scan is None:
            raise ValueError(f"{path} has no scan beside it; there must be {name}.jpg (or .png ...)")
        picture = open_photo(scan)
        yield Pair(name, to_rgb(picture), to_mask(path, picture.size, max_share=1))


def score_pairs(finder: DamageFinder, pairs: Iterable[Pair], thresholds: Sequence[float]) -> dict[float, list[Matches]]:
    """For each threshold the matches of each pair."""
    scores: dict[float, list[Matches]] = {threshold: [] for threshold in thresholds}
    for pair in pairs:
        for mask, matches in zip(finder.masks(pair.pixels, thresholds), scores.values(), strict=True):
            matches.append(match(mask, pair.wanted))
    return scores


def marked_shares(
    finder: DamageFinder, photos: Iterable[Image.Image], thresholds: Sequence[float]
) -> dict[float, list[float]]:
    """For each threshold the share of pixels that are marked in each of some photos without damage."""
    shares: dict[float, list[float]] = {threshold: [] for threshold in thresholds}
    for photo in photos:
        for mask, marked in zip(finder.masks(to_rgb(photo), thresholds), shares.values(), strict=True):
            marked.append(float(mask.mean()))
    return shares


def marked_again(inpainter: Inpainter, scans: Iterable[np.ndarray]) -> list[float]:
    """For each scan the share of pixels that are marked in its restoration."""
    shares = []
    for pixels in scans:
        restored = inpainter(pixels, inpainter.find_damage(pixels))
        shares.append(float((np.asarray(inpainter.find_damage(restored)) > 0).mean()))
    return shares


def time_large_scan(inpainter: Inpainter, scratches: int = 60) -> tuple[float, float]:
    """Seconds for the mask of a 12-megapixel scan, and for the whole restoration."""
    scan = scratched(*LARGE_SCAN, scratches)
    inpainter(scan[:256, :256], np.asarray(inpainter.find_damage(scan[:256, :256])) > 0)  # loads the weights
    start = time.perf_counter()
    mask = inpainter.find_damage(scan)
    found = time.perf_counter()
    inpainter(scan, mask)
    return found - start, time.perf_counter() - start


def scratched(width: int, height: int, count: int) -> np.ndarray:
    """A made photo with bright lines across, two to five pixels wide: RGB uint8 (height, width, 3)."""
    pixels, rng = made_photo(width, height), np.random.default_rng(0)
    for _ in range(count):
        start, end = rng.uniform(0, 1, (2, 2)) * (width, height)
        line = np.linspace(start, start + (end - start) * rng.uniform(0.1, 0.6), 2 * width)
        reach = rng.integers(1, 3)
        for down in range(-reach, reach + 1):
            x, y = (line + np.array([0, down])).astype(int).T
            inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
            pixels[y[inside], x[inside]] = 245
    return pixels


def report(
    pairs: dict[float, list[Matches]], clean: dict[float, list[float]], again: list[float], times: tuple[float, float]
) -> Iterator[str]:
    """The figures as lines of Markdown."""
    if pairs:
        count = len(next(iter(pairs.values())))
        yield f"Worn prints ({count} photos), tolerance 2 px:\n"
        heads = ["threshold", "F1 of all pixels", "precision", "recall", "mean F1 of the photos"]
        rows = []
        for threshold, matches in pairs.items():
            whole = total(matches)
            mean = float(np.mean([one.f1 for one in matches]))
            figures = (whole.f1, whole.precision, whole.recall, mean)
            rows.append([threshold, *(f"{figure:.3f}" for figure in figures)])
        yield markdown_table(heads, rows, "rrrrr")
    if clean:
        count = len(next(iter(clean.values())))
        yield f"\nUndamaged photos ({count}), share of pixels marked:\n"
        rows = []
        for threshold, shares in clean.items():
            middle, median, largest = np.mean(shares), np.median(shares), np.max(shares)
            rows.append([threshold, f"{middle:.3%}", f"{median:.3%}", f"{largest:.2%}"])
        yield markdown_table(["threshold", "mean", "median", "largest"], rows, "rrrr")
    if again:
        yield f"\nMarked again in {len(again)} of our own restorations: {np.mean(again):.3%}, at most {max(again):.2%}"
    yield f"\nA scan of 12 megapixels: mask {times[0]:.1f} s, mask and restoration {times[1]:.1f} s"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.evaluate", description=__doc__)
    parser.add_argument("--pairs", type=Path, help="folder of NAME.jpg and NAME-mask.png")
    parser.add_argument("--clean", help="dataset of undamaged photos: Hub id, folder of pictures or parquet file")
    parser.add_argument("--split", default="validation", help="of that dataset (default: %(default)s)")
    parser.add_argument("--count", type=int, default=100, help="so many of each (default: %(default)s)")
    parser.add_argument(
        "--weights", type=Path, help="folder with a damage network's weights (default: the bundled ones)"
    )
    options = parser.parse_args(arguments)
    try:
        finder = DamageFinder(load_damage_network(options.weights))
        inpainter = Inpainter.from_pretrained(damage_finder=finder)
        pairs = list(read_pairs(options.pairs))[: options.count] if options.pairs else []
        scores = score_pairs(finder, pairs, THRESHOLDS) if pairs else {}
        photos = iter_photos(options.clean, options.split, options.count) if options.clean else None
        clean = marked_shares(finder, photos, THRESHOLDS) if photos else {}
        again = marked_again(inpainter, (pair.pixels for pair in pairs))
        for line in report(scores, clean, again, time_large_scan(inpainter)):
            print(line)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
