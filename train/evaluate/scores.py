"""Score fills over their holes: every method on every photo with three kinds of holes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from inpaint.benchmark.baselines import mean_fill
from inpaint.networks.tensors import to_tensor
from train.data.datasets import iter_photos
from train.masks import families
from train.metrics.efficientnet import LITE0, LITE2
from train.metrics.no_reference import detail, seam
from train.metrics.perceptual import elp, shared_features
from train.metrics.pixels import masked_psnr, masked_ssim, mean_l1, mean_l2

from .methods import Method
from .results import Score
from .sheets import SheetRow

COVERAGES: dict[str, families.MaskFamily] = {
    "scratches": families.scratches,
    "strokes": families.free_form_strokes,
    "large": families.large_holes,
}
"""Kind of hole -> the mask family that draws it."""
PIXEL_METRICS = {
    "psnr": masked_psnr,
    "ssim": masked_ssim,
    "l1": mean_l1,
    "l2": mean_l2,
    "detail": detail,
    "seam": seam,
}
"""Field of `Score` -> its metric of prediction, image and mask."""
DISTANCES = {"elp": LITE0, "elp2": LITE2}
"""Field of `Score` -> the network whose features give this perceptual distance. These are the slowest metrics."""


def evaluate(
    photos: Iterable[np.ndarray],
    methods: Sequence[Method],
    *,
    seed: int = 0,
    slow_images: int = 6,
    sheet_images: int = 0,
    distances: Collection[str] = tuple(DISTANCES),
) -> Iterator[tuple[list[Score], list[SheetRow]]]:
    """Score every method on every photo with each kind of hole, photo by photo.

    Args:
        photos: RGB uint8 (H, W, 3), taken one at a time.
        methods: those without a fill are skipped.
        seed: of the masks; the masks of a photo depend on the seed, its number and its size only.
        slow_images: number of photos, the first ones, that slow methods run on.
        sheet_images: number of photos, the first ones, whose pictures are kept.
        distances: as in `measure`.

    Yields:
        The scores of a photo, and its rows for the picture sheet (none after the first `sheet_images` photos).
    """
    for number, pixels in enumerate(photos):
        height, width = pixels.shape[:2]
        running = [m for m in methods if m.fill is not None and (not m.slow or number < slow_images)]
        scores: list[Score] = []
        rows: list[SheetRow] = []
        for kind, (coverage, draw) in enumerate(COVERAGES.items()):
            mask = draw(height, width, np.random.default_rng((seed, number, kind)))
            timed = {method.name: timed_fill(method, pixels, mask) for method in running}
            fills = {name: filled for name, (filled, _) in timed.items()}
            measured = measure(list(fills.values()), pixels, mask, distances=distances)
            for (name, (_, seconds)), values in zip(timed.items(), measured, strict=True):
                scores.append(Score(name, coverage, number, seconds=seconds, **values))
            if number < sheet_images:
                rows.append(SheetRow(f"{coverage}\n{mask.mean():.0%}", pixels, mask, fills))
        yield scores, rows


def measure(
    fills: Sequence[np.ndarray],
    pixels: np.ndarray,
    mask: np.ndarray,
    *,
    distances: Collection[str] = tuple(DISTANCES),
) -> list[dict[str, float]]:
    """Measure fills over the hole.

    Args:
        fills: RGB uint8 (H, W, 3) each.
        pixels: RGB uint8 (H, W, 3), the ground truth.
        mask: bool (H, W), True = hole.
        distances: those of DISTANCES that are measured; the others are nan.

    Returns:
        The metrics of each fill under the names and in the units of `Score`.
    """
    image = to_tensor(pixels)
    hole = torch.from_numpy(mask.astype(np.float32))[None, None]
    results: list[dict[str, float]] = []
    for start in range(0, len(fills), 4):  # the features of the ground truth are computed once per group
        prediction = torch.cat([to_tensor(filled) for filled in fills[start : start + 4]])
        values = {field: metric(prediction, image, hole).tolist() for field, metric in PIXEL_METRICS.items()}
        for field, variant in DISTANCES.items():
            features = shared_features(image.device, variant) if field in distances else None
            values[field] = (
                elp(prediction, image, hole, features).tolist() if features else [math.nan] * len(prediction)
            )
        results += [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    return results


def timed_fill(method: Method, pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """Fill a hole and return the composite and the wall time in seconds.

    Args:
        method: that can run. In the hole it sees the mean colour of the known pixels: some methods read what lies
            there, and would be told a little of the ground truth.
        pixels: RGB uint8 (H, W, 3); not modified.
        mask: bool (H, W), True = hole.
    """
    assert method.fill is not None
    seen = mean_fill(pixels, mask)
    started = time.perf_counter()
    filled = method.fill(seen, mask)
    seconds = time.perf_counter() - started
    return np.where(mask[:, :, None], filled, pixels), seconds


def read_photos(data: str, split: str, images: int, max_side: int) -> Iterator[np.ndarray]:
    """Yield up to `images` photos as RGB uint8 (H, W, 3), shrunk to a long side of at most `max_side` pixels.

    Args:
        data: a folder of pictures, a .parquet file, or a Hub dataset id.
        split: of the dataset.
        images: maximum number of photos.
        max_side: in pixels.

    Raises:
        ValueError: the dataset cannot be opened.
        StreamError: the dataset cannot be read.
    """
    for photo in iter_photos(data, split, images):
        photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        yield np.array(photo)


def available_distances() -> list[str]:
    """Return those of DISTANCES whose network is installed; print to stderr how to install the others."""
    available = []
    for field, variant in DISTANCES.items():
        try:
            shared_features(torch.device("cpu"), variant)
            available.append(field)
        except ModuleNotFoundError as error:
            print(f"{field.upper()} is not measured: {error}", file=sys.stderr)
    return available
