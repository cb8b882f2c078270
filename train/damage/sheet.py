"""python -m train.damage.sheet SCANS/ -o SHEET.jpg: a row per scan, with the scan, its marked damage, the result."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.damage_masks import THRESHOLD
from inpaint.inpainter import Inpainter
from inpaint.os_errors import sentence_of
from inpaint.photos.formats import SUFFIXES
from inpaint.photos.modes import to_rgb
from inpaint.photos.opening import open_photo
from train.sheets import picture_sheet

CELL_PX = 420, 320
"""Width and height of a cell of the sheet."""
MARKED = (255, 40, 40)


def restore_scan(inpainter: Inpainter, path: Path, threshold: float) -> list[Image.Image]:
    """Return a scan, the scan with its marked pixels in red, and the restoration, as RGB images.

    Args:
        inpainter: marks and restores.
        path: of the scan.
        threshold: as for `Inpainter.find_damage`.

    Raises:
        PhotoError: the file cannot be read.
    """
    photo = open_photo(path)
    mask = inpainter.find_damage(photo, threshold=threshold)
    scan, result = (Image.fromarray(to_rgb(image)) for image in (photo, inpainter(photo, mask, max_share=1)))
    marked = scan.copy()
    marked.paste(MARKED, (0, 0), mask)
    print(f"{path.name}: {np.asarray(mask).mean() / 255:.2%} marked")
    return [scan, marked, result]


def side_by_side(rows: Sequence[list[Image.Image]], count: int) -> list[list[Image.Image]]:
    """Arrange rows in `count` blocks beside each other: with two, the second half continues the first half's rows."""
    lines = -(-len(rows) // count)
    return [[picture for row in rows[line::lines] for picture in row] for line in range(lines)]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.sheet", description=__doc__)
    parser.add_argument("scans", type=Path, nargs="+", help="scans, or folders of them")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the image to write")
    parser.add_argument("--threshold", type=float, default=THRESHOLD, help="lower marks more (default: %(default)s)")
    parser.add_argument(
        "--side-by-side", type=int, default=1, help="scans per line of the sheet (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    files = [file for path in options.scans for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    files = [file for file in files if file.suffix.lower() in SUFFIXES and not file.stem.endswith("-mask")]
    try:
        if not files:
            raise ValueError(f"{options.scans[0]} holds no photo; names must end in one of {', '.join(SUFFIXES)}")
        inpainter = Inpainter.from_pretrained()
        rows = [restore_scan(inpainter, file, options.threshold) for file in files]
        picture_sheet(side_by_side(rows, options.side_by_side), cell=CELL_PX, frame=False).save(
            options.output, quality=85
        )
    except (ValueError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
