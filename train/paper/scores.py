"""The test of the comparison: held-out pictures of 128x128 with three kinds of holes, scored for each method."""

import contextlib
import dataclasses
import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from inpaint.benchmark.baselines import FillPixels
from inpaint.hub.weights import load_generator
from inpaint.networks.tensors import composite, to_pixels, to_tensor
from train.data.decoding import UnusableImageError
from train.data.order import START, StreamedImages
from train.data_config import DataConfig
from train.evaluate.methods import Method
from train.evaluate.scores import DISTANCES, measure, timed_fill
from train.evaluate.sheets import SheetRow
from train.masks.families import sample_mask
from train.metrics.pixels import mean_gradient

from .variants import HOLE_KINDS

SIDE = 128
SHUFFLE_BUFFER = 5000
"""Rows that are shuffled; many validation splits are sorted by class."""


class Candidate(NamedTuple):
    """A method, and the kinds of holes that it can fill."""

    method: Method
    hole_kinds: tuple[str, ...] = HOLE_KINDS


class PaperScore(NamedTuple):
    """The metrics of one method on one picture with one hole.

    Attributes:
        method: its name.
        coverage: kind of the hole, one of HOLE_KINDS.
        photo: number of the picture, from 0.
        psnr: over the hole, in dB; inf for a perfect fill.
        ssim: over the hole.
        l1: mean absolute error over the hole in percent of the range.
        l2: mean squared error over the hole in percent of the squared range.
        elp: perceptual distance by EfficientNet-Lite0; nan if not measured.
        elp2: perceptual distance by EfficientNet-Lite2; nan if not measured.
        detail: gradient magnitude relative to the surroundings; nan where it is not defined.
        seam: step across the edge of the hole relative to the surroundings; nan where it is not defined.
        gradient: mean gradient magnitude of the fill, in percent of the range per pixel.
        true_gradient: mean gradient magnitude of the ground truth in the hole.
    """

    method: str
    coverage: str
    photo: int
    psnr: float
    ssim: float
    l1: float
    l2: float
    elp: float
    elp2: float
    detail: float
    seam: float
    gradient: float
    true_gradient: float


def held_out_pictures(data: DataConfig, split: str, count: int, seed: int) -> Iterator[np.ndarray]:
    """Yield the central squares of up to `count` pictures of a split, scaled to RGB uint8 (128, 128, 3).

    Args:
        data: whose datasets are read.
        split: of these datasets.
        count: maximum number of pictures.
        seed: of the choice of pictures.

    Raises:
        ValueError: the split cannot be opened.
        StreamError: the split cannot be read.
    """
    rows = StreamedImages(dataclasses.replace(data, split=split, shuffle_buffer=SHUFFLE_BUFFER), seed)
    for photo in itertools.islice(_decoded(rows), count):
        short = min(photo.size)
        left, top = (photo.width - short) // 2, (photo.height - short) // 2
        box = (left, top, left + short, top + short)
        yield np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box))


def _decoded(rows: StreamedImages) -> Iterator[Image.Image]:
    for _, cell in rows.read(START):
        with contextlib.suppress(UnusableImageError):
            yield rows.decode(cell)


def network_candidate(name: str, weights: str | Path) -> Candidate:
    """Return a trained generator as a candidate that fills the whole picture in one pass.

    Args:
        name: in tables and figures.
        weights: a folder, or a Hub repository.

    Raises:
        WeightsError: the weights cannot be loaded.
    """
    generator = load_generator(weights).generator
    only_centre = getattr(generator.config, "region", None) == "center"
    return Candidate(Method(name, one_pass_fill(generator)), HOLE_KINDS[:1] if only_centre else HOLE_KINDS)


def one_pass_fill(generator: Any) -> FillPixels:
    """Return a fill by one pass of a generator over the whole picture, without the engine's crops."""

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        image, hole = to_tensor(pixels), torch.from_numpy(mask.astype(np.float32))[None, None]
        with torch.inference_mode():
            return to_pixels(composite(image, generator(image * (1 - hole), hole), hole))

    return fill


def score_pictures(
    pictures: Iterable[np.ndarray],
    candidates: Sequence[Candidate],
    *,
    seed: int,
    silhouettes: Sequence[np.ndarray] | None,
    slow_pictures: int,
    distances: Collection[str] = tuple(DISTANCES),
) -> Iterator[tuple[list[PaperScore], list[SheetRow]]]:
    """Score every candidate on every picture with each kind of hole, picture by picture.

    Args:
        pictures: RGB uint8 (128, 128, 3).
        candidates: those whose method cannot run are skipped.
        seed: of the holes; a hole depends on it and the number of the picture only.
        silhouettes: for random regions; None: generated ones.
        slow_pictures: number of pictures, the first ones, that slow methods run on.
        distances: as in `measure`.

    Yields:
        The scores of a picture, and one row for the figure per kind of hole.
    """
    for number, pixels in enumerate(pictures):
        scores, rows = [], []
        for kind, hole in enumerate(HOLE_KINDS):
            mask = sample_mask({hole: 1.0}, SIDE, SIDE, np.random.default_rng((seed, number, kind)), silhouettes)
            fills = {
                method.name: timed_fill(method, pixels, mask)[0]
                for method, hole_kinds in candidates
                if method.fill and hole in hole_kinds and (not method.slow or number < slow_pictures)
            }
            scores += _scores(fills, hole, number, pixels, mask, distances)
            rows.append(SheetRow(hole, pixels, mask, fills))
        yield scores, rows


def _scores(
    fills: dict[str, np.ndarray],
    hole: str,
    number: int,
    pixels: np.ndarray,
    mask: np.ndarray,
    distances: Collection[str],
) -> list[PaperScore]:
    image, area = to_tensor(pixels), torch.from_numpy(mask.astype(np.float32))[None, None]
    true_gradient = float(mean_gradient(image, area))
    gradients = [float(mean_gradient(to_tensor(filled), area)) for filled in fills.values()]
    values = measure(list(fills.values()), pixels, mask, distances=distances)
    return [
        PaperScore(name, hole, number, gradient=gradient, true_gradient=true_gradient, **measured)
        for name, measured, gradient in zip(fills, values, gradients, strict=True)
    ]
