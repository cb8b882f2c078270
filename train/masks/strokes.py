"""One brush stroke, scratch, hairline or tear, drawn with Pillow; `families` combines several into a mask."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

Polyline = np.ndarray  # (N, 2) float, the x and y of each point in pixels


def mean_side(height: int, width: int) -> float:
    """Return the geometric mean of the two sides in pixels; all lengths and widths here are relative to it."""
    return math.sqrt(height * width)


def brush_stroke(height: int, width: int, rng: np.random.Generator, *, wide: bool = False) -> np.ndarray:
    """Draw one free-form stroke whose direction and width vary smoothly.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        wide: use a brush two to three times as wide, for large holes.

    Returns:
        Bool (height, width), True = painted.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, Algorithm 1; its strokes have straight segments and a constant width.
    """
    unit = mean_side(height, width)
    steps, turn = int(rng.integers(6, 18)), rng.uniform(0.15, 0.6)
    points = _random_walk(height, width, rng, steps=steps, step=0.05 * unit, turn=turn)
    brush = unit * rng.uniform(0.10, 0.20) if wide else unit * rng.uniform(0.025, 0.085)
    swell = 1 + 0.35 * np.sin(rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(2, 9), len(points)))
    return _draw_tapered(height, width, points, np.maximum(brush * swell, 1.0))


def scratch(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one long, thin, almost straight line, such as film transport or a fold leaves.

    Arguments and result are those of `brush_stroke`.
    """
    unit = mean_side(height, width)
    length, angle = unit * rng.uniform(0.3, 1.3), rng.uniform(0, np.pi)
    along = np.linspace(-0.5, 0.5, 14)
    bow = rng.normal(0, 0.05) * (0.25 - along**2) * 4 + rng.normal(0, 0.002, len(along))
    points = _rotate(np.stack([along, bow], axis=1) * length, angle) + rng.uniform(0, 1, 2) * (width, height)
    return _draw_line(height, width, points, unit * rng.uniform(0.004, 0.014))


def hairline(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one curled hair or fibre, down to a width of one pixel.

    Arguments and result are those of `brush_stroke`.
    """
    unit = mean_side(height, width)
    points = _random_walk(height, width, rng, steps=int(rng.integers(10, 30)), step=0.02 * unit, turn=0.35)
    return _draw_line(height, width, points, unit * rng.uniform(0.002, 0.006))


def tear(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one ragged tear that runs inwards from an edge of the image and narrows.

    Arguments and result are those of `brush_stroke`.
    """
    unit = mean_side(height, width)
    count = 36
    along = np.linspace(0, 1, count)
    drift = np.cumsum(rng.normal(0, 0.02, count))  # a random walk: torn fibres, not a curve
    half_width = rng.uniform(0.006, 0.016) * (1.1 - along)
    sides = [drift + side * half_width * rng.uniform(0.3, 1.5, count) for side in (-1, 1)]
    length = rng.uniform(0.3, 0.8)
    outline = np.concatenate(
        [np.stack([along * length, sides[0]], axis=1), np.stack([along * length, sides[1]], axis=1)[::-1]]
    )
    edge = int(rng.integers(4))
    inward = edge * np.pi / 2 + rng.uniform(-0.6, 0.6)
    position = rng.uniform()
    start = [(0, position * height), (position * width, 0), (width, position * height), (position * width, height)][
        edge
    ]
    points = _rotate(outline * unit, inward) + start
    canvas = Image.new("L", (width, height))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in points.tolist()], fill=1, outline=1)
    return np.asarray(canvas, dtype=bool)


def _random_walk(
    height: int, width: int, rng: np.random.Generator, *, steps: int, step: float, turn: float
) -> Polyline:
    """Return a correlated random walk: `turn` is the deviation of the heading in radians per step of `step` pixels."""
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, turn, steps) + rng.normal(0, turn / 3))
    moves = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (step * rng.uniform(0.6, 1.4, (steps, 1)))
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    middle = path[
        len(path) // 2
    ]  # this point is placed in the image, as less of the path is clipped than with the start
    return path - middle + rng.uniform(0, 1, 2) * (width, height)


def _rotate(points: Polyline, angle: float) -> Polyline:
    """Rotate points about the origin by `angle` radians, from x towards y."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _draw_line(height: int, width: int, points: Polyline, line_px: float) -> np.ndarray:
    """Draw a polyline of constant width, at least one pixel; bool (height, width)."""
    canvas = Image.new("L", (width, height))
    flat = [tuple(point) for point in points.tolist()]
    ImageDraw.Draw(canvas).line(flat, fill=1, width=max(1, round(line_px)), joint="curve" if line_px > 2.5 else None)
    return np.asarray(canvas, dtype=bool)


def _draw_tapered(height: int, width: int, points: Polyline, widths: np.ndarray) -> np.ndarray:
    """Draw a polyline with round caps whose width at each point is in `widths`; bool (height, width)."""
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    radii = widths / 2
    segments = np.diff(points, axis=0)
    normals = np.stack([-segments[:, 1], segments[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    at_start, at_end = normals * radii[:-1, None], normals * radii[1:, None]
    corners = [points[:-1] + at_start, points[1:] + at_end, points[1:] - at_end, points[:-1] - at_start]
    quads = np.concatenate(corners, axis=1)
    for quad in quads.tolist():
        draw.polygon(quad, fill=1)
    for x, y, radius in np.concatenate([points, radii[:, None]], axis=1).tolist():
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.asarray(canvas, dtype=bool)
