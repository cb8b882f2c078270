"""Inks and layers of marks: what a mark is made of, its colours, and how worn it is."""

import math
from dataclasses import dataclass

import numpy as np

from .shapes import Canvas, blurred, fractal_noise, smooth_noise


@dataclass
class Mark:
    """One layer of damage.

    Attributes:
        alpha: float32 (side, side) in [0, 1], how much of the photo the ink covers.
        ink: (3,) or (side, side, 3) in [0, 1]; or, with `adds`, what is added to the photo, in [-1, 1].
        adds: the ink changes the photo's brightness instead of covering it, as a scratch in a transparent layer does.
        shade: part of the damage's look that is not filled itself, such as the shadow beside a fold; adds `ink`.
        counts: share of alpha that counts as covered: a soft stain is damage where it hides the photo.
    """

    alpha: np.ndarray
    ink: np.ndarray
    adds: bool = False
    shade: bool = False
    counts: float = 1.0


def paper(rng: np.random.Generator) -> np.ndarray:
    """The colour of bare paper, from white to brown; seldom anything else that may lie under a photo."""
    if rng.random() < 0.12:
        return np.full(3, rng.uniform(0, 1)) + rng.normal(0, 0.03, 3)
    value, warm = rng.uniform(0.68, 1.0), rng.uniform(0, 0.22)
    return np.clip(np.array([value, value * (1 - warm * 0.45), value * (1 - warm)]), 0, 1)


def line_ink(rng: np.random.Generator) -> tuple[np.ndarray, bool]:
    """Colour of scratches and the like, and whether it adds: mostly bright or dark, now and then of one dye layer."""
    kind = rng.random()
    if kind < 0.38:
        return paper(rng), False
    if kind < 0.74:
        return np.full(3, rng.uniform(0, 0.25)) + rng.uniform(0, 0.08, 3), False
    if kind < 0.83:
        return rng.uniform(0, 1, 3), False
    strength = rng.uniform(0.25, 0.8) * (1 if rng.random() < 0.65 else -1)
    return strength * (np.ones(3) if rng.random() < 0.75 else rng.uniform(0, 1.2, 3)), True


def textured(ink: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """An ink with a little of the paper's texture: (side, side, 3) in [0, 1]."""
    grain = fractal_noise(side, rng.uniform(2.5, 10), rng) * rng.uniform(0, 0.06)
    return np.clip(ink + grain[..., None], 0, 1)


def finish(canvas: Canvas, rng: np.random.Generator, opacity: tuple[float, float] = (0.6, 1.0)) -> np.ndarray:
    """What was drawn on a canvas, as faint, worn and soft as it may be: float32 (side, side) in [0, 1]."""
    alpha = canvas.alpha() * rng.uniform(*opacity)
    if rng.random() < 0.3:  # worn away in places
        alpha *= np.clip(0.85 + 0.5 * smooth_noise(canvas.side, rng.uniform(4, 40), rng), 0, 1)
    return blurred(alpha, rng.choice([0, 0, 0.5, 0.8, 1.3]))


def random_width(rng: np.random.Generator, low: float = 0.7, high: float = 5.0) -> float:
    """A line's width in pixels; each order of magnitude is as likely as any other."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
