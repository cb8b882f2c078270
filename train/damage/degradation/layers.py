"""Layers of damage: their colours, opacity, texture and wear."""

import math
from dataclasses import dataclass

import numpy as np

from .shapes import Canvas, fractal_noise, gaussian_blur, smooth_noise


@dataclass
class Layer:
    """One layer of damage.

    Attributes:
        alpha: float32 (side, side) in [0, 1], the opacity.
        color: (3,) or (side, side, 3) in [0, 1]; with `additive`, what is added to the photo, in [-1, 1].
        additive: whether the layer changes the photo's brightness instead of covering it, as a scratch in a transparent
            layer does.
        shading: whether the layer is left out of the target, as the shadow beside a fold is: it must not be filled.
        label_weight: factor of alpha in the coverage that decides the target, so that haze is labelled where it hides
            the photo.
    """

    alpha: np.ndarray
    color: np.ndarray
    additive: bool = False
    shading: bool = False
    label_weight: float = 1.0


def paper_color(rng: np.random.Generator) -> np.ndarray:
    """Return the colour (3,) of bare paper, from white to brown; in 12 % of the cases a grey of any brightness."""
    if rng.random() < 0.12:
        return np.full(3, rng.uniform(0, 1)) + rng.normal(0, 0.03, 3)
    value, warm = rng.uniform(0.68, 1.0), rng.uniform(0, 0.22)
    return np.clip(np.array([value, value * (1 - warm * 0.45), value * (1 - warm)]), 0, 1)


def line_color(rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Return the colour (3,) of a scratch, and whether it is additive: bright, dark, or in few cases coloured."""
    kind = rng.random()
    if kind < 0.38:
        return paper_color(rng), False
    if kind < 0.74:
        return np.full(3, rng.uniform(0, 0.25)) + rng.uniform(0, 0.08, 3), False
    if kind < 0.83:
        return rng.uniform(0, 1, 3), False
    strength = rng.uniform(0.25, 0.8) * (1 if rng.random() < 0.65 else -1)
    return strength * (np.ones(3) if rng.random() < 0.75 else rng.uniform(0, 1.2, 3)), True


def add_texture(color: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Add a weak paper texture to a colour (3,); returns (side, side, 3) in [0, 1]."""
    texture = fractal_noise(side, rng.uniform(2.5, 10), rng) * rng.uniform(0, 0.06)
    return np.clip(color + texture[..., None], 0, 1)


def random_finish(canvas: Canvas, rng: np.random.Generator, opacity: tuple[float, float] = (0.6, 1.0)) -> np.ndarray:
    """Return a canvas's alpha with random opacity, wear and blur: float32 (side, side) in [0, 1].

    Args:
        canvas: the shapes.
        rng: the only source of randomness.
        opacity: lowest and highest factor of alpha.
    """
    alpha = canvas.alpha() * rng.uniform(*opacity)
    if rng.random() < 0.3:  # worn away in places
        alpha *= np.clip(0.85 + 0.5 * smooth_noise(canvas.side, rng.uniform(4, 40), rng), 0, 1)
    return gaussian_blur(alpha, rng.choice([0, 0, 0.5, 0.8, 1.3]))


def log_uniform_width(rng: np.random.Generator, low: float = 0.7, high: float = 5.0) -> float:
    """Return a width in pixels, log-uniform between two bounds."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
