"""The levels on which patches are searched: colours, texture and the guide at each power of two of the scale."""

from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import parallel, results_of

from . import guide_kernels, picture_kernels
from .blurs import blurred
from .patch_kernels import CHANNELS, PLANES
from .settings import Settings
from .targets import bounds

_LEAST = 1 << 16  # values of a part that is worth a thread
_REACH = 6  # pixels around unknown texture that it is interpolated from, at least


class Level(NamedTuple):
    """The picture at one scale.

    Attributes:
        factor: side of a pixel in photo pixels, a power of two.
        features: uint8 (PLANES, h, w, CHANNELS), what patches are compared by: RGB, with the present fill in the hole,
            then the weighted energy of the texture, that across the rows in the first plane and that down the columns
            in the second one. A patch has its even rows from the first plane and its odd rows from the second.
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

    @property
    def rows(self) -> np.ndarray:
        """The features with flat rows, a view, for the kernels."""
        return self.features.reshape(PLANES, len(self.hole), -1)


class _Scale(NamedTuple):
    """What is halved from level to level, float32.

    Attributes:
        known: (h, w, 3), mean colour of the known pixels in [0, 1].
        share: (h, w), share of known pixels.
        filled: (h, w, 3), colours with the network's fill.
        usable: (h, w), share of pixels that may be copied.
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
    factor = 2 << finest
    energy, colours = results_of(
        [lambda: _gradient_energy(picture, hole, factor), lambda: _shrunk(picture, hole, usable, factor)]
    )
    scales = [_Scale(*colours, *energy)]
    for _ in range(finest, coarsest):
        scales.append(_halved_scale(scales[-1]))
    described = scales[: max(coarsest - finest, 1)]  # the finest level has the texture and the guide of the next one
    textures, guides, (features, hole, usable) = results_of(
        [
            lambda: [_texture(scale) for scale in described],
            lambda: [_guide(number, finest, scales, settings) for number in range(len(described))],
            lambda: shrunk_level(picture, hole, usable, 1 << finest),
        ]
    )
    _set_texture(features, textures[0], 1, settings)
    levels = [Level(1 << finest, features, hole, usable, guides[0], 1)]
    for number in range(coarsest - finest):
        scale = scales[number]
        features = _with_colours(scale.known, scale.share, scale.filled)
        _set_texture(features, textures[number], 0, settings)
        levels.append(Level(factor << number, features, scale.share < 0.5, scale.usable > 0.999, guides[number], 0))
    return levels


def diffused(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return values with those of weight 0 interpolated from the others, by a pyramid (push-pull).

    Args:
        values: float32 (h, w, c); not modified.
        weight: float32 (h, w).
    """
    if (weight > 0).all() or max(weight.shape) < 2:
        return values
    coarse, coarse_weight = halved(values, weight)
    coarse = doubled(diffused(coarse, coarse_weight), weight.shape)
    return np.where(weight[..., None] > 0, values, coarse)


def as_floats(features: np.ndarray) -> np.ndarray:
    """Return features, see `Level`, as float32 (h, w, 5) in [0, 1]: colours and both kinds of texture."""
    return np.concatenate([features[0], features[1, ..., -1:]], 2) / np.float32(255)


def set_features(features: np.ndarray, values: np.ndarray) -> None:
    """Set features, in place, to what `as_floats` returns."""
    rounded = np.rint(values * np.float32(255)).astype(np.uint8)
    features[0] = rounded[..., :CHANNELS]
    features[1] = rounded[..., [*range(CHANNELS - 1), CHANNELS]]


def doubled(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array (h, w, c) at twice the resolution, interpolated linearly, cut to a shape."""
    out = np.empty((*shape, values.shape[2]), np.float32)
    parallel(guide_kernels.double, len(out), values, out, least=_rows(out))
    return out


def halved(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted means of 2 x 2 pixels (ceil(h / 2), ceil(w / 2), c), and their mean weights."""
    height, width = ((side + 1) // 2 for side in weight.shape)
    out, out_weight = np.empty((height, width, values.shape[2]), np.float32), np.empty((height, width), np.float32)
    parallel(picture_kernels.halve, height, values, weight, out, out_weight, least=_rows(out))
    return out, out_weight


def shrunk_level(
    picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, factor: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features without texture (see `Level`), hole and usable pixels of a picture shrunk by a factor."""
    if factor == 1:
        features = np.empty((PLANES, *hole.shape, CHANNELS), np.uint8)
        parallel(picture_kernels.set_picture, len(hole), picture, features, least=_rows(hole))
        return features, hole, usable
    known, share, filled, may_copy = _shrunk(picture, hole, usable, factor)
    return _with_colours(known, share, filled), share < 0.5, may_copy > 0.999


def _with_colours(known: np.ndarray, share: np.ndarray, filled: np.ndarray) -> np.ndarray:
    features = np.empty((PLANES, *share.shape, CHANNELS), np.uint8)
    parallel(picture_kernels.set_colours, len(share), known, share, filled, features, least=_rows(known))
    return features


def _shrunk(
    picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, factor: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the first four fields of the scale with blocks of a side of `factor` pixels."""
    height, width = (-(-side // factor) for side in hole.shape)
    known, filled = (np.empty((height, width, 3), np.float32) for _ in range(2))
    share, may_copy = (np.empty((height, width), np.float32) for _ in range(2))
    parallel(
        picture_kernels.shrink, height, picture, hole, usable, factor, known, share, filled, may_copy,
        least=_rows(hole) // factor + 1,
    )  # fmt: skip
    return known, share, filled, may_copy


def _gradient_energy(picture: np.ndarray, hole: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    height, width = (-(-side // factor) for side in hole.shape)
    energy, weight = np.empty((height, width, 2), np.float32), np.empty((height, width), np.float32)
    parallel(
        picture_kernels.gradient_energy, height, picture, hole, factor, energy, weight, least=_rows(hole) // factor + 1
    )
    return energy, weight


def _halved_scale(scale: _Scale) -> _Scale:
    known, share = halved(scale.known, scale.share)
    everything = np.ones_like(scale.share)
    filled, _ = halved(scale.filled, everything)
    usable = halved(scale.usable[..., None], everything)[0][..., 0]
    return _Scale(known, share, filled, usable, *halved(scale.energy, scale.energy_weight))


def _texture(scale: _Scale) -> np.ndarray:
    """Return the energy of the texture, averaged over 3 x 3 pixels; in the hole that of what is near."""
    texture, is_known = np.empty_like(scale.energy), np.empty_like(scale.share)
    parallel(
        picture_kernels.mean_texture, len(texture), scale.energy, scale.energy_weight, scale.share, texture, is_known,
        least=_rows(texture),
    )  # fmt: skip
    unknown = is_known == 0
    if unknown.any():
        top, bottom, left, right = bounds(unknown)
        reach = _REACH + max(bottom - top, right - left) // 8
        near = slice(max(top - reach, 0), bottom + reach), slice(max(left - reach, 0), right + reach)
        texture[near] = diffused(np.ascontiguousarray(texture[near]), np.ascontiguousarray(is_known[near]))
    return texture


def _set_texture(features: np.ndarray, texture: np.ndarray, shift: int, settings: Settings) -> None:
    """Set the last channel: the texture, which has half the resolution if `shift` is 1."""
    # a plane holds the energy in one of two rows
    weight = np.float32(255 * np.sqrt(settings.texture * PLANES))
    parallel(picture_kernels.set_texture, features.shape[1], texture, shift, weight, features, least=_rows(features[0]))


def _guide(number: int, finest: int, scales: list[_Scale], settings: Settings) -> np.ndarray:
    """Return the guide at a scale: two blurs of the filled picture, colour differences stretched, and the position."""
    filled = scales[number].filled
    side = 2 << finest  # of a pixel of the first scale
    fine = blurred(filled, settings.guide_sigma_px[0] / (side << number))
    source = number
    while source + 1 < len(scales) and settings.guide_sigma_px[1] / (side << source) > 3:
        source += 1  # a wide blur is computed at a coarser scale
    coarse = blurred(scales[source].filled, settings.guide_sigma_px[1] / (side << source))
    for finer in reversed(range(number, source)):
        coarse = doubled(coarse, scales[finer].share.shape)
    guide = np.empty((*filled.shape[:2], 8), np.float32)
    stretch = np.float32(settings.chroma)
    parallel(guide_kernels.compose_guide, len(guide), fine, coarse, stretch, guide, least=_rows(guide))
    return guide


def _rows(array: np.ndarray) -> int:
    """Return how many rows of an array are worth a thread."""
    return max(1, _LEAST * len(array) // max(array.size, 1))
