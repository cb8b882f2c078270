"""Damage from opacity maps of real or lifelike damage, placed at random and coloured."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from .layers import Layer, add_texture, paper_color
from .shapes import gaussian_blur

SCALES = 0.5, 2.2
"""Smallest and largest magnification of a map."""
MOST = 4
"""Largest number of maps on a crop."""
OPACITY_SHAPES = 0.7, 1.6
"""Range of the exponent of a map's opacity."""
FAVOUR = 0.3
"""A kind of damage is drawn in proportion to the area that its maps cover to the power of minus this: specks and hairs
fill so little of a crop that they are learned slowly."""
_ALIGNED_SHARE = 0.4  # of the maps, which are turned by a multiple of 90 degrees only and so stay as sharp as they are


class Maps:
    """Opacity maps, and how often each kind of them is drawn.

    Args:
        by_kind: kind of damage -> opacity maps, uint8 (h, w); no kind without maps.

    Attributes:
        by_kind: the same.
        shares: float64 (K,), probability of each kind; their sum is 1.
    """

    def __init__(self, by_kind: Mapping[str, Sequence[np.ndarray]]) -> None:
        self.by_kind = by_kind
        covered = np.array([np.mean([(one > 50).mean() for one in maps]) for maps in by_kind.values()])
        weights = np.maximum(covered, 1e-4) ** -FAVOUR
        self.shares = weights / weights.sum()

    def draw(self, rng: np.random.Generator) -> Sequence[np.ndarray]:
        """Return the maps of a random kind."""
        return list(self.by_kind.values())[int(rng.choice(len(self.shares), p=self.shares))]


def overlays(side: int, rng: np.random.Generator, maps: Maps) -> list[Layer]:
    """Draw one to MOST opacity maps, in most cases of one kind and colour.

    Args:
        side: of the square in pixels.
        rng: the only source of randomness.
        maps: which ones.
    """
    of_kind, color = maps.draw(rng), overlay_color(side, rng)
    layers = []
    for _ in range(1 + int(rng.geometric(0.5) - 1) % MOST):
        if rng.random() < 0.25:
            of_kind = maps.draw(rng)
        if rng.random() < 0.25:
            color = overlay_color(side, rng)
        opacity = of_kind[int(rng.integers(len(of_kind)))]
        alpha = placed_at_random(opacity, side, rng) ** np.float32(rng.uniform(*OPACITY_SHAPES))
        alpha = alpha * np.float32(1 if rng.random() < 0.5 else rng.uniform(0.4, 1))
        layers.append(Layer(alpha, color))
    return layers


def overlay_color(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a colour, (3,) or (side, side, 3) in [0, 1]: bright in a little more than half of the cases, else dark."""
    kind = rng.random()
    if kind < 0.3:
        return np.full(3, rng.uniform(0.88, 1))
    if kind < 0.52:
        return add_texture(paper_color(rng), side, rng)
    if kind < 0.9:
        return np.clip(np.full(3, rng.uniform(0, 0.25)) + rng.uniform(0, 0.06, 3), 0, 1)
    return rng.uniform(0, 1, 3)


def placed_at_random(opacity: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a square of an opacity map, magnified, turned and mirrored: float32 (side, side) in [0, 1].

    Some visible part of the map lies in the square.

    Args:
        opacity: uint8 (h, w).
        side: of the square in pixels.
        rng: the only source of randomness.
    """
    scale = math.exp(rng.uniform(*np.log(SCALES)))
    height, width = opacity.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = Image.fromarray(opacity).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    if rng.random() < 0.5:
        scaled = scaled.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    turns = rng.integers(4) * 90 if rng.random() < _ALIGNED_SHARE else rng.uniform(0, 360)
    pixels = np.asarray(scaled)
    visible = np.flatnonzero(pixels > max(40, int(pixels.max()) // 2))
    centre = visible[rng.integers(len(visible))] if len(visible) else pixels.size // 2
    at = np.array([centre % pixels.shape[1], centre // pixels.shape[1]], np.float64) + 0.5
    cosine, sine = round(math.cos(math.radians(turns)), 9), round(math.sin(math.radians(turns)), 9)
    target = rng.integers(0, side, 2) + 0.5 if rng.random() < 0.8 else np.full(2, side / 2)
    offset = at - np.array([[cosine, -sine], [sine, cosine]]) @ target
    matrix = (cosine, -sine, offset[0], sine, cosine, offset[1])
    turned = scaled.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    alpha = np.asarray(turned, np.float32) / 255
    return gaussian_blur(alpha, rng.choice([0, 0, 0, 0.6, 1.0]))
