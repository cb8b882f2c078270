"""Score fills over their holes: every method on every photo at three kinds of holes."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from inpaint.networks.tensors import to_tensor
from train.data.datasets import iter_photos
from train.evaluate.methods import Method
from train.masks import families
from train.metrics.perceptual import elp, shared_features
from train.metrics.pixels import masked_psnr, masked_ssim, mean_l1, mean_l2

from .report import Score
from .sheets import SheetRow

COVERAGES: dict[str, families.MaskFamily] = {
    "scratches": families.scratches,
    "strokes": families.free_form_strokes,
    "large": families.large_holes,
}


TITLES = {
    "scratches": "Scratches, {:.0%} to {:.0%} of the picture".format(*families.SCRATCHES_COVERAGE),
    "strokes": "Strokes, {:.0%} to {:.0%}".format(*families.STROKES_COVERAGE),
    "large": "Large holes, {:.0%} to {:.0%}".format(*families.LARGE_COVERAGE),
}


def evaluate(
    photos: Iterable[np.ndarray],
    methods: Sequence[Method],
    *,
    seed: int = 0,
    slow_images: int = 6,
    sheet_images: int = 0,
    with_elp: bool = True,
) -> Iterator[tuple[list[Score], list[SheetRow]]]:
    """Score every method on every photo at the three coverages, photo by photo.

    Args:
        photos: RGB uint8 (H, W, 3), taken one at a time.
        methods: those without a fill are passed over.
        seed: of the masks; a photo's masks depend on the seed, its number and its size only.
        slow_images: slow methods run on so many of the first photos.
        sheet_images: keep the pictures of so many of the first photos.
        with_elp: False leaves ELP out (nan).

    Yields:
        The scores of a photo, and its rows for the picture sheet (none behind the first `sheet_images`).
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
            measured = measure(list(fills.values()), pixels, mask, with_elp=with_elp)
            for (name, (_, seconds)), values in zip(timed.items(), measured, strict=True):
                scores.append(Score(name, coverage, number, *values, seconds))
            if number < sheet_images:
                rows.append(SheetRow(f"{coverage}\n{mask.mean():.0%}", pixels, mask, fills))
        yield scores, rows


def measure(
    fills: Sequence[np.ndarray], pixels: np.ndarray, mask: np.ndarray, *, with_elp: bool = True
) -> list[tuple[float, float, float, float, float]]:
    """The quality of each fill over the hole: PSNR, SSIM, L1, L2 and ELP (nan if left out), as in Score.

    Args:
        fills: RGB uint8 (H, W, 3) each.
        pixels: RGB uint8 (H, W, 3), the truth.
        mask: bool (H, W), True = hole.
        with_elp: whether to compute ELP, the slowest of them.
    """
    image = to_tensor(pixels)
    hole = torch.from_numpy(mask.astype(np.float32))[None, None]
    results: list[tuple[float, float, float, float, float]] = []
    for start in range(0, len(fills), 4):  # a few at once: the truth's features are computed once for them
        prediction = torch.cat([to_tensor(filled) for filled in fills[start : start + 4]])
        distance = elp(prediction, image, hole).tolist() if with_elp else [math.nan] * len(prediction)
        similar = [metric(prediction, image, hole).tolist() for metric in (masked_psnr, masked_ssim, mean_l1, mean_l2)]
        results += zip(*similar, distance, strict=True)
    return results


def timed_fill(method: Method, pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, float]:
    """The composite of a method's fill, and the seconds it took."""
    assert method.fill is not None
    started = time.perf_counter()
    filled = method.fill(pixels, mask)
    seconds = time.perf_counter() - started
    return np.where(mask[:, :, None], filled, pixels), seconds


def read_photos(data: str, split: str, images: int, max_side: int) -> Iterator[np.ndarray]:
    """Up to `images` photos as uint8 (H, W, 3), shrunk where the long side exceeds `max_side` pixels."""
    for photo in iter_photos(data, split, images):
        photo.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
        yield np.array(photo)


def as_json(score: Score) -> dict[str, str | int | float | None]:
    """The score as JSON can hold it: null for inf and nan."""
    values = score._asdict()
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}


def elp_ready() -> bool:
    """Whether the feature network is installed; says on stderr how to install it if not."""
    try:
        shared_features(torch.device("cpu"))
        return True
    except ModuleNotFoundError as error:
        print(f"ELP is left out: {error}", file=sys.stderr)
        return False


NO_DATA = """give --data: a folder of pictures, a .parquet file, or a Hub dataset id (OWNER/NAME).
Take photos that the weights were not trained on."""
