"""python -m train.damage.infrared: how well dust is found and removed by the infrared channel of made scans.

The scans are made of photos (`train.damage.made_scans`), so that their dust is known. `--photos` is a dataset; without
it the photos are synthetic.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.damage import DamageFinder
from inpaint.infrared.detect import UselessInfraredError, find_dust
from inpaint.infrared.divide import divide_out
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.photos.modes import to_rgb
from inpaint.photos.sixteen_bit import from_deep_array
from train.data.datasets import iter_photos

from .made_scans import MadeScan, ScanSettings, make_scan
from .scores import PixelCounts, count_pixels, sum_counts

SCANNERS = {
    "usual": ScanSettings(),
    "sharp infrared, more noise": ScanSettings(shift_px=(0, 0), blur_px=0.5, noise=0.01),
    "soft infrared, two pixels apart": ScanSettings(shift_px=(-1.5, 2.2), blur_px=1.8, noise=0.003),
    "much noise": ScanSettings(noise=0.02),
}
LEAST_SIDE, LARGEST = 600, (600, 900)
"""Smaller photos are left out; of larger ones, the upper left part of this height and width is used."""


class Results(NamedTuple):
    """What was measured on one scan.

    Attributes:
        counts: of the masks by the infrared channel, by the network, and by both together.
        errors: mean squared error over the damage, of 255 levels: of the scan, filled, and divided and filled.
    """

    counts: tuple[PixelCounts, PixelCounts, PixelCounts]
    errors: tuple[float, float, float]


def measure(scan: MadeScan, inpainter: Inpainter, finder: DamageFinder) -> Results:
    """Find and remove the dust of a scan."""
    photo = from_deep_array(scan.colour)
    dust = find_dust(photo, scan.infrared)
    exact = find_dust(photo, scan.infrared, grow_px=0).mask
    by_network = finder(to_rgb(photo), grow_px=0)
    filled = inpainter(photo, dust.mask)
    divided = from_deep_array(scan.colour)
    rest = divide_out(divided, dust, dust.mask)
    inpainter.fill_in_place(divided, rest)
    counts = [count_pixels(mask, scan.damaged) for mask in (exact, by_network, exact | by_network)]
    errors = [_error(image, scan) for image in (photo, filled, divided)]
    return Results((counts[0], counts[1], counts[2]), (errors[0], errors[1], errors[2]))


def recognised(photos: Sequence[np.ndarray], film: str) -> int:
    """Return on how many scans of photos on a film it is recognised that the infrared channel shows the picture."""
    count = 0
    for seed, photo in enumerate(photos):
        scan = make_scan(photo, seed, ScanSettings(film=film))
        try:
            find_dust(from_deep_array(scan.colour), scan.infrared)
        except UselessInfraredError:
            count += 1
    return count


def table(photos: Sequence[np.ndarray], inpainter: Inpainter, finder: DamageFinder) -> str:
    """Return the results of all scanners as a Markdown table."""
    rows = []
    for name, settings in SCANNERS.items():
        results = [measure(make_scan(photo, seed, settings), inpainter, finder) for seed, photo in enumerate(photos)]
        found = [sum_counts([result.counts[way] for result in results]).f1 for way in range(3)]
        psnr = [_psnr([result.errors[way] for result in results]) for way in range(3)]
        rows.append([name, *(f"{value:.3f}" for value in found), *(f"{value:.1f}" for value in psnr)])
    headings = [
        "scanner",
        "F1, infrared",
        "F1, network",
        "F1, both",
        "PSNR of the scan",
        "filled",
        "divided and filled",
    ]
    return markdown_table(headings, rows, "lrrrrrr")


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.infrared", description=__doc__)
    parser.add_argument("--photos", metavar="DATASET", help="photos to make scans of (default: synthetic ones)")
    parser.add_argument("--split", default="train", help="of the dataset (default: train)")
    parser.add_argument("--count", type=int, default=8, metavar="N", help="number of photos (default: 8)")
    options = parser.parse_args(argv)
    if options.photos:
        photos = _large(iter_photos(options.photos, options.split), options.count)
    else:
        photos = [synthetic_photo(LARGEST[1], LARGEST[0], seed) for seed in range(options.count)]
    print(f"{len(photos)} scans for each scanner; PSNR in dB over the damaged pixels.\n")
    print(table(photos, Inpainter.from_pretrained(), DamageFinder()))
    for film in ("silver", "kodachrome", "dye"):
        print(f"\n{film}: taken for the picture itself in {recognised(photos, film)} of {len(photos)} scans.", end="")
    print()
    return 0


def _large(photos: Iterable[Image.Image], count: int) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for photo in photos:
        if min(photo.size) >= LEAST_SIDE:
            found.append(np.asarray(photo)[: LARGEST[0], : LARGEST[1]])
        if len(found) == count:
            break
    return found


def _error(image: Image.Image, scan: MadeScan) -> float:
    return float(((to_rgb(image)[scan.damaged] - scan.clean[scan.damaged] / 257) ** 2).mean())


def _psnr(errors: Sequence[float]) -> float:
    return float(10 * np.log10(255**2 / max(float(np.mean(errors)), 1e-9)))


if __name__ == "__main__":
    sys.exit(main())
