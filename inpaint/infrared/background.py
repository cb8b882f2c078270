"""The infrared light of a scan without dust: uneven, and dark where the film's holder is."""

import numpy as np

from inpaint.morphology.labels import label

from .filters import median_of_neighbours

_DEGREE = 4
_ROUNDS, _OUTLIER = 5, 3.0
_NEIGHBOURS = 3
HOLDER_TRANSMISSION = 0.3
"""Darker blocks at the scan's border are the film's holder, or the end of the film."""


def fit_background(medians: np.ndarray) -> np.ndarray:
    """Return the infrared light of each block without dust, as logarithms.

    A polynomial takes the slopes that lenses and lamps cause, and a local median what remains of them. A median does
    not see dust that is smaller than half of its window.

    Args:
        medians: float32 (h, w), of the logarithm of the infrared channel in each block.
    """
    surface = _polynomial(medians)
    return surface + median_of_neighbours(medians - surface, _NEIGHBOURS)


def holder_of(medians: np.ndarray) -> np.ndarray:
    """Return which blocks are the film's holder: bool (h, w), dark ones that are connected to the border.

    Args:
        medians: as for `fit_background`.
    """
    dark = medians < np.median(medians) + np.log(HOLDER_TRANSMISSION)
    if not dark.any():
        return dark
    labels, count = label(dark)
    touching = np.zeros(count + 1, bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        touching[edge] = True
    touching[0] = False
    padded = np.pad(touching[labels], 1)
    height, width = dark.shape
    near = [padded[row : row + height, column : column + width] for row in range(3) for column in range(3)]
    return np.logical_or.reduce(near)


def _polynomial(values: np.ndarray) -> np.ndarray:
    """Return the smooth surface through a map without its outliers."""
    height, width = values.shape
    rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = [rows**a * columns**b for a in range(_DEGREE + 1) for b in range(_DEGREE + 1 - a)]
    matrix, target = np.stack(terms, axis=-1).reshape(height * width, -1), values.ravel().astype(np.float64)
    keep = np.abs(target - np.median(target)) < 1.0
    surface = np.zeros(len(target))
    for _ in range(_ROUNDS):
        if np.count_nonzero(keep) < 2 * matrix.shape[1]:
            return np.full(values.shape, np.median(values), np.float32)
        surface = matrix @ np.linalg.lstsq(matrix[keep], target[keep], rcond=None)[0]
        rest = target - surface
        middle = np.median(rest[keep])
        keep = np.abs(rest - middle) < _OUTLIER * 1.4826 * np.median(np.abs(rest[keep] - middle)) + 1e-4
    return surface.reshape(values.shape).astype(np.float32)
