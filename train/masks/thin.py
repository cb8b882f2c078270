"""Thin damage of any width up to the one from which holes are thick: what the network for thin damage is trained on."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw

from .families import check_size

WIDTHS_PX = 1.0, 24.0
"""Thinnest and thickest pieces in pixels, whatever the size of the image; another network fills thicker holes."""
COVERAGE = 0.01, 0.12
"""Lowest and highest share of the image that is hole, where pieces of these widths allow it."""
_MOST_PIECES = 200


def thin_damage(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw scratches, curled hairs, cracks and specks, widths in pixels and log-uniform in WIDTHS_PX.

    Where pieces cross, the hole is thicker.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: height or width is below 1.
    """
    check_size(height, width)
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    wanted = math.exp(rng.uniform(*np.log(COVERAGE)))
    thickest = math.exp(rng.uniform(0, math.log(WIDTHS_PX[1])))  # of this mask: most damage is of one kind
    mask = np.zeros((height, width), dtype=bool)
    for _ in range(_MOST_PIECES):
        line_px = max(WIDTHS_PX[0], thickest * rng.uniform(0.4, 1))
        start = rng.uniform(0, 1, 2) * (width, height)
        if rng.random() < 0.25:
            _draw_speck(draw, start, line_px, rng)
        else:
            _draw_path(draw, start, line_px, rng)
        mask = np.asarray(canvas, dtype=bool)
        if mask.mean() >= wanted:
            break
    return mask


def _draw_speck(draw: ImageDraw.ImageDraw, at: np.ndarray, thick_px: float, rng: np.random.Generator) -> None:
    """Draw an uneven round spot."""
    angles = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    radii = thick_px / 2 * rng.uniform(0.7, 1, len(angles))
    outline = at + radii[:, None] * np.stack([np.cos(angles) * rng.uniform(1, 1.6), np.sin(angles)], axis=1)
    draw.polygon([tuple(point) for point in outline.tolist()], fill=1, outline=1)


def _draw_path(draw: ImageDraw.ImageDraw, start: np.ndarray, line_px: float, rng: np.random.Generator) -> None:
    """Draw a nearly straight scratch, a curl or a ragged crack whose width varies a little."""
    steps, bend = int(rng.integers(4, 30)), float(rng.choice([0.02, 0.12, 0.45]))
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, bend, steps))
    moves = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (4 + line_px / 2)
    points = np.concatenate([start[None], start + np.cumsum(moves, axis=0)])
    widths = line_px * rng.uniform(0.75, 1, steps)
    for first, second, each in zip(points[:-1].tolist(), points[1:].tolist(), widths.tolist(), strict=True):
        draw.line((*first, *second), fill=1, width=max(1, round(each)))
        if each > 2:
            radius = round(each) / 2 - 0.5
            draw.ellipse((second[0] - radius, second[1] - radius, second[0] + radius, second[1] + radius), fill=1)
