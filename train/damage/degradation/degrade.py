"""The degradation model: an undamaged crop becomes a scan of a damaged print, with the target of the segmentation.

In the order of its steps: distractors (structure that only resembles damage), tones and grain of an old print, earlier
repairs, damage, and the scanner's blur, noise and JPEG.
"""

import io
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from inpaint.networks.pyramid import initial_fill

from .areas import dust, fingerprint, foxing, loss, mirroring, missing, stain, tape, tear
from .distractors import add_border, add_distractors
from .layers import Layer
from .lines import cracks, craquelure, film_scratches, fold, hairs, scratches, scuffs
from .overlays import Maps, overlays
from .shapes import blob, fractal_noise, gaussian_blur, smooth_noise

IGNORE_INDEX = 255
"""Label of pixels whose damage is too faint to be labelled; the loss leaves them out."""
VISIBLE_CHANGE, HIDDEN_BY_TEXTURE = 0.06, 0.45
"""Smallest change of a pixel, as a share of the range, that is labelled damage. Noise raises it, and so does this
multiple of the photo's own detail around: a network that has to guess at dust in gravel sees it in clean gravel too.
From a quarter of it, the pixel is ignored."""


DAMAGE_WEIGHTS: dict[Callable[[int, np.random.Generator], list[Layer]], float] = {
    scratches: 4.0, scuffs: 0.8, film_scratches: 1.0, hairs: 1.3, dust: 2.2, fold: 1.8, tear: 1.2, cracks: 1.2,
    craquelure: 0.3, loss: 1.9, stain: 1.1, foxing: 0.5, fingerprint: 0.06, tape: 0.12, missing: 0.5, mirroring: 0.04,
}  # fmt: skip
"""Kind of damage -> sampling weight."""
OVERLAY_SHARE, ONLY_OVERLAY_SHARE = 0.75, 0.6
"""Share of the damaged crops that get opacity maps, if there are any; and the share of these that get nothing else."""


class DegradedCrop(NamedTuple):
    """A training sample.

    Attributes:
        image: uint8 (side, side, 3), the scan.
        target: uint8 (side, side): 1 = damage, 0 = none, IGNORE_INDEX = too faint to be labelled.
    """

    image: np.ndarray
    target: np.ndarray


def degrade(
    crop: np.ndarray, rng: np.random.Generator, *, clean_share: float = 0.25, maps: Maps | None = None
) -> DegradedCrop:
    """Turn a crop into a scan of an old print, with random damage. The same rng state gives the same sample.

    Args:
        crop: uint8 (side, side, 3) of an undamaged photo.
        rng: the only source of randomness.
        clean_share: probability that the crop gets no damage.
        maps: opacity maps of damage; None: only drawn damage.
    """
    photo = crop.astype(np.float32) / 255
    if rng.random() < 0.25:
        photo = add_distractors(photo, rng)
    if rng.random() < 0.15:
        photo = clip_tones(photo, rng)
    if rng.random() < 0.35:
        photo = gaussian_blur(photo, rng.uniform(0.3, 1.8))
    if rng.random() < 0.08:
        photo = add_border(photo, rng)
    photo = fade_tones(photo, rng)
    if rng.random() < 0.4:
        photo = photo + film_grain(len(photo), rng).astype(np.float32)
    if rng.random() < 0.15:
        photo = repaired(photo, rng)
    noise = 0.003 * math.exp(rng.uniform(0, math.log(13))) if rng.random() < 0.45 else 0.0
    target = np.zeros(photo.shape[:2], np.uint8)
    blur_px = rng.uniform(0.3, 1.1) if rng.random() < 0.45 else 0.0
    if rng.random() >= clean_share:
        damaged, coverage = add_damage(photo, rng, maps)
        target = make_target(photo, damaged, coverage, blur_px, noise)
        photo = damaged
    return DegradedCrop(simulate_scan(photo, blur_px, noise, rng), target)


def add_damage(photo: np.ndarray, rng: np.random.Generator, maps: Maps | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Composite opacity maps of damage, or one to five random kinds of drawn damage, or both onto a photo.

    Args:
        photo: float32 (side, side, 3) in [0, 1].
        rng: the only source of randomness.
        maps: as for `degrade`.

    Returns:
        The damaged photo, and the coverage: float32 (side, side) in [0, 1], the largest alpha of
        all layers but shading, each times its `label_weight`.
    """
    side = len(photo)
    layers = overlays(side, rng, maps) if maps and rng.random() < OVERLAY_SHARE else []
    if not layers or rng.random() >= ONLY_OVERLAY_SHARE:
        layers = drawn_damage(side, rng) + layers
    coverage, damaged = np.zeros((side, side), np.float32), photo
    for layer in layers:
        damaged = composite(damaged, layer)
        if not layer.shading:
            coverage = np.maximum(coverage, layer.alpha * np.float32(layer.label_weight))
    return damaged.astype(np.float32), coverage


def drawn_damage(side: int, rng: np.random.Generator) -> list[Layer]:
    """Draw one to five random kinds of damage, as layers from back to front."""
    weights = np.array(list(DAMAGE_WEIGHTS.values()))
    chosen = rng.choice(len(weights), int(rng.integers(1, 6)), p=weights / weights.sum())
    return [layer for index in chosen for layer in list(DAMAGE_WEIGHTS)[index](side, rng)]


def composite(photo: np.ndarray, layer: Layer) -> np.ndarray:
    """Alpha-composite or add a layer onto a photo, float (side, side, 3) in [0, 1]."""
    alpha, color = layer.alpha.astype(np.float32)[..., None], layer.color.astype(np.float32)
    return np.clip(photo + alpha * (color if layer.additive else color - photo), 0, 1)


def make_target(
    photo: np.ndarray, damaged: np.ndarray, coverage: np.ndarray, blur_px: float, noise: float
) -> np.ndarray:
    """Label covered pixels by how much they change: damage, too faint to be labelled, or none.

    A pixel whose covered surroundings change has 0.7 times their mean change at least: a line is labelled also where it
    crosses its own colour.

    Args:
        photo: float (side, side, 3) in [0, 1] before the damage.
        damaged: the same after it.
        coverage: float32 (side, side) in [0, 1], as `add_damage` returns it.
        blur_px: standard deviation of the scan's blur in pixels.
        noise: standard deviation of the scan's noise as a share of the range; it raises the threshold.

    Returns:
        uint8 (side, side): 1, IGNORE_INDEX or 0.
    """
    change = np.maximum.reduce(np.abs(damaged - photo).transpose(2, 0, 1))
    nearby = local_mean(change * coverage) / np.maximum(local_mean(coverage), 1e-3)
    change = np.maximum(gaussian_blur(change, max(blur_px, 0.5)), 0.7 * nearby)
    coverage = gaussian_blur(coverage, blur_px)
    threshold = VISIBLE_CHANGE + 1.2 * noise + HIDDEN_BY_TEXTURE * local_detail(photo)
    target = np.zeros(coverage.shape, np.uint8)
    target[(coverage > 0.06) & (change > 0.25 * threshold)] = IGNORE_INDEX
    target[(coverage > 0.16) & (change > threshold)] = 1
    return target


def local_detail(photo: np.ndarray) -> np.ndarray:
    """Return the mean difference of a photo's pixels from their surroundings: float (side, side), a share of the range.

    It is about the standard deviation of a texture, and half of the height of a single edge beside that.
    """
    grey = photo.mean(axis=2, dtype=np.float32)
    return 1.25 * local_mean(np.abs(grey - gaussian_blur(grey, 2.0)))


def local_mean(values: np.ndarray) -> np.ndarray:
    """Return Gaussian-weighted means over about ten pixels, (side, side), computed at a quarter of the resolution."""
    small = Image.fromarray(values).reduce(4)
    smooth = Image.fromarray(gaussian_blur(np.asarray(small), 1.0))
    return np.asarray(smooth.resize(values.shape[::-1], Image.Resampling.BILINEAR))


def fade_tones(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give a photo the tones of an old print: greyscale, sepia, a colour cast, low contrast, or unchanged."""
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


def clip_tones(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Clip the highlights or the shadows, so that uniform areas also occur where the print is intact."""
    grey = photo @ np.full(3, 1 / 3, np.float32)
    low, high = 0.0, 1.0
    if rng.random() < 0.5:
        high = max(float(np.quantile(grey, rng.uniform(0.35, 0.9))), 0.1)
    else:
        low = min(float(np.quantile(grey, rng.uniform(0.1, 0.65))), 0.9)
    return np.clip((photo - np.float32(low)) / np.float32(high - low), 0, 1)


def film_grain(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return additive film grain or paper texture: float32 (side, side, 1)."""
    if rng.random() < 0.6:
        noise = gaussian_blur(rng.standard_normal((side, side), np.float32), rng.uniform(0.4, 1.2))
        noise /= float(noise.std())
    else:
        noise = fractal_noise(side, rng.uniform(2, 12), rng, 3)
    return (noise * 0.006 * math.exp(rng.uniform(0, math.log(8))))[..., None]


def repaired(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Fill random holes smoothly, as in an earlier restoration: repairs must not be detected as damage."""
    side = len(photo)
    hole = gaussian_blur(scratches(side, rng)[0].alpha, 1.0) > 0.08
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 3))):
            hole |= blob(side, math.exp(rng.uniform(math.log(6), math.log(60))), rng, roughness=0.3, edge_px=1) > 0.5
    known = torch.from_numpy(photo.transpose(2, 0, 1)[None]) * 2 - 1
    fill = initial_fill(known, torch.from_numpy(hole[None, None].astype(np.float32)))
    filled = ((fill[0] + 1) / 2).numpy().transpose(1, 2, 0)
    detail = rng.uniform(0, 0.03) * fractal_noise(side, rng.uniform(2, 12), rng)
    return np.where(hole[..., None], np.clip(filled + detail[..., None], 0, 1), photo).astype(np.float32)


def simulate_scan(photo: np.ndarray, blur_px: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Apply the scanner's blur, sharpening and noise, and JPEG compression.

    Args:
        photo: float (side, side, 3) in [0, 1].
        blur_px: standard deviation of the blur in pixels.
        noise: standard deviation of the noise as a share of the range; 0 for none.
        rng: the only source of randomness.

    Returns:
        uint8 (side, side, 3).
    """
    photo = gaussian_blur(photo, blur_px)
    if rng.random() < 0.15:
        photo = photo + rng.uniform(0.3, 1.2) * (photo - gaussian_blur(photo, rng.uniform(0.6, 2)))
    if noise:
        channels = 1 if rng.random() < 0.6 else 3
        photo = photo + np.float32(noise) * rng.standard_normal((*photo.shape[:2], channels), np.float32)
    pixels = (np.clip(photo, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    if rng.random() < 0.55:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=int(rng.integers(45, 97)), subsampling=int(rng.integers(3)))
        pixels = np.asarray(Image.open(file))
    return pixels
