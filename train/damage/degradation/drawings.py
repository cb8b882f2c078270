"""Flat pictures without any damage: windows of programs, charts, pages of text, vector drawings.

They have what photos hardly have, large areas of one colour with sharp edges and lines of constant width, which
resemble stains, missing corners and scratches.
"""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from .distractors import text

_SUPERSAMPLING = 2


def drawing(side: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a flat picture: RGB uint8 (side, side, 3).

    Args:
        side: of the square in pixels.
        rng: the only source of randomness.
    """
    canvas = Image.new("RGB", (side * _SUPERSAMPLING,) * 2, _color(rng))
    draw = ImageDraw.Draw(canvas)
    palette = [_color(rng) for _ in range(int(rng.integers(2, 7)))]
    for _ in range(int(rng.integers(1, 4))):
        parts = _PARTS[int(rng.integers(len(_PARTS)))]
        parts(draw, canvas.width, palette, rng)
    picture = np.asarray(canvas.reduce(_SUPERSAMPLING), np.float32)
    if rng.random() < 0.4:  # a smooth gradient over everything
        slope = np.linspace(rng.uniform(-40, 40), rng.uniform(-40, 40), side, dtype=np.float32)
        picture = picture + (slope[:, None, None] if rng.random() < 0.7 else slope[None, :, None])
    if rng.random() < 0.35:
        alpha = text(picture / 255, rng)[..., None]
        picture = picture + alpha * (np.array(_color(rng), np.float32) - picture)
    return np.clip(picture, 0, 255).round().astype(np.uint8)


def _color(rng: np.random.Generator) -> tuple[int, int, int]:
    """Return a colour: as often near black or near white as in between."""
    kind = rng.random()
    if kind < 0.35:
        level = rng.choice([0, 255]) if rng.random() < 0.4 else rng.choice([rng.uniform(0, 60), rng.uniform(225, 255)])
        red, green, blue = np.clip(level + rng.normal(0, 5, 3), 0, 255)
    else:
        red, green, blue = rng.uniform(0, 255, 3)
    return int(red), int(green), int(blue)


_Palette = list[tuple[int, int, int]]


def _one_of(palette: _Palette, rng: np.random.Generator) -> tuple[int, int, int]:
    return palette[int(rng.integers(len(palette)))]


def _windows(draw: ImageDraw.ImageDraw, size: int, palette: _Palette, rng: np.random.Generator) -> None:
    """Draw windows and panels: rectangles with a title bar, a frame, and lines that stand for text or sliders."""
    for _ in range(int(rng.integers(1, 6))):
        left, top = rng.uniform(-0.4, 0.9, 2) * size
        width, height = np.exp(rng.uniform(math.log(0.08), math.log(1.2), 2)) * size
        radius = float(rng.choice([0, 0, rng.uniform(2, 20)]))
        frame = _one_of(palette, rng) if rng.random() < 0.5 else None
        # in whole pixels, as Pillow refuses some narrow boxes of fractions
        box = (round(left), round(top), round(left + width), round(top + height))
        draw.rounded_rectangle(box, int(min(radius, width / 2, height / 2)), _one_of(palette, rng), frame, 2)
        ink, pitch = _one_of(palette, rng), rng.uniform(6, 40)
        thick = int(rng.integers(1, max(2, int(pitch / 2))))
        for number in range(min(int(height / pitch), 40) if rng.random() < 0.6 else 0):
            y, end = top + (number + 0.5) * pitch, left + width * rng.uniform(0.2, 0.95)
            draw.line([(left + width * 0.05, y), (end, y)], ink, thick)


def _shapes(draw: ImageDraw.ImageDraw, size: int, palette: _Palette, rng: np.random.Generator) -> None:
    """Draw a logo or a vector drawing: ellipses, sectors, polygons and smooth blobs, with or without an outline."""
    for _ in range(int(rng.integers(1, 9))):
        middle, radius = rng.uniform(-0.1, 1.1, 2) * size, math.exp(rng.uniform(math.log(0.02), math.log(0.7))) * size
        outline, width = (_one_of(palette, rng), int(rng.integers(1, 9))) if rng.random() < 0.3 else (None, 1)
        stretch = math.exp(rng.normal(0, 0.4))
        box = (middle[0] - radius, middle[1] - radius * stretch, middle[0] + radius, middle[1] + radius * stretch)
        kind = rng.random()
        if kind < 0.35:
            draw.ellipse(box, _one_of(palette, rng), outline, width)
        elif kind < 0.5:
            start = rng.uniform(0, 360)
            draw.pieslice(box, start, start + rng.uniform(20, 300), _one_of(palette, rng), outline, width)
        else:
            corners = int(rng.integers(3, 8)) if kind < 0.75 else 60
            angles = np.sort(rng.uniform(0, 2 * math.pi, corners)) if corners < 60 else np.linspace(0, 2 * math.pi, 60)
            waves = sum(rng.normal(0, 0.3 / k) * np.cos(k * angles + rng.uniform(0, 7)) for k in range(1, 5))
            reach = radius * np.maximum(1 + (waves if corners == 60 else 0 * angles), 0.1)
            points = middle + np.stack([np.cos(angles) * reach, np.sin(angles) * reach * stretch], 1)
            draw.polygon([tuple(point) for point in points.tolist()], _one_of(palette, rng), outline)


def _chart(draw: ImageDraw.ImageDraw, size: int, palette: _Palette, rng: np.random.Generator) -> None:
    """Draw a chart: a grid, axes, and curves, bars or points."""
    pitch, grid = rng.uniform(0.04, 0.3) * size, _one_of(palette, rng)
    for number in range(min(int(size / pitch) + 1, 30) if rng.random() < 0.7 else 0):
        at = (number + 0.5) * pitch
        draw.line([(0, at), (size, at)], grid, int(rng.integers(1, 3)))
        if rng.random() < 0.7:
            draw.line([(at, 0), (at, size)], grid, int(rng.integers(1, 3)))
    x = np.linspace(-0.1, 1.1, 60) * size
    for _ in range(int(rng.integers(1, 7))):
        slope, bend, level = rng.normal(0, 0.7), rng.normal(0, 0.7), rng.uniform(-0.2, 1.2) * size
        y = level + slope * (x - size / 2) + bend * (x - size * rng.uniform(0, 1)) ** 2 / size
        y = y + rng.uniform(0, 0.03) * size * rng.normal(0, 1, 60) * (rng.random() < 0.5)
        points = [tuple(point) for point in np.stack([x, y], 1).tolist()]
        color, kind = _one_of(palette, rng), rng.random()
        if kind < 0.6:
            draw.line(points, color, int(rng.integers(1, 11)), joint="curve")
        elif kind < 0.8:
            wide = float(rng.uniform(0.2, 1)) * size / 50
            for across, height in points[:: int(rng.integers(1, 6))]:
                draw.rectangle((across - wide, min(height, size), across + wide, size), color)
        else:
            radius = float(rng.uniform(1, 8))
            for across, height in points[:: int(rng.integers(1, 4))]:
                draw.ellipse((across - radius, height - radius, across + radius, height + radius), color)


_PARTS: tuple[Callable[[ImageDraw.ImageDraw, int, _Palette, np.random.Generator], None], ...] = (
    _windows,
    _shapes,
    _chart,
)
