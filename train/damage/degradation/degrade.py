"""A clean crop of a photo becomes that of an old print's scan, with what is to be marked in it."""

import io
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from inpaint.networks.pyramid import smooth_fill

from .areas import dust, fingerprint, foxing, loss, mirroring, missing, stain, tape, tear
from .distractors import add_border, add_distractors
from .layers import Mark
from .lines import cracks, craquelure, film_scratches, fold, hairs, scratches, scuffs
from .shapes import blob, blurred, fractal_noise, smooth_noise

IGNORED = 255
"""In a target: so faint that both answers are right."""
SEEN = 0.1
"""Damage is marked where it changes the photo by so much of its range, and counts as doubtful above half of that."""


MARKS: dict[Callable[[int, np.random.Generator], list[Mark]], float] = {
    scratches: 4.0, scuffs: 0.8, film_scratches: 1.0, hairs: 1.3, dust: 2.2, fold: 1.8, tear: 1.2, cracks: 1.2,
    craquelure: 0.3, loss: 1.9, stain: 1.1, foxing: 0.5, fingerprint: 0.06, tape: 0.12, missing: 0.5, mirroring: 0.04,
}  # fmt: skip
"""How often each kind of damage is drawn, relative to the others."""


class AgedCrop(NamedTuple):
    """A training sample.

    Attributes:
        image: uint8 (side, side, 3), the scan.
        target: uint8 (side, side): 1 = damage, 0 = none, IGNORED = doubtful.
    """

    image: np.ndarray
    target: np.ndarray


def age(crop: np.ndarray, rng: np.random.Generator, *, clean: float = 0.25) -> AgedCrop:
    """Ages a crop.

    Args:
        crop: uint8 (side, side, 3) of an undamaged photo.
        rng: the only source of randomness.
        clean: share of crops that get no damage, only what is to be left alone.
    """
    photo = crop.astype(np.float32) / 255
    if rng.random() < 0.25:
        photo = add_distractors(photo, rng)
    if rng.random() < 0.15:
        photo = clipped(photo, rng)
    if rng.random() < 0.35:
        photo = blurred(photo, rng.uniform(0.3, 1.8))
    if rng.random() < 0.08:
        photo = add_border(photo, rng)
    photo = fade(photo, rng)
    if rng.random() < 0.4:
        photo = photo + grain(len(photo), rng).astype(np.float32)
    if rng.random() < 0.15:
        photo = mended(photo, rng)
    noise = 0.003 * math.exp(rng.uniform(0, math.log(13))) if rng.random() < 0.45 else 0.0
    target = np.zeros(photo.shape[:2], np.uint8)
    soft = rng.uniform(0.3, 1.1) if rng.random() < 0.45 else 0.0
    if rng.random() >= clean:
        damaged, cover = damage(photo, rng)
        target = to_target(photo, damaged, cover, soft, noise)
        photo = damaged
    return AgedCrop(scan(photo, soft, noise, rng), target)


def damage(photo: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A photo with damage of one to several kinds, and the share of each pixel that damage covers.

    Args:
        photo: float32 (side, side, 3) in [0, 1].
        rng: the only source of randomness.

    Returns:
        The damaged photo, and float32 (side, side) in [0, 1].
    """
    side, weights = len(photo), np.array(list(MARKS.values()))
    cover, damaged = np.zeros((side, side), np.float32), photo
    for index in rng.choice(len(weights), int(rng.integers(1, 6)), p=weights / weights.sum()):
        for mark in list(MARKS)[index](side, rng):
            damaged = apply(damaged, mark)
            if not mark.shade:
                cover = np.maximum(cover, mark.alpha * np.float32(mark.counts))
    return damaged.astype(np.float32), cover


def apply(photo: np.ndarray, mark: Mark) -> np.ndarray:
    """One layer of damage on a photo, float (side, side, 3) in [0, 1]."""
    alpha, ink = mark.alpha.astype(np.float32)[..., None], mark.ink.astype(np.float32)
    return np.clip(photo + alpha * (ink if mark.adds else ink - photo), 0, 1)


def to_target(photo: np.ndarray, damaged: np.ndarray, cover: np.ndarray, soft: float, noise: float) -> np.ndarray:
    """What is to be marked: covered pixels whose look changes by more than is lost in the scan's blur and noise."""
    change = np.maximum.reduce(np.abs(damaged - photo).transpose(2, 0, 1))
    # beside what is seen of a mark, the rest of it is no doubtful case: a line goes on where it crosses its own colour
    nearby = around(change * cover) / np.maximum(around(cover), 1e-3)
    change, cover = np.maximum(blurred(change, max(soft, 0.5)), 0.7 * nearby), blurred(cover, soft)
    seen = SEEN + 1.2 * noise
    target = np.zeros(cover.shape, np.uint8)
    target[(cover > 0.06) & (change > 0.25 * seen)] = IGNORED
    target[(cover > 0.16) & (change > seen)] = 1
    return target


def around(values: np.ndarray) -> np.ndarray:
    """Means over some ten pixels around each pixel, (side, side), computed on a smaller copy."""
    small = Image.fromarray(values).reduce(4)
    smooth = Image.fromarray(blurred(np.asarray(small), 1.0))
    return np.asarray(smooth.resize(values.shape[::-1], Image.Resampling.BILINEAR))


def fade(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The tones of an old print: black and white, sepia, a colour cast, washed out, or as they were."""
    kind = rng.random()
    if kind < 0.5:
        grey = photo @ np.array(((0.3, 0.59, 0.11), (0.2, 0.75, 0.05), (0.05, 0.45, 0.5))[rng.integers(3)], np.float32)
        warm = rng.uniform(0, 0.3) if rng.random() < 0.5 else 0.0
        photo = grey[..., None] * np.array([1, 1 - 0.4 * warm, 1 - warm], np.float32)
    elif kind < 0.7:
        photo = photo * rng.uniform(0.75, 1, 3).astype(np.float32) + rng.uniform(0, 0.12, 3).astype(np.float32)
        grey = photo @ np.full((3, 1), 1 / 3, np.float32)
        photo = grey + (photo - grey) * rng.uniform(0.3, 1.1)
    if rng.random() < 0.5:
        low, high = rng.uniform(0, 0.25), rng.uniform(0.65, 1)
        photo = np.float32(low) + np.clip(photo, 0, 1) ** np.float32(rng.uniform(0.7, 1.5)) * np.float32(high - low)
    if rng.random() < 0.2:
        photo = photo * (1 + rng.uniform(0.02, 0.12) * smooth_noise(len(photo), rng.uniform(80, 300), rng)[..., None])
    return np.clip(photo, 0, 1).astype(np.float32)


def clipped(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo with blown-out lights or drowned shadows: plain areas that are no places where the print is gone."""
    grey = photo @ np.full(3, 1 / 3, np.float32)
    low, high = 0.0, 1.0
    if rng.random() < 0.5:
        high = max(float(np.quantile(grey, rng.uniform(0.35, 0.9))), 0.1)
    else:
        low = min(float(np.quantile(grey, rng.uniform(0.1, 0.65))), 0.9)
    return np.clip((photo - np.float32(low)) / np.float32(high - low), 0, 1)


def grain(side: int, rng: np.random.Generator) -> np.ndarray:
    """Film grain or the paper's texture, to be added: float32 (side, side, 1)."""
    if rng.random() < 0.6:
        noise = blurred(rng.standard_normal((side, side), np.float32), rng.uniform(0.4, 1.2))
        noise /= float(noise.std())
    else:
        noise = fractal_noise(side, rng.uniform(2, 12), rng, 3)
    return (noise * 0.006 * math.exp(rng.uniform(0, math.log(8))))[..., None]


def mended(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo with smooth fills where damage was: what an earlier restoration leaves is not to be found again."""
    side = len(photo)
    hole = blurred(scratches(side, rng)[0].alpha, 1.0) > 0.08
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 3))):
            hole |= blob(side, math.exp(rng.uniform(math.log(6), math.log(60))), rng, rough=0.3, soft_px=1) > 0.5
    known = torch.from_numpy(photo.transpose(2, 0, 1)[None]) * 2 - 1
    fill = smooth_fill(known, torch.from_numpy(hole[None, None].astype(np.float32)))
    filled = ((fill[0] + 1) / 2).numpy().transpose(1, 2, 0)
    detail = rng.uniform(0, 0.03) * fractal_noise(side, rng.uniform(2, 12), rng)
    return np.where(hole[..., None], np.clip(filled + detail[..., None], 0, 1), photo).astype(np.float32)


def scan(photo: np.ndarray, soft: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The scanner and the file: blur, sharpening, noise, JPEG. float (side, side, 3) in [0, 1] -> uint8."""
    photo = blurred(photo, soft)
    if rng.random() < 0.15:
        photo = photo + rng.uniform(0.3, 1.2) * (photo - blurred(photo, rng.uniform(0.6, 2)))
    if noise:
        depth = 1 if rng.random() < 0.6 else 3
        photo = photo + np.float32(noise) * rng.standard_normal((*photo.shape[:2], depth), np.float32)
    pixels = (np.clip(photo, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    if rng.random() < 0.55:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(45, 97)), subsampling=int(rng.integers(3)))
        pixels = np.asarray(Image.open(file))
    return pixels
