"""How much of the picture shows in the infrared channel of a scan: dyes are not quite transparent to infrared light."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .filters import block_means, box_mean, maximum_around, noise_of

BLOCK_PX = 4
_RADIUS = 8  # in blocks
_ROUNDS, _OUTLIER = 4, 3.0
_DARK, _LEAST_SHARE = 0.3, 0.2
PICTURE_SLOPE = 0.2
"""From this slope of the infrared channel over the brightness, both logarithms, the film absorbs infrared light itself:
silver does as much as it absorbs visible light (1), Kodachrome's cyan dye a good part of that; other dyes nearly
nothing (below 0.1)."""
PICTURE_CORRELATION = 0.5
VISIBLE_DETAIL, LEAST_DETAIL = 0.02, 0.1
"""Detail of the brightness, as a logarithm, that counts, and the share of a scan that must have it: in a plain picture
only the dust does."""


class Leakage(NamedTuple):
    """The picture in an infrared channel.

    Attributes:
        weights: float32 (3,), of the logarithms of red, green and blue, whose sum is subtracted.
        slope: of the infrared channel over the brightness, both logarithms.
        correlation: of their detail, from -1 to 1.
    """

    weights: np.ndarray
    slope: float
    correlation: float

    @property
    def is_picture(self) -> bool:
        """Whether the infrared channel shows the picture itself, so that dust cannot be told from it."""
        return self.slope > PICTURE_SLOPE and self.correlation > PICTURE_CORRELATION

    def of(self, colours: Sequence[np.ndarray]) -> np.ndarray:
        """Return the picture in the infrared channel, float32 (H, W), for the logarithms of the colours."""
        red, green, blue = (weight * colour for weight, colour in zip(self.weights, colours, strict=True))
        return red + green + blue


def measure_leakage(infrared: np.ndarray, colours: Sequence[np.ndarray]) -> Leakage:
    """Fit the detail of the infrared channel by that of the colours, without the dust.

    Detail is what remains of means of BLOCK_PX x BLOCK_PX pixels without their local mean, so that neither uneven light
    nor noise counts. Dust lies far below the fit, and is left out in further rounds.

    Args:
        infrared: float32 (H, W), logarithm of the infrared channel.
        colours: float32 (H, W) each, logarithms of red, green and blue, registered with it.

    Returns:
        No leakage at all for a picture with too little detail to measure it.
    """
    target = _detail(infrared).astype(np.float64)
    film = _on_film(infrared)
    sources = np.stack([_detail(colour) for colour in colours], axis=1).astype(np.float64)
    if np.mean(np.abs(sources.mean(axis=1)[film]) > VISIBLE_DETAIL) < LEAST_DETAIL:
        return Leakage(np.zeros(3, np.float32), 0.0, 0.0)
    weights, rest = np.zeros(3), target  # the first round leaves out dust, which would explain itself
    for _ in range(_ROUNDS):
        middle = np.median(rest[film])
        keep = film & (np.abs(rest - middle) < _OUTLIER * noise_of(rest[None, film]) + 1e-6)
        some = sources[keep]
        damping = np.eye(3) * (1e-3 * np.trace(some.T @ some) / 3 + 1e-9)
        weights = np.linalg.solve(some.T @ some + damping, some.T @ target[keep])
        rest = target - sources @ weights
    brightness, inside = sources.mean(axis=1)[keep], target[keep]
    common, power = float(brightness @ inside), float(brightness @ brightness) + 1e-9
    correlation = common / float(np.sqrt(power * (inside @ inside + 1e-9)))
    return Leakage(weights.astype(np.float32), common / power, correlation)


def _on_film(infrared: np.ndarray) -> np.ndarray:
    """Return which blocks are neither nearly black nor near such: the edge of the film's holder is no leakage."""
    means = block_means(infrared, BLOCK_PX)
    dark = (means < np.median(means) + np.float32(np.log(_DARK))).astype(np.float32)
    kept = maximum_around(dark, _RADIUS + 1).ravel() == 0
    return kept if kept.mean() > _LEAST_SHARE else np.ones(means.size, bool)


def _detail(values: np.ndarray) -> np.ndarray:
    means = block_means(values, BLOCK_PX)
    return (means - box_mean(means, _RADIUS)).ravel()
