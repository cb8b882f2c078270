"""Single brush strokes, scratches, hairlines and tears, drawn with Pillow; masks.py combines them into masks."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

Path = np.ndarray  # (N, 2) float, the x and y of each point in pixels


def picture_unit(height: int, width: int) -> float:
    """Geometric mean side of the picture in pixels: the length that all sizes here are relative to."""
    return math.sqrt(height * width)


def brush_stroke(height: int, width: int, rng: np.random.Generator, *, wide: bool = False) -> np.ndarray:
    """One free-form stroke whose direction and width wander.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        wide: twice to three times the brush, for large holes.

    Returns:
        Bool (height, width), True where the brush went.

    Reference:
        The idea is that of Yu et al. 2019, arXiv:1806.03589, Algorithm 1; theirs has straight pieces of one width.
    """
    unit = picture_unit(height, width)
    steps, turn = int(rng.integers(6, 18)), rng.uniform(0.15, 0.6)
    points = _wandering_path(height, width, rng, steps=steps, step=0.05 * unit, turn=turn)
    brush = unit * rng.uniform(0.10, 0.20) if wide else unit * rng.uniform(0.025, 0.085)
    swell = 1 + 0.35 * np.sin(rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(2, 9), len(points)))
    return _draw_round(height, width, points, np.maximum(brush * swell, 1.0))


def scratch(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One long thin line, almost straight, as film transport or a fold leaves it.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.

    Returns:
        Bool (height, width), True on the scratch.
    """
    unit = picture_unit(height, width)
    length, angle = unit * rng.uniform(0.3, 1.3), rng.uniform(0, np.pi)
    along = np.linspace(-0.5, 0.5, 14)
    bow = rng.normal(0, 0.05) * (0.25 - along**2) * 4 + rng.normal(0, 0.002, len(along))
    points = _turn(np.stack([along, bow], axis=1) * length, angle) + rng.uniform(0, 1, 2) * (width, height)
    return _draw_line(height, width, points, unit * rng.uniform(0.004, 0.014))


def hairline(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One curled hair or fibre, as thin as a mask allows.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.

    Returns:
        Bool (height, width), True on the hair.
    """
    unit = picture_unit(height, width)
    points = _wandering_path(height, width, rng, steps=int(rng.integers(10, 30)), step=0.02 * unit, turn=0.35)
    return _draw_line(height, width, points, unit * rng.uniform(0.002, 0.006))


def tear(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One ragged tear that runs from an edge of the picture inwards and narrows.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.

    Returns:
        Bool (height, width), True on the tear.
    """
    unit = picture_unit(height, width)
    count = 36
    along = np.linspace(0, 1, count)
    wander = np.cumsum(rng.normal(0, 0.02, count))  # a random walk: torn fibres, not a curve
    half_width = rng.uniform(0.006, 0.016) * (1.1 - along)
    sides = [wander + side * half_width * rng.uniform(0.3, 1.5, count) for side in (-1, 1)]
    length = rng.uniform(0.3, 0.8)
    outline = np.concatenate(
        [np.stack([along * length, sides[0]], axis=1), np.stack([along * length, sides[1]], axis=1)[::-1]]
    )
    edge = int(rng.integers(4))
    inward = edge * np.pi / 2 + rng.uniform(-0.6, 0.6)
    place = rng.uniform()
    start = [(0, place * height), (place * width, 0), (width, place * height), (place * width, height)][edge]
    points = _turn(outline * unit, inward) + start
    canvas = Image.new("L", (width, height))
    ImageDraw.Draw(canvas).polygon([tuple(point) for point in points.tolist()], fill=1, outline=1)
    return np.asarray(canvas, dtype=bool)


def _wandering_path(height: int, width: int, rng: np.random.Generator, *, steps: int, step: float, turn: float) -> Path:
    """A path from a random place whose heading drifts; `turn` is the drift in radians per step."""
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, turn, steps) + rng.normal(0, turn / 3))
    moves = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (step * rng.uniform(0.6, 1.4, (steps, 1)))
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)])
    middle = path[len(path) // 2]  # the middle, not the start, lies in the picture: less of the stroke is lost
    return path - middle + rng.uniform(0, 1, 2) * (width, height)


def _turn(points: Path, angle: float) -> Path:
    """The points rotated about the origin by `angle` radians, from x towards y."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def _draw_line(height: int, width: int, points: Path, line_px: float) -> np.ndarray:
    """A polyline of one width, at least one pixel wide."""
    canvas = Image.new("L", (width, height))
    flat = [tuple(point) for point in points.tolist()]
    ImageDraw.Draw(canvas).line(flat, fill=1, width=max(1, round(line_px)), joint="curve" if line_px > 2.5 else None)
    return np.asarray(canvas, dtype=bool)


def _draw_round(height: int, width: int, points: Path, widths: np.ndarray) -> np.ndarray:
    """A round brush along `points` whose diameter at each point is given in `widths`."""
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    radii = widths / 2
    steps = np.diff(points, axis=0)
    normals = np.stack([-steps[:, 1], steps[:, 0]], axis=1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    ahead, behind = normals * radii[:-1, None], normals * radii[1:, None]
    quads = np.concatenate([points[:-1] + ahead, points[1:] + behind, points[1:] - behind, points[:-1] - ahead], axis=1)
    for quad in quads.tolist():
        draw.polygon(quad, fill=1)
    for x, y, radius in np.concatenate([points, radii[:, None]], axis=1).tolist():
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.asarray(canvas, dtype=bool)
