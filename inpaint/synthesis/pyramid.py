"""The levels on which patches are searched: colours, texture and the guide at each power of two of the scale."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.compiled.parallel import parallel

from . import kernels, picture_kernels
from .settings import Settings


class Level(NamedTuple):
    """The picture at one scale.

    Attributes:
        factor: side of a pixel in photo pixels, a power of two.
        features: float32 (h, w, CHANNELS): RGB in [0, 1], with the present fill in the hole, then the weighted energy
            of the texture.
        hole: bool (h, w), pixels that are filled.
        usable: bool (h, w), pixels that may be copied.
        guide: float32 (ceil(h / 2**shift), ceil(w / 2**shift), 8): RGB of the picture with the network's fill blurred
            a little, then blurred much, then the position, unweighted.
        shift: 1 if the guide has half the resolution, else 0.
    """

    factor: int
    features: np.ndarray
    hole: np.ndarray
    usable: np.ndarray
    guide: np.ndarray
    shift: int


class _Scale(NamedTuple):
    """What is halved from level to level, float32.

    Attributes:
        known: (h, w, 3), mean colour of the known pixels in [0, 1].
        share: (h, w), share of known pixels.
        filled: (h, w, 3), colours with the network's fill.
        usable: (h, w, 1), share of pixels that may be copied.
        energy: (h, w, 2), energy of the texture.
        energy_weight: (h, w), share of the pixels that it is known of.
    """

    known: np.ndarray
    share: np.ndarray
    filled: np.ndarray
    usable: np.ndarray
    energy: np.ndarray
    energy_weight: np.ndarray


def build_levels(
    picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, finest: int, coarsest: int, settings: Settings
) -> list[Level]:
    """Return the levels of a picture, the finest first.

    Args:
        picture: uint8 (H, W, 3), with the network's fill in the hole.
        hole: bool (H, W), what is to be filled.
        usable: bool (H, W), pixels that may be copied; False in the hole.
        finest: number of the finest level; level 0 is the picture itself.
        coarsest: number of the coarsest level.
        settings: weights and blurs.
    """
    factor = 1 << finest
    known, share = shrunk(picture, ~hole, factor)
    filled, _ = shrunk(picture, np.ones_like(hole), factor)
    may_copy = shrunk_share(usable, factor)
    clear = ~(hole | ndimage.binary_dilation(hole))
    finer_energy = _of_blocks(picture_kernels.gradient_energy, 2, picture, clear, 2 * factor)
    first = _Scale(known, share, filled, may_copy[..., None], *finer_energy)
    scales = [first, _halved_scale(first, finer_energy)]
    for _ in range(finest, coarsest):
        energy = halved(scales[-1].energy, scales[-1].energy_weight)
        scales.append(_halved_scale(scales[-1], energy))
    return [_level(number, finest, scales, settings) for number in range(coarsest - finest + 1)]


def diffused(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return values with those of weight 0 interpolated from the others, by a pyramid (push-pull).

    Args:
        values: float32 (h, w, c); not modified.
        weight: float32 (h, w).
    """
    if (weight > 0).all() or max(weight.shape) < 2:
        return values
    coarse, coarse_weight = halved(values, weight)
    height, width = weight.shape
    coarse = upsampled(diffused(coarse, coarse_weight))[:height, :width]
    return np.where(weight[..., None] > 0, values, coarse)


def upsampled(values: np.ndarray) -> np.ndarray:
    """Return an array (h, w, c) at twice the resolution, interpolated linearly."""
    for axis in (0, 1):
        length = values.shape[axis]
        places = np.arange(2 * length)
        nearest, beside = places // 2, np.clip(places // 2 + np.where(places % 2, 1, -1), 0, length - 1)
        values = np.float32(0.75) * values.take(nearest, axis) + np.float32(0.25) * values.take(beside, axis)
    return values


def halved(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted means of 2 x 2 pixels (ceil(h / 2), ceil(w / 2), c), and their mean weights."""
    height, width = ((side + 1) // 2 for side in weight.shape)
    out, out_weight = np.empty((height, width, values.shape[2]), np.float32), np.empty((height, width), np.float32)
    parallel(picture_kernels.halve, height, values, weight, out, out_weight, least=64)
    return out, out_weight


def shrunk_share(mask: np.ndarray, factor: int) -> np.ndarray:
    """Return the share of set pixels in blocks of a mask, float32 (ceil(H / factor), ceil(W / factor))."""
    if factor == 1:
        return mask.astype(np.float32)
    padded = np.pad(mask, [(0, -side % factor) for side in mask.shape], mode="edge")
    rows = padded.reshape(padded.shape[0] // factor, factor, -1).sum(1, dtype=np.uint16)
    return rows.reshape(len(rows), -1, factor).sum(2).astype(np.float32) / np.float32(factor**2)


def shrunk(picture: np.ndarray, known: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean colours of the known pixels in blocks, float32 (h, w, 3) in [0, 1], and their share (h, w)."""
    return _of_blocks(picture_kernels.shrink, 3, picture, known, factor)


def _of_blocks(
    kernel: Callable[..., None], channels: int, picture: np.ndarray, known: np.ndarray, factor: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what a kernel writes for blocks of a picture: float32 (h, w, channels), and a weight (h, w)."""
    height, width = (-(-side // factor) for side in known.shape)
    out, out_weight = np.empty((height, width, channels), np.float32), np.empty((height, width), np.float32)
    parallel(kernel, height, picture, known, factor, out, out_weight, least=64)
    return out, out_weight


def _halved_scale(scale: _Scale, energy: tuple[np.ndarray, np.ndarray]) -> _Scale:
    everything = np.ones_like(scale.share)
    known, share = halved(scale.known, scale.share)
    return _Scale(known, share, halved(scale.filled, everything)[0], halved(scale.usable, everything)[0], *energy)


def _level(number: int, finest: int, scales: list[_Scale], settings: Settings) -> Level:
    """Return a level, given the scales from the finest level to the one beyond the coarsest."""
    scale, shift = scales[number], int(number == 0)
    hole = scale.share < 0.5
    features = np.empty((*hole.shape, kernels.CHANNELS), np.float32)
    features[..., :3] = np.where(hole[..., None], scale.filled, scale.known)
    texture = _texture(scales[number + shift])
    if shift:
        texture = upsampled(texture)[: hole.shape[0], : hole.shape[1]]
    features[..., 3:] = np.sqrt(np.float32(settings.texture)) * texture
    guide = _guide(number + shift, finest, scales, settings)
    return Level(1 << (finest + number), features, hole, scale.usable[..., 0] > 0.999, guide, shift)


def _texture(scale: _Scale) -> np.ndarray:
    """Return the energy of the texture, averaged over 3 x 3 pixels, and in the hole that of the surroundings."""
    weight = ndimage.uniform_filter(scale.energy_weight, 3)
    total = ndimage.uniform_filter(scale.energy * scale.energy_weight[..., None], (3, 3, 1))
    mean = total / np.maximum(weight, 1e-6)[..., None]
    return diffused(mean, ((weight > 0.25) & (scale.share >= 0.5)).astype(np.float32))


def _guide(number: int, finest: int, scales: list[_Scale], settings: Settings) -> np.ndarray:
    """Return the guide at a scale: two blurs of the filled picture, colour differences stretched, and the position."""
    filled = scales[number].filled
    factor = 1 << (finest + number)
    fine = _blurred(filled, settings.guide_sigma_px[0] / factor)
    source = number
    while source + 1 < len(scales) and settings.guide_sigma_px[1] / (1 << (finest + source)) > 3:
        source += 1  # a wide blur is computed at a coarser scale
    coarse = _blurred(scales[source].filled, settings.guide_sigma_px[1] / (1 << (finest + source)))
    for finer in reversed(range(number, source)):
        coarse = upsampled(coarse)[: scales[finer].share.shape[0], : scales[finer].share.shape[1]]
    stretch = (settings.chroma * np.eye(3) + (1 - settings.chroma) / 3).astype(np.float32)
    guide = np.empty((*filled.shape[:2], 8), np.float32)
    guide[..., :3], guide[..., 3:6] = fine @ stretch, coarse @ stretch
    longer = max(filled.shape[:2])
    guide[..., 6] = 2 * np.arange(filled.shape[0])[:, None] / longer
    guide[..., 7] = np.arange(filled.shape[1]) / longer
    return guide


def _blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return picture if sigma < 0.3 else ndimage.gaussian_filter(picture, (sigma, sigma, 0), truncate=2.5)
