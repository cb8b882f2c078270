"""python -m train.damage.sheet SCANS/ -o SHEET.jpg: scans, what is marked in them and what becomes of them, in rows."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.damage import THRESHOLD
from inpaint.inpainter import Inpainter
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import SUFFIXES, open_photo

CELL = 420, 320
GAP_PX = 6
MARKED = (255, 40, 40)
COLUMNS = 3
"""Scan, mask and result."""


def row(inpainter: Inpainter, path: Path, threshold: float) -> list[Image.Image]:
    """A scan, the scan with what is marked in red, and the result, each as large as a cell allows.

    Raises:
        PhotoError: the file cannot be read.
    """
    photo = open_photo(path)
    mask = inpainter.find_damage(photo, threshold=threshold)
    scan, result = (Image.fromarray(to_rgb(picture)) for picture in (photo, inpainter(photo, mask, max_share=1)))
    marked = scan.copy()
    marked.paste(MARKED, (0, 0), mask)
    print(f"{path.name}: {np.asarray(mask).mean() / 255:.2%} marked")
    return [shown(picture) for picture in (scan, marked, result)]


def shown(picture: Image.Image) -> Image.Image:
    """A picture reduced into a cell."""
    cell = Image.new("RGB", CELL, "white")
    picture.thumbnail(CELL, Image.Resampling.LANCZOS)
    cell.paste(picture, ((CELL[0] - picture.width) // 2, (CELL[1] - picture.height) // 2))
    return cell


def sheet(rows: list[list[Image.Image]], side_by_side: int = 1) -> Image.Image:
    """All rows on one picture, so many of them side by side."""
    lines = -(-len(rows) // side_by_side)
    step = CELL[0] + GAP_PX, CELL[1] + GAP_PX
    picture = Image.new("RGB", (step[0] * COLUMNS * side_by_side - GAP_PX, step[1] * lines - GAP_PX), "white")
    for number, cells in enumerate(rows):
        line, place = number % lines, number // lines
        for column, cell in enumerate(cells):
            picture.paste(cell, (step[0] * (place * COLUMNS + column), step[1] * line))
    return picture


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the return value is the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.sheet", description=__doc__)
    parser.add_argument("scans", type=Path, nargs="+", help="scans, or folders of them")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the picture to write")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="lower marks more (default: %(default)s)")
    parser.add_argument(
        "--side-by-side", type=int, default=1, help="rows in a line of the sheet (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    files = [file for path in options.scans for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    files = [file for file in files if file.suffix.lower() in SUFFIXES and not file.stem.endswith("-mask")]
    try:
        if not files:
            raise ValueError(f"{options.scans[0]} holds no picture; names must end in one of {', '.join(SUFFIXES)}")
        inpainter = Inpainter.from_pretrained()
        rows = [row(inpainter, file, options.threshold) for file in files]
        sheet(rows, options.side_by_side).save(options.output, quality=85)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
