"""Scans with the damage network's logits at three sizes, made once and kept in files: what the fusion is trained on.

The network sees a scan for a hundred times as long as the fusion does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.segmentation.resize import box_downscale
from inpaint.segmentation.scales import LogitsOf, SmallPhoto, small_photo
from train.damage.degradation.overlays import Maps
from train.damage.overlay_scans import overlay_scans, reduced
from train.damage.stream import degraded_crop

MOST_SIDE = 512
"""Larger photos are reduced to this side where they are not cropped."""
SIDES = (256, 320, 352, 384, 416, 448)
"""Of crops that are degraded as the damage network is trained on, in pixels."""
ZOOM = 1.4
"""They are enlarged by up to this."""
PHOTO_SHARE, OVERLAY_SHARE = 0.2, 0.4
"""Shares of the scans that are undamaged photos as they are, and photos under opacity maps of one kind of damage. The
others are degraded crops."""
CLEAN_SHARE = 0.25
"""Share of the degraded crops that have no damage."""


class Scan(NamedTuple):
    """A scan, and what is damage in it.

    Attributes:
        pixels: RGB uint8 (H, W, 3).
        target: uint8 (H, W): 1 = damage, 0 = none, or `IGNORE_INDEX`.
    """

    pixels: np.ndarray
    target: np.ndarray


class Sample(NamedTuple):
    """A scan at three sizes, with their logits, and what is damage in it."""

    photo: SmallPhoto
    target: np.ndarray

    def mirrored(self, *, rows: bool, columns: bool) -> "Sample":
        """Return a mirror image along axes whose length is even, for which the copy of half the size is one too."""
        height, width = self.target.shape
        step = np.s_[:: -1 if rows and height % 2 == 0 else 1, :: -1 if columns and width % 2 == 0 else 1]
        photo = SmallPhoto(*(np.ascontiguousarray(values[step]) for values in self.photo))
        return Sample(photo, np.ascontiguousarray(self.target[step]))


def made_scan(
    photo: Image.Image, rng: np.random.Generator, maps: Mapping[str, Sequence[np.ndarray]] | None = None
) -> Scan:
    """Return a photo with or without damage.

    Args:
        photo: undamaged.
        rng: the only source of randomness.
        maps: kind of damage -> opacity maps; None: drawn damage only.
    """
    share = rng.random()
    if share < PHOTO_SHARE:
        pixels = np.asarray(reduced(photo, MOST_SIDE))
        return Scan(pixels, np.zeros(pixels.shape[:2], np.uint8))
    if maps and share < PHOTO_SHARE + OVERLAY_SHARE:
        kind = list(maps)[int(rng.integers(len(maps)))]
        seed = int(rng.integers(1 << 30))
        scan = next(iter(overlay_scans([reduced(photo, MOST_SIDE)], {kind: maps[kind]}, seed)))
        return Scan(scan.pixels, scan.damaged.astype(np.uint8))
    side = int(rng.choice(SIDES))
    return Scan(*degraded_crop(photo, side, ZOOM, rng, clean=CLEAN_SHARE, maps=Maps(maps) if maps else None))


def write_samples(folder: Path, scans: Iterable[Scan], logits_of: LogitsOf) -> Iterator[Path]:
    """Write a file for each scan, about 8 bytes per pixel, and yield its path.

    Args:
        folder: exists; files in it that are numbered alike are replaced.
        scans: see `made_scan`.
        logits_of: the damage network, for a picture of any size.
    """
    for number, scan in enumerate(scans):
        pixels = np.ascontiguousarray(scan.pixels)
        photo = small_photo(pixels, box_downscale(pixels, 0.5), logits_of)
        path = folder / f"{number:06d}.npz"
        logits = {name: getattr(photo, name).astype(np.float16) for name in ("of_double", "alone", "of_half")}
        np.savez(path, pixels=pixels, target=scan.target, **logits)
        yield path


def read_sample(path: Path) -> Sample:
    """Return the sample of a file that `write_samples` has written."""
    with np.load(path) as file:
        logits = (file[name].astype(np.float32) for name in ("of_double", "alone", "of_half"))
        return Sample(SmallPhoto(file["pixels"], *logits), file["target"])
