"""python -m train.evaluate.large_holes [WEIGHTS] --data DATA: large holes filled coarse to fine, and all at once.

The largest photos of a dataset are cut to squares and get a hole of 40 % each. Our fill is scored over the hole beside
the plain way of using the same generator: shrink the whole photo, fill it in one pass, enlarge the result.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from inpaint.benchmark.baselines import WHOLE_PX, whole_picture
from inpaint.inpainter import Inpainter
from train.data.datasets import iter_photos
from train.masks.families import central_region, large_holes

from .methods import Method
from .report import Score, table
from .results import OURS
from .scores import NO_DATA, elp_ready, measure, timed_fill
from .sheets import SheetRow, comparison_sheet

WHOLE = f"at {WHOLE_PX} px and back"
SHARE = (0.39, 0.41)
TILE = (480, 480)


def largest_squares(data: str, split: str, count: int, side_px: int) -> list[np.ndarray]:
    """The middles of a dataset's largest photos, brought to one size.

    Args:
        data: a folder of pictures, a .parquet file, or a Hub dataset id.
        split: which part of it.
        count: how many, by their short side.
        side_px: of the squares; smaller photos are enlarged.

    Returns:
        RGB uint8 (side_px, side_px, 3) each, largest photo first.

    Raises:
        ValueError: the dataset cannot be opened.
    """
    photos = heapq.nlargest(count, iter_photos(data, split), key=lambda photo: min(photo.size))
    return [np.array(ImageOps.fit(photo, (side_px, side_px), Image.Resampling.LANCZOS)) for photo in photos]


def compare(
    photo: np.ndarray, number: int, methods: Sequence[Method], *, seed: int = 0, with_elp: bool = True
) -> tuple[list[Score], list[SheetRow]]:
    """Score the methods on one photo with one large hole.

    Args:
        photo: RGB uint8 (H, W, 3).
        number: of the photo; the hole depends on it, the seed and the size.
        methods: what to compare; each has a fill.
        seed: of the holes.
        with_elp: False leaves ELP out (nan).

    Returns:
        The scores, and two rows for the picture sheet: the whole photo, and a detail of it at full resolution.
    """
    height, width = photo.shape[:2]
    mask = large_holes(height, width, np.random.default_rng((seed, number)), coverage=SHARE)
    timed = {method.name: timed_fill(method, photo, mask) for method in methods}
    fills = {name: filled for name, (filled, _) in timed.items()}
    measured = measure(list(fills.values()), photo, mask, with_elp=with_elp)
    scores = [
        Score(name, "large", number, *values, seconds)
        for (name, (_, seconds)), values in zip(timed.items(), measured, strict=True)
    ]
    window = _detail(mask, TILE[0])
    details = {name: filled[window] for name, filled in fills.items()}
    rows = [
        SheetRow(f"{number + 1}\n{mask.mean():.0%}", photo, mask, fills),
        SheetRow("detail", photo[window], mask[window], details),
    ]
    return scores, rows


def _detail(mask: np.ndarray, side: int) -> tuple[slice, slice]:
    """The window, of at most side x side pixels, of which the hole covers nearest to three quarters."""
    tops, lefts = (range(0, max(1, length - side + 1), max(1, side // 4)) for length in mask.shape)
    windows = [(slice(top, top + side), slice(left, left + side)) for top in tops for left in lefts]
    return min(windows, key=lambda window: abs(mask[window].mean() - 0.75))


def load_methods(weights: str | None) -> list[Method]:
    """Coarse to fine and all at once, with the same weights, ready to be timed.

    Raises:
        ValueError: the weights cannot be had.
    """
    inpainter = Inpainter.from_pretrained(weights)
    fills = {OURS: lambda pixels, mask: np.array(inpainter(pixels, mask)), WHOLE: whole_picture(inpainter)}
    tiny = np.zeros((64, 64, 3), dtype=np.uint8)
    for fill in fills.values():
        fill(tiny, central_region(64, 64))  # the first call sets up more than it fills
    return [Method(name, fill) for name, fill in fills.items()]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate.large_holes",
        description="Compare our fill of large holes with one pass over the whole shrunk photo.",
    )
    parser.add_argument("weights", nargs="?", help="a folder, or REPO_ID[@REVISION] on the Hub; default: the bundled")
    parser.add_argument("--data", help="a folder of pictures, a .parquet file, or a Hub dataset id")
    parser.add_argument("--split", default="validation", help="which part of the dataset (%(default)s)")
    parser.add_argument("--images", type=int, default=10, help="so many of the largest photos (%(default)s)")
    parser.add_argument("--side", type=int, default=2048, help="width and height of the squares in px (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the holes (%(default)s)")
    parser.add_argument("--sheet", type=Path, help="write a picture with the fills side by side here")
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error(NO_DATA)
    if options.images < 1 or options.side < 64:
        parser.error(f"--images is {options.images} and --side {options.side}: at least 1 and 64 are needed")
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare from the command line: print the table, write the sheet."""
    options = parse(arguments)
    scores: list[Score] = []
    rows: list[SheetRow] = []
    try:
        methods = load_methods(options.weights)
        photos = largest_squares(options.data, options.split, options.images, options.side)
        if not photos:
            raise ValueError(f"{options.data} (split {options.split}) holds no photos that can be read: {NO_DATA}")
        with_elp = elp_ready()
        for number, photo in enumerate(photos):
            photo_scores, photo_rows = compare(photo, number, methods, seed=options.seed, with_elp=with_elp)
            scores += photo_scores
            rows += photo_rows
            print(f"\rphoto {number + 1} of {len(photos)}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    size, plural = f"{options.side} x {options.side} px", "s" * (len(photos) > 1)
    print(
        f"{len(photos)} photo{plural} of {options.data} ({options.split}), {size}, 40 % holes, seed {options.seed}.\n"
    )
    print(table(scores, {method.name: "" for method in methods}))
    if options.sheet:
        options.sheet.parent.mkdir(parents=True, exist_ok=True)
        comparison_sheet(rows, [method.name for method in methods], tile=TILE).save(options.sheet)


if __name__ == "__main__":
    main()
