"""python -m train.evaluate.removals [WEIGHTS] --data FOLDER: score fills of removed objects, without a ground truth.

FOLDER holds photos NAME.jpg (or .png, ...) with masks NAME-mask.png. Detail and seam are measured at full resolution,
for the weights and for ready-made fills (--fills).
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from inpaint.benchmark.baselines import BASELINES
from inpaint.markdown import markdown_table
from inpaint.networks.tensors import to_tensor
from inpaint.photos.formats import SUFFIXES
from inpaint.photos.masks import to_mask
from inpaint.photos.opening import open_photo
from inpaint.photos.pairing import find_tasks
from train.metrics.no_reference import detail, seam

from .methods import Method, load_baseline, our_methods
from .report import COLUMNS, column_means, score_cell, score_rows
from .results import score_as_json, write_scores
from .scores import timed_fill

SHOWN = [column for column in COLUMNS if column.field in ("detail", "seam", "seconds")]


class RemovalScore(NamedTuple):
    """The metrics of one method on one photo.

    Attributes:
        method: its name, or the label of ready-made fills.
        photo: file name of the photo without its suffix.
        detail: gradient magnitude relative to the surroundings; nan where it is not defined.
        seam: step across the edge of the hole relative to the surroundings; nan where it is not defined.
        seconds: wall time of the fill; nan for ready-made fills.
    """

    method: str
    photo: str
    detail: float
    seam: float
    seconds: float


def find_removals(folder: Path) -> list[tuple[Path, Path]]:
    """Return the photos of a folder that have a mask, each with its mask.

    Args:
        folder: photos, and masks with their names and "-mask" ("_mask" and ".mask" work too).

    Raises:
        ValueError: there is no such folder, or no photo in it has a mask.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; it must hold photos NAME.jpg and masks NAME-mask.png")
    tasks = find_tasks([str(folder)], str(folder), str(folder))
    pairs = [(Path(task.photo), Path(task.mask)) for task in tasks if task.mask is not None]
    if not pairs:
        raise ValueError(f"no photo in {folder} has a mask; name the mask of NAME.jpg NAME-mask.png")
    return pairs


def read_fill(folder: Path, photo: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return a ready-made fill, RGB uint8 (H, W, 3); None if the folder has none of the photo.

    Args:
        folder: pictures with the names of the photos, of any format.
        photo: file of the photo.
        shape: of the photo's pixels, (H, W, 3).

    Raises:
        ValueError: the fill cannot be read, or its size is not the photo's.
    """
    found = (folder / f"{photo.stem}{suffix}" for suffix in (photo.suffix, *SUFFIXES))
    file = next((file for file in found if file.is_file()), None)
    if file is None:
        return None
    pixels = np.array(open_photo(file).convert("RGB"))
    if pixels.shape != shape:
        (height, width), (photo_height, photo_width) = pixels.shape[:2], shape[:2]
        raise ValueError(
            f"{file} has {width}x{height} px and the photo {photo_width}x{photo_height}; both must have the same size:"
            " scale the photo and its mask to that of the fill, and fill them anew with every tool"
        )
    return pixels


def evaluate_removals(
    pairs: Iterable[tuple[Path, Path]], methods: Sequence[Method], ready_made: Mapping[str, Path]
) -> Iterator[list[RemovalScore]]:
    """Score ready-made fills and methods, photo by photo.

    Args:
        pairs: files of photos and masks.
        methods: those without a fill are skipped.
        ready_made: label -> folder of fills. A photo that a folder does not have is not scored for it.

    Yields:
        The scores of a photo.

    Raises:
        ValueError: a file cannot be read, or has another size than its photo.
    """
    for photo, mask in pairs:
        picture = open_photo(photo).convert("RGB")
        pixels, hole = np.array(picture), to_mask(mask, picture.size, max_share=1)
        timed = {}
        for label, folder in ready_made.items():
            if (filled := read_fill(folder, photo, pixels.shape)) is not None:
                timed[label] = np.where(hole[:, :, None], filled, pixels), math.nan
        timed |= {method.name: timed_fill(method, pixels, hole) for method in methods if method.fill}
        image, area = to_tensor(pixels), torch.from_numpy(hole)[None, None]
        scores = []
        for name, (filled, seconds) in timed.items():
            filling = (to_tensor(filled), image, area)
            scores.append(RemovalScore(name, photo.stem, detail(*filling).item(), seam(*filling).item(), seconds))
        yield scores


def removals_report(scores: Sequence[RemovalScore], methods: Mapping[str, str]) -> str:
    """Return a table of means, and one with detail and seam of every photo.

    Args:
        scores: of every method and photo.
        methods: method name -> why it could not run; empty if it ran.
    """
    by_method = {name: {score.photo: score for score in scores if score.method == name} for name in methods}
    means = {name: column_means(list(of.values()), SHOWN) for name, of in by_method.items() if of}
    rows = score_rows(means, methods, SHOWN)
    rows = [[*row, str(len(by_method[row[0]]))] for row in rows]
    headings = ["method", *(column.heading for column in SHOWN), "photos"]
    photos = dict.fromkeys(score.photo for score in scores)
    each = [[photo, *(_pair(by_method[name].get(photo)) for name in means)] for photo in photos]
    return (
        f"{markdown_table(headings, rows, 'lrrrr')}\n\nDetail / seam:\n\n"
        f"{markdown_table(['photo', *means], each, 'l' + 'r' * len(means))}"
    )


def _pair(score: RemovalScore | None) -> str:
    return "" if score is None else f"{score_cell(score.detail, 2)} / {score_cell(score.seam, 2)}"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line; an error ends the process with a message."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate.removals",
        description="Score fills of removed objects by detail and seam, which need no ground truth; 1 is right.",
    )
    parser.add_argument("weights", nargs="?", help="a folder, or REPO_ID[@REVISION] on the Hub; default: the bundled")
    parser.add_argument("--data", type=Path, required=True, help="folder of photos NAME.jpg and masks NAME-mask.png")
    parser.add_argument(
        "--fills",
        action="append",
        default=[],
        metavar="LABEL=FOLDER",
        help="score the pictures NAME.* of a folder, fills of another tool, under this label; may be repeated",
    )
    parser.add_argument("--only-fills", action="store_true", help="score --fills only: run no method")
    parser.add_argument("--baselines", action="store_true", help="run the classical methods too")
    parser.add_argument("--json", type=Path, help="write every single score to this file")
    options = parser.parse_args(arguments)
    if options.only_fills and not options.fills:
        parser.error("--only-fills needs --fills LABEL=FOLDER")
    options.ready_made = {}
    for argument in options.fills:
        label, _, folder = argument.partition("=")
        if not label or not folder or not Path(folder).is_dir():
            parser.error(f"--fills is {argument}; it must be LABEL=FOLDER, and FOLDER must exist")
        if label in options.ready_made:
            parser.error(f"--fills has the label {label} twice; give each folder its own")
        options.ready_made[label] = Path(folder)
    return options


def main(arguments: Sequence[str] | None = None) -> None:
    """Score from the command line: print the tables, write the requested files.

    Raises:
        SystemExit: the arguments, the weights or the pictures cannot be used; with a message.
    """
    options = parse_arguments(arguments)
    scores: list[RemovalScore] = []
    try:
        pairs = find_removals(options.data)
        baselines = map(load_baseline, BASELINES) if options.baselines else ()
        methods = [] if options.only_fills else [*baselines, *our_methods(options.weights)]
        if taken := options.ready_made.keys() & {method.name for method in methods}:
            raise ValueError(f"--fills has the label {min(taken)}, the name of a method; choose another label")
        for number, photo_scores in enumerate(evaluate_removals(pairs, methods, options.ready_made), 1):
            scores += photo_scores
            print(f"\rphoto {number} of {len(pairs)}", end="", file=sys.stderr, flush=True)
    except ValueError as error:
        raise SystemExit(f"error: {error}") from error
    print(file=sys.stderr)
    reasons = dict.fromkeys(options.ready_made, "no fills") | {method.name: method.reason for method in methods}
    print(removals_report(scores, reasons))
    if options.json:
        write_scores(options.json, [score_as_json(score) for score in scores])


if __name__ == "__main__":
    main()
