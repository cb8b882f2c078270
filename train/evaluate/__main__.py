"""python -m train.evaluate [WEIGHTS] --data DATA: our weights beside classical methods on held-out photos.

Every photo gets three masks: scratches (2-5 % of the picture), strokes (10-25 %) and large holes (30-45 %). The scores
are means over photos, each taken over the hole only; seconds are wall time per photo on this machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from inpaint.benchmark.baselines import BASELINES
from train.evaluate.methods import our_methods, prepare
from train.evaluate.scores import NO_DATA, TITLES, as_json, elp_ready, evaluate, read_photos

from .report import Score, report
from .sheets import SheetRow, comparison_sheet


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


if __name__ == "__main__":
    main()
