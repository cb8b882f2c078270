"""Weak thin lines in a noisy map: hairs and scratches."""

import math

import numpy as np

from inpaint.morphology.labels import bounding_boxes, label

from .filters import noise_of

STEPS = (1, 2, 4, 8)
LENGTH_PX = 2 * STEPS[-1]
ORIENTATIONS = 16
LEAST_LENGTH_PX, MOST_FILLED = 12, 0.17
"""Shortest component of lines, and the largest share of its bounding square that it may fill."""
_SIDE_PX = 3.0


def line_response(depth: np.ndarray) -> np.ndarray:
    """Return how much deeper than both sides the best line through each pixel is, in standard deviations of the noise.

    A line is LENGTH_PX pixels long, in one of ORIENTATIONS directions. Its mean has a quarter of the noise of a pixel.

    Args:
        depth: float32 (H, W), positive in dust, around 0 elsewhere.

    Returns:
        float32 (H, W).
    """
    best = np.full(depth.shape, -np.inf, np.float32)
    for number in range(ORIENTATIONS):
        angle = math.pi * number / ORIENTATIONS
        along = _line_mean(depth, angle)
        dx, dy = (round(_SIDE_PX * part) for part in (-math.sin(angle), math.cos(angle)))
        response = along - np.maximum(_moved(along, dy, dx), _moved(along, -dy, -dx))
        response -= np.float32(np.median(response[::7, ::7]))
        response /= np.float32(noise_of(response) + 1e-9)
        np.maximum(best, response, out=best)
    return best


def elongated(mask: np.ndarray) -> np.ndarray:
    """Return the components of a mask that are lines: bool (H, W).

    All lines through a speck that is none together are a star, which fills much of its bounding square.

    Args:
        mask: bool (H, W), not modified.
    """
    labels, count = label(mask)
    boxes = bounding_boxes(labels, count)
    lengths = np.maximum(boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2])
    filled = np.bincount(labels.ravel(), minlength=count + 1)[1:] / np.maximum(lengths, 1) ** 2
    keep = np.concatenate([[False], (lengths >= LEAST_LENGTH_PX) & (filled < MOST_FILLED)])
    return keep[labels]


def _line_mean(values: np.ndarray, angle: float) -> np.ndarray:
    """Return the mean of the line of LENGTH_PX pixels centred on each pixel, by doubling: 2, 4, 8, 16 pixels."""
    for step in STEPS:
        dx, dy = round(step * math.cos(angle)), round(step * math.sin(angle))
        values = values + _moved(values, -dy, -dx)
    dx, dy = (round((LENGTH_PX - 1) / 2 * part) for part in (math.cos(angle), math.sin(angle)))
    return _moved(values, dy, dx) * np.float32(1 / LENGTH_PX)


def _moved(values: np.ndarray, down: int, right: int) -> np.ndarray:
    """Return a map moved by whole pixels; 0 comes in at the border."""
    out = np.zeros_like(values)
    height, width = values.shape
    if abs(down) < height and abs(right) < width:
        out[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = values[
            max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
        ]
    return out
