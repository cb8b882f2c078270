"""Rasterise a brush stroke: a polyline with a round brush becomes the set of pixels that it paints."""

from collections.abc import Sequence

import numpy as np

from .capsules import add_capsules, make_capsules
from .regions import Box

MAX_POINTS = 20_000
MAX_COORDINATE = 1_000_000


def stroke_to_mask(
    points: Sequence[Sequence[float]], brush_px: float, size: tuple[int, int], grow_px: float = 0
) -> tuple[Box, np.ndarray]:
    """Return the pixels whose centre lies within half a brush of a polyline, with round caps and joints.

    Args:
        points: [[x, y], ...] in photo pixels, 1 to MAX_POINTS of them; pixel (0, 0) reaches from 0 to 1, its centre
            is at 0.5. They may lie outside the photo.
        brush_px: diameter of the brush. The pixel under each point is painted even if the brush is finer than that.
        size: (width, height) of the photo.
        grow_px: added to the radius of the brush.

    Returns:
        The bounding box of the stroke inside the photo (empty if the stroke lies outside), and the painted pixels in
        it, bool (h, w).

    Raises:
        ValueError: there are no points or too many, a coordinate is not finite or exceeds MAX_COORDINATE, or the brush
            is not positive.
    """
    path = _check(points, brush_px)
    starts, stops = (path[:-1], path[1:]) if len(path) > 1 else (path, path)
    return _painted(path, starts, stops, max(float(brush_px) / 2, 0.5) + grow_px, size)


def discs_to_mask(points: Sequence[Sequence[float]], brush_px: float, size: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Return what a round brush paints that is set down at each point; arguments, results and errors as above."""
    path = _check(points, brush_px)
    return _painted(path, path, path, max(float(brush_px) / 2, 0.5), size)


def _painted(
    path: np.ndarray, starts: np.ndarray, stops: np.ndarray, radius: float, size: tuple[int, int]
) -> tuple[Box, np.ndarray]:
    """Return the pixels around segments between the points of a path, and those under its points."""
    width, height = size
    low, high = np.floor(path.min(axis=0) - radius), np.ceil(path.max(axis=0) + radius)
    left, right = (int(value) for value in np.clip([low[0], high[0]], 0, width))
    top, bottom = (int(value) for value in np.clip([low[1], high[1]], 0, height))
    box = Box(left, top, right, bottom)
    if box.width <= 0 or box.height <= 0:
        return Box(0, 0, 0, 0), np.zeros((0, 0), bool)
    steps = np.zeros((box.height, box.width + 1), np.int16)
    add_capsules(make_capsules(starts, stops, radius, box), steps)
    painted = np.cumsum(steps, axis=1, out=steps)[:, :-1] > 0
    under = np.floor(path).astype(np.int64) - (left, top)
    under = under[((under >= 0) & (under < (box.width, box.height))).all(axis=1)]
    painted[under[:, 1], under[:, 0]] = True
    return box, painted


def _check(points: Sequence[Sequence[float]], brush_px: float) -> np.ndarray:
    if isinstance(brush_px, bool) or not isinstance(brush_px, int | float | np.number):
        raise ValueError(f"brush_px is {brush_px!r}; it must be a number of pixels, such as 20")
    if not 0 < brush_px <= MAX_COORDINATE:
        raise ValueError(f"brush_px is {brush_px}; it must be more than 0 and at most {MAX_COORDINATE} pixels")
    if not isinstance(points, Sequence | np.ndarray) or isinstance(points, str | bytes):
        raise ValueError(f"the stroke is of type {type(points).__name__}; it must be a list of points [[x, y], ...]")
    if len(points) == 0 or len(points) > MAX_POINTS:
        raise ValueError(f"the stroke has {len(points)} points; it must have 1 to {MAX_POINTS}: split a longer one")
    try:
        path = np.array(points, np.float64)
    except (TypeError, ValueError):
        path = np.empty(0)
    if path.ndim != 2 or path.shape[1] != 2:
        raise ValueError("the stroke's points must be pairs of numbers: [[x, y], [x, y], ...]")
    valid = np.abs(path) <= MAX_COORDINATE  # False for NaN
    if not valid.all():
        raise ValueError(
            f"the stroke has the coordinate {path[~valid][0]:g}; it must lie between -{MAX_COORDINATE} and "
            f"{MAX_COORDINATE} photo pixels: check the scaling"
        )
    return path
