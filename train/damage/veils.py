"""python -m train.damage.veils: lifting half-transparent damage off a picture against replacing it, in PSNR.

The damage is drawn dust (`made_scans`) and held-out opacity maps (`train.data.overlays`) laid over undamaged photos:
half-transparent ones, whose picture should come back, and the same ones opaque, which must be replaced.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.regions import dilate
from inpaint.engine.veils import lift_veils, veiled_in
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.os_errors import sentence_of
from train.damage.made_scans import make_scan
from train.data.datasets import iter_photos
from train.data.held_out import split_to_measure
from train.data.overlays import by_kind, load_overlays
from train.data.retry import StreamError

KINDS = {
    "stains": ("stain", "dots", "smut"),
    "specks and hairs": ("dirt", "hair", "hair-short", "lint", "spots", "sprinkles"),
}
DUST = "drawn dust, hairs, scratches"
OPACITIES = {"half-transparent": (0.25, 0.6), "opaque": (1.0, 1.0)}
COLORS = np.array([(0.45, 0.3, 0.14), (0.1, 0.1, 0.1), (0.95, 0.93, 0.85)])
VISIBLE, GRAIN = 0.06, 2.0
DILATION_PX = {"stains": 6, "specks and hairs": 2, DUST: 1}
"""How far the hole extends beyond what is visible, as a mask that was found does."""


class Result(NamedTuple):
    """PSNR over the hole, in dB, of the scan, its fill and the lifted picture; share of the hole that was lifted."""

    scan: float
    filled: float
    lifted: float
    share: float


def veil(
    photo: np.ndarray, opacity: np.ndarray, rng: np.random.Generator, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return a photo below an opacity map of a random colour, uint8 (H, W, 3), and where that is visible, (H, W)."""
    height, width = photo.shape[:2]
    alpha = np.asarray(Image.fromarray(opacity).resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
    color = COLORS[int(rng.integers(len(COLORS)))] * 255
    veiled = photo + (alpha * strength)[..., None] * (color - photo) + rng.normal(0, GRAIN, photo.shape)
    return np.clip(veiled, 0, 255).astype(np.uint8), alpha * strength > VISIBLE


def measure(inpainter: Inpainter, photo: np.ndarray, scan: np.ndarray, hole: np.ndarray) -> Result | None:
    """Restore a scan of a photo in both ways, and return the Result; None if the hole is empty or too large."""
    if not 0.0005 < hole.mean() < 0.6:
        return None
    image = Image.fromarray(scan)
    veiled = veiled_in(image, hole)
    filled = inpainter(image, hole)
    lifted = filled.copy()
    count = lift_veils(lifted, veiled) if veiled else 0
    scores = [_psnr(np.asarray(pixels), photo, hole) for pixels in (image, filled, lifted)]
    return Result(scores[0], scores[1], scores[2], count / int(hole.sum()))


def _psnr(pixels: np.ndarray, photo: np.ndarray, where: np.ndarray) -> float:
    difference = (pixels.astype(np.float64) - photo)[where] / 255
    return float(-10 * np.log10(max(np.mean(difference**2), 1e-10)))


def table(results: dict[str, list[Result]]) -> str:
    """Return means over the photos."""
    rows = []
    for name, of_name in results.items():
        scan, filled, lifted, share = np.mean(of_name, axis=0)
        rows.append([name, len(of_name), f"{share:.0%}", f"{scan:.1f}", f"{filled:.1f}", f"{lifted:.1f}"])
    return markdown_table(["damage", "photos", "lifted", "scan", "filled", "lifted, dB"], rows, "lrrrrr")


def scans(
    photo: np.ndarray, number: int, maps: dict[str, list[np.ndarray]]
) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the kind of the damage, the photo without it, the scan, and the hole."""
    for kind, of_kind in maps.items():
        for name, bounds in OPACITIES.items():
            rng = np.random.default_rng([0, number, *kind.encode()])
            opacity = of_kind[int(rng.integers(len(of_kind)))]
            scan, visible = veil(photo, opacity, rng, float(rng.uniform(*bounds)))
            yield f"{kind}, {name}", photo, scan, dilate(visible, DILATION_PX[kind])
    made = make_scan(photo, number)
    clean, scan = ((pixels >> 8).astype(np.uint8) for pixels in (made.clean, made.colour))
    yield DUST, clean, scan, dilate(made.damaged, DILATION_PX[DUST])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code: 0 done, 1 an error that was explained."""
    parser = argparse.ArgumentParser(prog="python -m train.damage.veils", description=__doc__)
    parser.add_argument("photos", help="dataset of undamaged photos: Hub id, folder of images or parquet file")
    parser.add_argument("--overlays", required=True, help="dataset of opacity maps of damage")
    parser.add_argument("--split", help="of the photos (default: validation, else test, else train)")
    parser.add_argument("--count", type=int, default=30, help="number of photos (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        kinds = by_kind(load_overlays(options.overlays, held_out=True))
        maps = {name: [one for kind in of_name for one in kinds.get(kind, ())] for name, of_name in KINDS.items()}
        for name, of_name in maps.items():
            if not of_name:
                raise ValueError(f"{options.overlays} has none of the kinds {', '.join(KINDS[name])}")
        split = split_to_measure(options.photos, options.split)
        inpainter = Inpainter.from_pretrained()
        results: dict[str, list[Result]] = {}
        for number, photo in enumerate(iter_photos(options.photos, split, options.count)):
            for name, clean, scan, hole in scans(np.asarray(photo.convert("RGB")), number, maps):
                found = measure(inpainter, clean, scan, hole)
                if found:
                    results.setdefault(name, []).append(found)
        print(table(results))
    except (ValueError, StreamError, OSError) as error:
        print(f"error: {sentence_of(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
