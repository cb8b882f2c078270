"""python -m train.evaluate.large_holes [WEIGHTS] --data DATA: compare two ways of filling large holes.

The largest photos of a dataset are cropped to squares, and each gets a hole of 40 % of its area. Our coarse-to-fine
fill is compared with the plain use of the same generator: shrink the whole photo, fill it in one pass, enlarge the
result.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
from PIL import Image, ImageOps

from inpaint.benchmark.whole_photo import WHOLE_PX, whole_photo_fill
from inpaint.inpainter import Inpainter
from train.data.datasets import iter_photos
from train.data.held_out import split_to_measure
from train.data.retry import StreamError
from train.masks.families import large_holes

from .command import add_arguments, collect, parse, save_comparison
from .methods import Method, inpainter_method, warmed_up
from .report import score_table
from .results import OURS, Score
from .scores import DISTANCES, available_distances, measure, timed_fill
from .sheets import SheetRow

WHOLE = f"at {WHOLE_PX} px and back"
COVERAGE = (0.39, 0.41)
CELL = (480, 480)


def largest_squares(data: str, split: str, count: int, side_px: int) -> list[np.ndarray]:
    """Return the central squares of a dataset's largest photos, scaled to one size.

    Args:
        data: a folder of pictures, a .parquet file, or a Hub dataset id.
        split: of the dataset.
        count: number of photos, chosen by their short side.
        side_px: side of the squares; smaller photos are enlarged.

    Returns:
        RGB uint8 (side_px, side_px, 3) each, the largest photo first.

    Raises:
        ValueError: the dataset cannot be opened.
        StreamError: the dataset cannot be read.
    """
    photos = heapq.nlargest(count, iter_photos(data, split), key=lambda photo: min(photo.size))
    return [np.array(ImageOps.fit(photo, (side_px, side_px), Image.Resampling.LANCZOS)) for photo in photos]


def evaluate_large_holes(
    photos: Iterable[np.ndarray],
    methods: Sequence[Method],
    *,
    seed: int = 0,
    distances: Collection[str] = tuple(DISTANCES),
) -> Iterator[tuple[list[Score], list[SheetRow]]]:
    """Score methods on photos with one large hole each, photo by photo.

    Args:
        photos: RGB uint8 (H, W, 3).
        methods: each has a fill.
        seed: of the holes; a hole depends on it, the number of the photo and the size.
        distances: as in `measure`.

    Yields:
        The scores of a photo, and two rows for the picture sheet: the whole photo, and a detail at full resolution.
    """
    for number, photo in enumerate(photos):
        height, width = photo.shape[:2]
        mask = large_holes(height, width, np.random.default_rng((seed, number)), coverage=COVERAGE)
        timed = {method.name: timed_fill(method, photo, mask) for method in methods}
        fills = {name: filled for name, (filled, _) in timed.items()}
        measured = measure(list(fills.values()), photo, mask, distances=distances)
        scores = [
            Score(name, "large", number, seconds=seconds, **values)
            for (name, (_, seconds)), values in zip(timed.items(), measured, strict=True)
        ]
        window = _detail_window(mask, CELL[0])
        details = {name: filled[window] for name, filled in fills.items()}
        yield (
            scores,
            [
                SheetRow(f"{number + 1}\n{mask.mean():.0%}", photo, mask, fills),
                SheetRow("detail", photo[window], mask[window], details),
            ],
        )


def _detail_window(mask: np.ndarray, side: int) -> tuple[slice, slice]:
    """Return the window of at most side x side pixels whose share of hole pixels is closest to three quarters."""
    tops, lefts = (range(0, max(1, length - side + 1), max(1, side // 4)) for length in mask.shape)
    windows = [(slice(top, top + side), slice(left, left + side)) for top in tops for left in lefts]
    return min(windows, key=lambda window: abs(mask[window].mean() - 0.75))


def load_methods(weights: str | None) -> list[Method]:
    """Return the coarse-to-fine fill and the fill in one pass, with the same weights.

    Args:
        weights: a folder, a Hub repository, or REPO_ID@REVISION; None: the bundled weights.

    Raises:
        ValueError: the weights cannot be loaded.
    """
    inpainter = Inpainter.from_pretrained(weights)
    return [inpainter_method(OURS, inpainter), warmed_up(Method(WHOLE, whole_photo_fill(inpainter)))]


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; an error ends the process with a message."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate.large_holes",
        description="Compare our fill of large holes with one pass over the whole shrunk photo.",
    )
    add_arguments(parser, images=10, images_help="number of photos, the largest ones")
    parser.add_argument("--side", type=int, default=2048, help="width and height of the squares in px (%(default)s)")
    return parse(parser, arguments, {"images": 1, "side": 64})


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare from the command line: print the table, write the sheet.

    Raises:
        SystemExit: the arguments, the weights or the photos cannot be used; with a message.
    """
    options = parse_arguments(arguments)
    try:
        methods = load_methods(options.weights)
        options.split = split_to_measure(options.data, options.split)
        photos = largest_squares(options.data, options.split, options.images, options.side)
        scored = evaluate_large_holes(photos, methods, seed=options.seed, distances=available_distances())
        scores, rows = collect(scored, options)
    except (ValueError, StreamError) as error:
        raise SystemExit(f"error: {error}") from error
    size, plural = f"{options.side} x {options.side} px", "s" * (len(photos) > 1)
    print(
        f"{len(photos)} photo{plural} of {options.data} ({options.split}), {size}, 40 % holes, seed {options.seed}.\n"
    )
    print(score_table(scores, {method.name: "" for method in methods}))
    if options.sheet:
        save_comparison(options.sheet, rows, [method.name for method in methods], CELL)


if __name__ == "__main__":
    main()
