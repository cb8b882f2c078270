"""What the commands of this package share: arguments, progress and the picture sheet."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .results import Score
from .sheets import CELL, SheetRow, comparison_sheet

DATA_HINT = """give --data: a folder of pictures, a .parquet file, or a Hub dataset id (OWNER/NAME).
Use photos that the weights were not trained on."""


def add_arguments(parser: argparse.ArgumentParser, *, images: int, images_help: str, weights: bool = True) -> None:
    """Add the arguments that every evaluation has.

    Args:
        parser: receives them.
        images: default of --images.
        images_help: help text of --images, without its default.
        weights: whether there are weights, and fills that a sheet can show.
    """
    if weights:
        parser.add_argument(
            "weights", nargs="?", help="a folder, or REPO_ID[@REVISION] on the Hub; default: the bundled"
        )
        parser.add_argument("--sheet", type=Path, help="write a picture with the fills side by side to this file")
    parser.add_argument("--data", help="a folder of pictures, a .parquet file, or a Hub dataset id")
    parser.add_argument("--split", help="split of the dataset (default: validation, else test, else train)")
    parser.add_argument("--images", type=int, default=images, help=f"{images_help} (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the masks (%(default)s)")


def parse(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, minimums: Mapping[str, int]
) -> argparse.Namespace:
    """Parse the command line; an error ends the process with a message.

    Args:
        parser: has the arguments of `add_arguments` and its own.
        arguments: None: those of the process.
        minimums: option name -> smallest value that makes sense.
    """
    options = parser.parse_args(arguments)
    if not options.data:
        parser.error(DATA_HINT)
    for name, minimum in minimums.items():
        if (value := getattr(options, name)) < minimum:
            parser.error(f"--{name.replace('_', '-')} is {value}; it must be at least {minimum}")
    return options


def collect(
    scored: Iterable[tuple[list[Score], list[SheetRow]]], options: argparse.Namespace
) -> tuple[list[Score], list[SheetRow]]:
    """Run an evaluation to its end and count photos on stderr.

    Args:
        scored: yields the scores and the rows of each photo.
        options: data, split and images of the command line.

    Raises:
        ValueError: there are no photos.
    """
    scores: list[Score] = []
    rows: list[SheetRow] = []
    for photo_scores, photo_rows in scored:
        scores += photo_scores
        rows += photo_rows
        print(f"\rphoto {scores[-1].photo + 1} of {options.images}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not scores:
        raise ValueError(f"{options.data} (split {options.split}) has no readable photos: {DATA_HINT}")
    return scores, rows


def save_comparison(path: Path, rows: Sequence[SheetRow], methods: Sequence[str], cell: tuple[int, int] = CELL) -> None:
    """Write the picture sheet; its folder is made.

    Args:
        path: the file to write.
        rows: as in `comparison_sheet`.
        methods: as in `comparison_sheet`.
        cell: as in `comparison_sheet`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    comparison_sheet(rows, methods, cell).save(path)
