"""Masks from the logits of damage."""

import numpy as np

from inpaint.compiled.available import is_available
from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import label

from .resize import enlarged_at_most

THICK_PX = 24
"""Thickness from which damage is a stain or a lost piece."""
CELL_PX = 4
"""Thick damage is located on a grid of cells of this side."""


def hysteresis(values: np.ndarray, low: float, high: float, least: int) -> np.ndarray:
    """Return the mask by hysteresis thresholding: 8-connected pixels above `low`, of which one is above `high`.

    Args:
        values: float32 (H, W).
        low: the lower threshold.
        high: the higher threshold.
        least: components of fewer pixels are left out.

    Returns:
        bool (H, W).

    Reference:
        Canny 1986, A Computational Approach to Edge Detection, IEEE PAMI 8(6), section 8.
    """
    weak = values > low
    if not is_available():
        labels, count = label(weak)
        keep = np.zeros(count + 1, bool)
        keep[labels[values > high]] = True
        keep &= np.bincount(labels.ravel(), minlength=count + 1) >= least
        keep[0] = False
        return keep[labels]
    from . import kernels

    found = np.zeros(values.shape, bool)
    queue = np.empty(np.count_nonzero(weak), np.int32)
    kernels.hysteresis(values, np.float32(low), np.float32(high), least, queue, found)
    return found


def near_thick(found: np.ndarray, distance_px: float) -> np.ndarray | None:
    """Return which pixels lie within a distance of damage of at least THICK_PX.

    Args:
        found: bool (H, W), the damage; not modified.
        distance_px: in pixels.

    Returns:
        bool (H, W), damage that is thick included; None if none is thick.
    """
    height, width = found.shape
    cells = _full_cells(found)
    if not cells.any():
        return None
    inside = np.pad(cells, 1, mode="edge")  # damage at the photo's edge continues beyond it
    thick = distance_transform(inside)[1:-1, 1:-1] * CELL_PX >= THICK_PX / 2
    if not thick.any():
        return None
    distance = distance_transform(~thick) * np.float32(CELL_PX)
    shape = (cells.shape[0] * CELL_PX, cells.shape[1] * CELL_PX)
    return enlarged_at_most(distance, shape, THICK_PX / 2 + distance_px)[:height, :width]


def _full_cells(found: np.ndarray) -> np.ndarray:
    """Return which cells of CELL_PX x CELL_PX pixels are all damage, bool (ceil(H / CELL_PX), ceil(W / CELL_PX))."""
    padded = np.pad(found, ((0, -found.shape[0] % CELL_PX), (0, -found.shape[1] % CELL_PX)), mode="edge")
    words = padded.view(np.uint32)  # the four pixels of a cell's row as one number
    full = words[0::CELL_PX] & words[1::CELL_PX] & words[2::CELL_PX] & words[3::CELL_PX]
    return full == np.uint32(0x01010101)
