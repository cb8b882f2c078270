"""Rasterise a closed outline, such as a lasso or a rectangle: it becomes the set of pixels that it encloses."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .brush import stroke_to_mask
from .regions import Box


def polygon_to_mask(
    points: Sequence[Sequence[float]], size: tuple[int, int], grow_px: float = 0
) -> tuple[Box, np.ndarray]:
    """Return the pixels that a closed outline encloses, and those on the outline.

    A pixel is enclosed if the outline winds around its centre (non-zero rule): where a lasso crosses itself, all that
    it has been drawn around belongs to it.

    Args:
        points: [[x, y], ...] as for `stroke_to_mask`; the last one is joined to the first.
        size: (width, height) of the photo.
        grow_px: dilate the area by this number of pixels.

    Returns:
        The bounding box of the area inside the photo (empty if it lies outside), and the pixels in it, bool (h, w).

    Raises:
        ValueError: as `stroke_to_mask`.
    """
    if isinstance(points, Sequence | np.ndarray) and len(points) > 1:
        points = [*points, points[0]]
    box, area = stroke_to_mask(points, 1, size, grow_px)
    if not area.size:
        return box, area
    corners = np.array(points, np.float64)
    steps = np.zeros((box.height, box.width + 1), np.int32)
    for start, stop in pairwise(corners):
        rows, columns = _crossings(start, stop, box)
        steps[rows, columns] += 1 if start[1] < stop[1] else -1
    windings = np.cumsum(steps, axis=1, out=steps)[:, :-1]
    return box, np.logical_or(area, windings, out=area)


def _crossings(start: np.ndarray, stop: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a box whose centre line an edge crosses, and the first column right of it in each.

    Rows and columns count from the box. An edge includes its upper end and not its lower one, so that a corner is
    crossed once.
    """
    (x0, y0), (x1, y1) = (start, stop) if start[1] <= stop[1] else (stop, start)
    first, end = (int(np.clip(np.ceil(y - 0.5), box.top, box.bottom)) for y in (y0, y1))
    rows = np.arange(first, end)
    x = x0 + (rows + 0.5 - y0) * ((x1 - x0) / max(y1 - y0, 1e-9))
    columns = np.clip(np.ceil(x - 0.5), box.left, box.right).astype(int)
    return rows - box.top, columns - box.left
