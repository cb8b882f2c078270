"""python -m train.damage.hard_negatives PHOTOS... -o FOLDER: copy the undamaged photos in which most is marked.

A run that is given this folder several times beside PHOTOS learns to leave such photos alone:
`python -m train damage --dataset PHOTOS FOLDER FOLDER`. Photos that such a run holds out to be measured are not copied,
and those with a longer side of more than 640 px are reduced to that.

Reference:
    Felzenszwalb et al. 2010, Object Detection with Discriminatively Trained Part-Based Models, IEEE TPAMI 32(9),
    section 4.4: data mining of hard negatives.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.damage import DamageFinder, load_damage_network
from inpaint.os_errors import sentence_of
from train.data.held_out import training_photos
from train.data.retry import StreamError

from .overlay_scans import reduced

DOUBTFUL = 0.3
"""Probability from which a pixel counts as marked: less than usual, so that near misses count too."""


class HardNegative(NamedTuple):
    """An undamaged photo and the share of its pixels that is marked; the order is that of the shares.

    Attributes:
        share: from 0 to 1.
        number: of the photo among those that were looked at.
        photo: RGB.
    """

    share: float
    number: int
    photo: Image.Image


def hard_negatives(photos: Iterable[Image.Image], finder: DamageFinder, count: int) -> list[HardNegative]:
    """Return the photos in which most is marked, worst first.

    Args:
        photos: undamaged, RGB; all of them are looked at, and no more than `count` of them are kept in memory.
        finder: marks them, with masks that are dilated as usual.
        count: the largest number of photos; those in which nothing is marked are left out.
    """
    found = ((number, reduced(photo)) for number, photo in enumerate(photos))
    return heapq.nlargest(count, _with_shares(found, finder), key=lambda one: (one.share, -one.number))


def _with_shares(photos: Iterable[tuple[int, Image.Image]], finder: DamageFinder) -> Iterator[HardNegative]:
    for number, photo in photos:
        (mask,) = finder.masks(np.asarray(photo), [DOUBTFUL])
        if mask.any():
            yield HardNegative(float(mask.mean()), number, photo)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.hard_negatives", description=__doc__)
    parser.add_argument("dataset", nargs="+", help="undamaged photos: Hub ids, folders of images or parquet files")
    parser.add_argument("-o", "--output", type=Path, required=True, help="new folder for the photos, as PNG files")
    parser.add_argument("--split", default="train", help="of the datasets (default: %(default)s)")
    parser.add_argument("--count", type=int, default=300, help="largest number of photos (default: %(default)s)")
    parser.add_argument(
        "--weights", type=Path, help="folder with a damage network's weights (default: the bundled ones)"
    )
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error(f"--count is {options.count}; it must be at least 1")
    try:
        if options.output.exists() and any(options.output.iterdir()):
            raise ValueError(f"{options.output} is not empty; name a new folder with -o")
        options.output.mkdir(parents=True, exist_ok=True)
        finder = DamageFinder(load_damage_network(options.weights) if options.weights else None)
        hardest = hard_negatives(training_photos(options.dataset, options.split), finder, options.count)
        for place, one in enumerate(hardest):
            one.photo.save(options.output / f"{place:04d}.png")
    except (ValueError, StreamError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    if not hardest:
        print("Nothing is marked in these photos; the folder is empty.")
    else:
        most, least = hardest[0].share, hardest[-1].share
        print(
            f"Photos in {options.output}: {len(hardest)}, of which {least:.2%} to {most:.2%} of the pixels are marked."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
