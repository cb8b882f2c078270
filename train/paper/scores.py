"""The paper's test: held-out pictures of 128x128, three kinds of holes, and how near each method comes to the truth."""

import contextlib
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from inpaint.benchmark.baselines import FillPixels
from inpaint.hub.weights import load_generator
from inpaint.networks.tensors import composite, to_pixels, to_tensor
from train.config import DataConfig
from train.data.decoding import UnusableImageError
from train.data.order import START, StreamedImages
from train.evaluate.methods import Method
from train.evaluate.scores import measure
from train.evaluate.sheets import SheetRow
from train.masks.families import sample_mask
from train.metrics.pixels import detail

from .variants import HOLES

SIDE = 128
SHUFFLE = 5000  # rows that are shuffled: a validation split is often in order of its classes


class Candidate(NamedTuple):
    """A method, and the kinds of holes that it can fill."""

    method: Method
    holes: tuple[str, ...] = HOLES


class PaperScore(NamedTuple):
    """What one method reached on one picture with one hole.

    Attributes:
        method: its name.
        coverage: kind of the hole, one of HOLES.
        photo: number of the picture, from 0.
        psnr: over the hole, in dB; inf for a perfect fill.
        ssim: over the hole.
        l1: mean absolute error over the hole in percent of the range.
        l2: mean squared error over the hole in percent of the range squared.
        elp: perceptual distance; nan if not measured.
        detail: mean gradient magnitude of the fill, in percent of the range a pixel.
        true_detail: the same of the truth.
    """

    method: str
    coverage: str
    photo: int
    psnr: float
    ssim: float
    l1: float
    l2: float
    elp: float
    detail: float
    true_detail: float


def held_out_pictures(data: DataConfig, split: str, count: int, seed: int) -> Iterator[np.ndarray]:
    """Up to `count` pictures of a split, drawn by the seed: the central square of each, uint8 (128, 128, 3).

    Raises:
        ValueError: the split cannot be opened.
    """
    rows = StreamedImages(dataclasses.replace(data, split=split, shuffle_buffer=SHUFFLE), seed)
    for photo in itertools.islice(_decoded(rows), count):
        short = min(photo.size)
        left, top = (photo.width - short) // 2, (photo.height - short) // 2
        box = (left, top, left + short, top + short)
        yield np.asarray(photo.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box))


def _decoded(rows: StreamedImages) -> Iterator[Image.Image]:
    for _, cell in rows.read(START):
        with contextlib.suppress(UnusableImageError):
            yield rows.decode(cell)


def network(name: str, weights: str | Path) -> Candidate:
    """A trained Context Encoder as a method, run on the whole picture at once.

    Raises:
        WeightsError: there are no such weights.
    """
    generator = load_generator(weights).generator
    centre_only = getattr(generator.config, "region", None) == "center"
    return Candidate(Method(name, network_fill(generator)), HOLES[:1] if centre_only else HOLES)


def network_fill(generator: Any) -> FillPixels:
    """The composite of a generator's prediction, without the engine's crops."""

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
    shapes: Sequence[np.ndarray] | None,
    slow_pictures: int,
    with_elp: bool = True,
) -> Iterator[tuple[list[PaperScore], list[SheetRow]]]:
    """Score every candidate on every picture with a hole of each kind, picture by picture.

    Args:
        pictures: RGB uint8 (128, 128, 3).
        candidates: those whose method cannot run are passed over.
        seed: of the holes, which depend on it and the picture's number only.
        shapes: silhouettes for random regions; None: generated ones.
        slow_pictures: slow methods run on so many of the first pictures.
        with_elp: False leaves ELP out (nan).

    Yields:
        The scores of a picture, and a row for the figure for each kind of hole.
    """
    for number, pixels in enumerate(pictures):
        scores, rows = [], []
        for kind, hole in enumerate(HOLES):
            mask = sample_mask({hole: 1.0}, SIDE, SIDE, np.random.default_rng((seed, number, kind)), shapes)
            fills = {
                method.name: np.where(mask[:, :, None], method.fill(pixels, mask), pixels)
                for method, holes in candidates
                if method.fill and hole in holes and (not method.slow or number < slow_pictures)
            }
            scores += _scored(fills, hole, number, pixels, mask, with_elp)
            rows.append(SheetRow(hole, pixels, mask, fills))
        yield scores, rows


def _scored(
    fills: dict[str, np.ndarray], hole: str, number: int, pixels: np.ndarray, mask: np.ndarray, with_elp: bool
) -> list[PaperScore]:
    image, area = to_tensor(pixels), torch.from_numpy(mask.astype(np.float32))[None, None]
    truth = float(detail(image, area))
    sharpness = [float(detail(to_tensor(filled), area)) for filled in fills.values()]
    values = measure(list(fills.values()), pixels, mask, with_elp=with_elp)
    return [
        PaperScore(name, hole, number, *measured, sharp, truth)
        for name, measured, sharp in zip(fills, values, sharpness, strict=True)
    ]
