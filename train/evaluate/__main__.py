"""python -m train.evaluate [WEIGHTS] --data DATA: compare weights with classical methods on held-out photos.

Every photo gets three masks: scratches (2-5 % of the picture), strokes (10-25 %) and large holes (30-45 %). The scores
are means over photos, each taken over the hole only; seconds are wall time per photo on this machine. EPILOG tells what
each column is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from inpaint.benchmark.baselines import BASELINES
from inpaint.program import program_name
from train.data.held_out import split_to_measure
from train.data.retry import StreamError

from .command import add_arguments, collect, parse, save_comparison
from .methods import load_baseline, our_methods
from .report import report
from .results import score_as_json, write_scores
from .scores import COVERAGES, available_distances, evaluate, read_photos
from .source import photo_source

EPILOG = """Columns of the tables, measured over the hole:
PSNR, SSIM, L1: distances of pixels from the ground truth; blurred fills have good ones.
ELP, ELP2: perceptual distances by EfficientNet-Lite0, which training uses too, and by Lite2, which nothing is tuned on.
detail: gradient magnitude relative to the pixels around the hole; 1 is right, below 1 the fill is blurred.
seam: step across the edge of the hole relative to steps near it; 1 is right, above 1 the edge shows.
train.evaluate.removals measures detail and seam where there is no ground truth: objects removed from photos."""


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; an error ends the process with a message."""
    parser = argparse.ArgumentParser(
        prog=program_name("train.evaluate"),
        description="Compare weights with classical inpainting methods on held-out photos.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser, images=24, images_help="maximum number of photos")
    parser.add_argument(
        "--slow-images", type=int, default=6, help="photos for slow methods, the first ones (%(default)s)"
    )
    parser.add_argument(
        "--max-side", type=int, default=768, help="shrink photos to at most this side in px (%(default)s)"
    )
    parser.add_argument("--sheet-images", type=int, default=3, help="photos on the sheet, the first ones (%(default)s)")
    parser.add_argument("--json", type=Path, help="write every single score to this file")
    return parse(parser, arguments, {"images": 1, "max_side": 1})


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate from the command line: print the tables, write the requested files.

    Raises:
        SystemExit: the arguments, the weights or the photos cannot be used; with a message.
    """
    options = parse_arguments(arguments)
    try:
        methods = [*map(load_baseline, BASELINES), *our_methods(options.weights)]
        options.split = split_to_measure(options.data, options.split)
        photos = read_photos(options.data, options.split, options.images, options.max_side)
        scored = evaluate(
            photos,
            methods,
            seed=options.seed,
            slow_images=options.slow_images,
            sheet_images=options.sheet_images if options.sheet else 0,
            distances=available_distances(),
        )
        scores, rows = collect(scored, options)
    except (ValueError, StreamError) as error:
        raise SystemExit(f"error: {error}") from error
    print(f"Photos of {options.data} ({options.split}), long side up to {options.max_side} px, seed {options.seed}.\n")
    slow = [method.name for method in methods if method.slow]
    print(report(scores, {method.name: method.reason for method in methods}, slow, list(COVERAGES)))
    if options.sheet:
        save_comparison(options.sheet, rows, [method.name for method in methods if method.fill])
    if options.json:
        source = photo_source(options.data, options.split)
        write_scores(options.json, [{**score_as_json(score), **source} for score in scores])


if __name__ == "__main__":
    main()
