"""Shapes that marks of age are made of: noise, wandering and jagged paths, lines of changing width, blobs."""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

Path = np.ndarray  # (N, 2) float, the x and y of each point in pixels
FINE = 3
"""Lines are drawn so many times larger and averaged down: a line of half a pixel is half as strong, not broken."""


class Canvas:
    """A square that lines and areas are drawn on with soft edges; what is drawn later covers what was before.

    Args:
        side: of the square in pixels.
    """

    def __init__(self, side: int) -> None:
        self.side = side
        self._image = Image.new("L", (side * FINE, side * FINE))
        self._draw = ImageDraw.Draw(self._image)

    def line(self, path: Path, widths: np.ndarray, strengths: np.ndarray) -> None:
        """A line whose width (pixels) and strength (0 to 1) are given for each of its N points."""
        points = (path * FINE).tolist()
        pens = np.maximum(1, np.round(widths * FINE)).astype(int).tolist()
        inks = (np.clip(strengths, 0, 1) * 255).astype(int).tolist()
        for (x, y), (u, v), pen, ink in zip(points[:-1], points[1:], pens, inks, strict=False):
            if ink:
                self._draw.line((x, y, u, v), fill=ink, width=pen)
                if pen > 5:
                    half = pen / 2 - 0.5
                    self._draw.ellipse((u - half, v - half, u + half, v + half), fill=ink)

    def area(self, outline: Path, strength: float = 1.0) -> None:
        """A filled polygon."""
        self._draw.polygon([tuple(point) for point in (outline * FINE).tolist()], fill=round(255 * strength))

    def alpha(self) -> np.ndarray:
        """What was drawn: float32 (side, side) in [0, 1]."""
        return np.asarray(self._image.reduce(FINE), np.float32) / 255


def smooth_noise(side: int, cell_px: float, rng: np.random.Generator, *, aspect: float = 1.0) -> np.ndarray:
    """Random hills about `cell_px` wide (times `aspect` high): float32 (side, side), normal with deviation 1."""
    across = max(2, math.ceil(side / cell_px) + 3)
    down = max(2, math.ceil(side / (cell_px * aspect)) + 3)
    coarse = rng.standard_normal((down, across)).astype(np.float32)
    scale = side / cell_px, side / (cell_px * aspect)
    left, top = rng.uniform(0, 1, 2)
    box = (left, top, min(across, left + max(scale[0], 1)), min(down, top + max(scale[1], 1)))
    noise = np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC, box=box))
    return noise / max(float(noise.std()), 0.3)


def fractal_noise(side: int, cell_px: float, rng: np.random.Generator, octaves: int = 4) -> np.ndarray:
    """Hills with smaller hills on them, float32 (side, side), normal with deviation near 1."""
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        if cell_px / 2**octave < 1.5:
            break
        total += smooth_noise(side, cell_px / 2**octave, rng) * 0.55**octave
    return total / max(float(total.std()), 0.1)


def line_noise(count: int, knots: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth random values along a line of `count` points, about normal, with a knot every 1/`knots` of it."""
    values = rng.standard_normal(max(2, round(knots)) + 1)
    return np.interp(np.linspace(0, len(values) - 1, count), np.arange(len(values)), values)


def straight_path(side: int, rng: np.random.Generator, *, through: bool, bow: float = 0.02) -> Path:
    """A nearly straight path with points about every 4 pixels; `through` runs it across the whole square."""
    length = side * (1.6 if through else math.exp(rng.uniform(math.log(0.06), math.log(1.1))))
    count = max(6, int(length / 4))
    along = np.linspace(-0.5, 0.5, count)
    across = rng.normal(0, bow) * (1 - 4 * along**2) + line_noise(count, count / 6, rng) * rng.uniform(0, 0.5) / length
    return place(np.stack([along, across], 1) * length, rng.uniform(0, 2 * math.pi), side, rng)


def wandering_path(side: int, rng: np.random.Generator, *, length: float, turn: float, step_px: float = 3) -> Path:
    """A path whose heading drifts by about `turn` radians in `step_px` pixels."""
    count = max(4, int(length / step_px))
    heading = np.cumsum(rng.normal(0, turn, count) + rng.normal(0, turn / 3))
    path = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1) * step_px, 0)
    return place(path - path[count // 2], rng.uniform(0, 2 * math.pi), side, rng)


def jagged(path: Path, rough_px: float, rng: np.random.Generator) -> Path:
    """A path with random steps to both sides that add up and are pulled back: torn fibres, brittle cracks."""
    steps = rng.normal(0, rough_px, (len(path), 2))
    pull = np.exp(-np.arange(12) / 4.0)
    return path + np.stack([np.convolve(steps[:, axis], pull)[: len(path)] for axis in (0, 1)], 1)


def place(points: Path, angle: float, side: int, rng: np.random.Generator) -> Path:
    """Points turned about the origin, which is then laid on a random place of the square."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]]) + rng.uniform(-0.05, 1.05, 2) * side


def broken(count: int, rng: np.random.Generator) -> np.ndarray:
    """Strengths along a line of `count` points: even, swelling, worn, or in dashes."""
    kind = rng.integers(4)
    if kind == 0:
        return np.ones(count)
    waves = line_noise(count, max(2, count / rng.uniform(2, 14)), rng)
    if kind == 1:
        return np.clip(0.75 + 0.3 * waves, 0.25, 1)
    if kind == 2:
        return np.clip(0.6 + rng.uniform(0.4, 1.0) * waves, 0, 1)
    return np.where(waves > rng.uniform(-1.2, 0.2), 1.0, 0.0) * np.clip(0.8 + 0.2 * rng.standard_normal(count), 0.3, 1)


def tapered(count: int, rng: np.random.Generator) -> np.ndarray:
    """Factors of a line's width: thinner towards none, one or both of its ends."""
    along = np.linspace(0, 1, count)
    start, end = rng.random(2) < 0.4
    widths = 1 + 0.25 * line_noise(count, max(2, count / 8), rng)
    widths = widths * (np.minimum(1, along / 0.3) if start else 1) * (np.minimum(1, (1 - along) / 0.3) if end else 1)
    return np.clip(widths, 0.3, 2)


def blob(side: int, radius: float, rng: np.random.Generator, *, rough: float, soft_px: float) -> np.ndarray:
    """An irregular patch: float32 (side, side) in [0, 1].

    Args:
        side: of the square in pixels.
        radius: of the patch in pixels, roughly.
        rng: the only source of randomness.
        rough: how much the outline departs from an ellipse, 0 to about 0.6.
        soft_px: width of the edge in pixels.
    """
    centre, angle, stretch = rng.uniform(-0.1, 1.1, 2) * side, rng.uniform(0, math.pi), math.exp(rng.normal(0, 0.3))
    y, x = np.mgrid[:side, :side].astype(np.float32)
    x, y = x - centre[0], y - centre[1]
    u = (x * math.cos(angle) + y * math.sin(angle)) / stretch
    v = (y * math.cos(angle) - x * math.sin(angle)) * stretch
    distance = np.sqrt(u * u + v * v) / radius
    distance += rough * fractal_noise(side, max(3.0, radius * rng.uniform(0.4, 1.2)), rng, 5)
    return np.clip((1 - distance) * radius / max(soft_px, 0.7) + 0.5, 0, 1)


def spots(side: int, count: int, sizes: np.ndarray, rng: np.random.Generator) -> Iterable[tuple[Path, float]]:
    """Small irregular polygons as (outline, radius); they gather in a cluster in half of the cases."""
    cluster = rng.random() < 0.5
    centre, spread = rng.uniform(0, 1, 2) * side, rng.uniform(0.05, 0.4) * side
    for radius in sizes[:count].tolist():
        middle = rng.normal(centre, spread) if cluster else rng.uniform(0, 1, 2) * side
        corners = int(rng.integers(5, 9))
        angles = (np.arange(corners) + rng.uniform(0, 0.6, corners)) * 2 * math.pi / corners
        reach = radius * rng.uniform(0.6, 1.3, corners)
        stretch = np.array([math.exp(rng.normal(0, 0.3)), 1.0])
        yield middle + np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None] * stretch, radius


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of (H, W) or (H, W, C) along the first two axes."""
    if sigma < 0.2:
        return values
    return ndimage.gaussian_filter(values, (sigma, sigma, 0)[: values.ndim], mode="nearest", truncate=2.2)
