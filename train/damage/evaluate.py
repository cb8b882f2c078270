"""python -m train.damage.evaluate: F1 on damaged scans, false positives on undamaged photos, and run times.

`--overlays` is a dataset of opacity maps of lifelike damage: those that are held out from training are laid over the
photos of `--clean`, one kind at a time (`train.damage.overlay_scans`). `--pairs` is a folder of scans (NAME.jpg) with
the true masks of their damage (NAME-mask.png), for example as `python -m tests.train.damage.worn_prints` writes them;
`--clean` is a dataset of undamaged photos. What is not given is not measured.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.damage import DamageFinder, load_damage_network
from inpaint.damage_masks import THRESHOLD
from inpaint.engine.brush import stroke_to_mask
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.os_errors import sentence_of
from inpaint.photos.formats import SUFFIXES
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import open_photo
from train.data.datasets import iter_photos
from train.data.held_out import split_to_measure
from train.data.overlays import by_kind, load_overlays
from train.data.retry import StreamError

from .overlay_scans import OverlayScan, overlay_scans
from .scores import TOLERANCE_PX, PixelCounts, count_pixels, sum_counts

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7)
LARGE_SCAN = 4000, 3000
"""Width and height of the scan whose run time is measured."""
LARGE_SCAN_SCRATCHES = 60


class Pair(NamedTuple):
    """A scan and its ground truth.

    Attributes:
        name: of the file without its suffix.
        pixels: RGB uint8 (H, W, 3).
        damaged: bool (H, W).
    """

    name: str
    pixels: np.ndarray
    damaged: np.ndarray


def read_pairs(folder: Path) -> Iterator[Pair]:
    """Yield the scans of a folder with their masks, sorted by name.

    Raises:
        ValueError: the folder holds no masks, a mask has no scan, or its size differs from the scan's.
        PhotoError: a file cannot be read.
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
        photo = open_photo(scan)
        yield Pair(name, to_rgb(photo), to_mask(path, photo.size, max_share=1))


def score_pairs(
    finder: DamageFinder, pairs: Iterable[Pair], thresholds: Sequence[float]
) -> dict[float, list[PixelCounts]]:
    """Return threshold -> the counts of each pair."""
    counts: dict[float, list[PixelCounts]] = {threshold: [] for threshold in thresholds}
    for pair in pairs:
        for mask, of_threshold in zip(finder.masks(pair.pixels, thresholds), counts.values(), strict=True):
            of_threshold.append(count_pixels(mask, pair.damaged))
    return counts


def score_kinds(finder: DamageFinder, scans: Iterable[OverlayScan], threshold: float) -> dict[str, list[PixelCounts]]:
    """Return kind of damage -> the counts of each scan."""
    counts: dict[str, list[PixelCounts]] = {}
    for scan in scans:
        found = count_pixels(finder(scan.pixels, threshold=threshold), scan.damaged)
        counts.setdefault(scan.kind, []).append(found)
    return counts


def kinds_table(counts: dict[str, list[PixelCounts]]) -> str:
    """Return the scores of each kind of damage and of all together as a table."""
    rows = []
    for kind, of_kind in [*counts.items(), ("all", list(itertools.chain(*counts.values())))]:
        together = sum_counts(of_kind)
        rows.append([kind, *(f"{figure:.2f}" for figure in (together.f1, together.precision, together.recall))])
    return markdown_table(["kind", "F1", "precision", "recall"], rows, "lrrr")


def false_positive_rates(
    finder: DamageFinder, photos: Iterable[Image.Image], thresholds: Sequence[float]
) -> dict[float, list[float]]:
    """Return threshold -> the share of pixels that are marked in each of several undamaged photos."""
    rates: dict[float, list[float]] = {threshold: [] for threshold in thresholds}
    for photo in photos:
        for mask, of_threshold in zip(finder.masks(to_rgb(photo), thresholds), rates.values(), strict=True):
            of_threshold.append(float(mask.mean()))
    return rates


def marked_after_restoration(inpainter: Inpainter, scans: Iterable[np.ndarray]) -> list[float]:
    """Return the share of pixels that are marked in the restoration of each scan, uint8 (H, W, 3)."""
    shares = []
    for pixels in scans:
        restored = inpainter(pixels, inpainter.find_damage(pixels))
        shares.append(float((np.asarray(inpainter.find_damage(restored)) > 0).mean()))
    return shares


def time_large_scan(inpainter: Inpainter) -> tuple[float, float]:
    """Return the seconds to mark damage in a scan of 12 megapixels, and to mark and restore it."""
    scan = scratched_photo(*LARGE_SCAN, LARGE_SCAN_SCRATCHES)
    warm_up = scan[:256, :256]
    inpainter(warm_up, np.asarray(inpainter.find_damage(warm_up)) > 0)
    start = time.perf_counter()
    mask = inpainter.find_damage(scan)
    marked = time.perf_counter()
    inpainter(scan, mask)
    return marked - start, time.perf_counter() - start


def scratched_photo(width: int, height: int, count: int) -> np.ndarray:
    """Return a synthetic photo with straight bright scratches, 3 or 5 pixels wide: RGB uint8 (height, width, 3)."""
    pixels, rng = synthetic_photo(width, height), np.random.default_rng(0)
    for _ in range(count):
        start, end = rng.uniform(0, 1, (2, 2)) * (width, height)
        end = start + (end - start) * rng.uniform(0.1, 0.6)
        box, painted = stroke_to_mask([start, end], 2 * int(rng.integers(1, 3)) + 1, (width, height))
        pixels[box.slices][painted] = 245
    return pixels


def report(
    pairs: dict[float, list[PixelCounts]],
    clean: dict[float, list[float]],
    restored: list[float],
    times_s: tuple[float, float],
    kinds: dict[str, list[PixelCounts]] | None = None,
) -> Iterator[str]:
    """Yield the results as blocks of Markdown.

    Args:
        pairs: as `score_pairs` returns it; empty: not measured.
        clean: as `false_positive_rates` returns it; empty: not measured.
        restored: as `marked_after_restoration` returns it; empty: not measured.
        times_s: as `time_large_scan` returns it.
        kinds: as `score_kinds` returns it; empty or None: not measured.
    """
    if kinds:
        count = len(next(iter(kinds.values())))
        yield f"Held-out opacity maps on {count} photos, threshold {THRESHOLD}, tolerance {TOLERANCE_PX} px:\n"
        yield kinds_table(kinds) + "\n"
    if pairs:
        count = len(next(iter(pairs.values())))
        yield f"Damaged scans ({count}), tolerance {TOLERANCE_PX} px:\n"
        rows = []
        for threshold, counts in pairs.items():
            together = sum_counts(counts)
            mean_f1 = float(np.mean([photo.f1 for photo in counts]))
            figures = (together.f1, together.precision, together.recall, mean_f1)
            rows.append([threshold, *(f"{figure:.3f}" for figure in figures)])
        headings = ["threshold", "F1 of all pixels", "precision", "recall", "mean F1 of the photos"]
        yield markdown_table(headings, rows, "rrrrr")
    if clean:
        count = len(next(iter(clean.values())))
        yield f"\nUndamaged photos ({count}), share of pixels marked:\n"
        rows = []
        for threshold, rates in clean.items():
            rows.append([threshold, f"{np.mean(rates):.3%}", f"{np.median(rates):.3%}", f"{np.max(rates):.2%}"])
        yield markdown_table(["threshold", "mean", "median", "largest"], rows, "rrrr")
    if restored:
        yield (
            f"\nRestorations ({len(restored)}), share of pixels marked: mean {np.mean(restored):.3%},"
            f" largest {max(restored):.2%}"
        )
    yield f"\nA scan of 12 megapixels: mask {times_s[0]:.1f} s, mask and restoration {times_s[1]:.1f} s"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.evaluate", description=__doc__)
    parser.add_argument("--pairs", type=Path, help="folder of NAME.jpg and NAME-mask.png")
    parser.add_argument("--clean", help="dataset of undamaged photos: Hub id, folder of images or parquet file")
    parser.add_argument("--overlays", help="dataset of opacity maps of damage, with its kind in the column source")
    parser.add_argument("--overlay-photos", type=int, default=24, help="photos under them (default: %(default)s)")
    parser.add_argument("--split", help="of that dataset (default: validation, else test, else train)")
    parser.add_argument("--count", type=int, default=100, help="largest number of each (default: %(default)s)")
    parser.add_argument(
        "--weights", type=Path, help="folder with a damage network's weights (default: the bundled ones)"
    )
    parser.add_argument(
        "--fusion",
        type=Path,
        help="folder with the network that decides in small photos (default: the bundled one with the bundled weights, "
        "else none)",
    )
    options = parser.parse_args(arguments)
    if options.overlays and not options.clean:
        parser.error("--overlays needs photos to lay them over: add --clean")
    try:
        finder = DamageFinder(load_damage_network(options.weights) if options.weights else None, fusion=options.fusion)
        inpainter = Inpainter.from_pretrained(damage_finder=finder)
        pairs = list(read_pairs(options.pairs))[: options.count] if options.pairs else []
        counts = score_pairs(finder, pairs, THRESHOLDS) if pairs else {}
        if options.clean:
            options.split = split_to_measure(options.clean, options.split)
        photos = iter_photos(options.clean, options.split, options.count) if options.clean else None
        clean = false_positive_rates(finder, photos, THRESHOLDS) if photos else {}
        kinds = {}
        if options.overlays:
            maps = by_kind(load_overlays(options.overlays, held_out=True))
            under = iter_photos(options.clean, options.split, options.overlay_photos)
            kinds = score_kinds(finder, overlay_scans(under, maps), THRESHOLD)
        restored = marked_after_restoration(inpainter, (pair.pixels for pair in pairs))
        for block in report(counts, clean, restored, time_large_scan(inpainter), kinds):
            print(block)
    except (ValueError, StreamError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
