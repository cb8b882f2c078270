"""Outlines of annotations as masks."""

import numpy as np
from PIL import Image, ImageDraw

from inpaint.photos.errors import MaskError

MAX_POINTS = 1_000_000
MAX_OVERLAP = 100
"""Area of the boxes around all outlines of a mask, relative to the photo."""
_MAX_CROSSINGS = 50_000_000
_FAR = 1e7


def checked_points(points: object) -> np.ndarray:
    """Return the points of an outline: float64 (N, 2), x and y in pixels from the upper left corner of the photo.

    Args:
        points: [x, y, x, y, ...] or [[x, y], ...].

    Raises:
        MaskError: they are not.
    """
    try:
        found = np.array(points, np.float64).reshape(-1, 2)
    except (TypeError, ValueError, OverflowError):
        raise MaskError("the mask has an outline that is no list of points (x, y); export it again") from None
    if len(found) > MAX_POINTS or not (np.abs(found) < _FAR).all():
        raise MaskError("the mask has an outline with too many points, or with some far outside the photo")
    return found


def checked_overlap(drawn: int, points: np.ndarray, hole: np.ndarray) -> int:
    """Return how many pixels the boxes around outlines have together, with those of one more.

    Args:
        drawn: of the outlines before.
        points: (N, 2), see `checked_points`.
        hole: bool (H, W), of the photo.

    Raises:
        MaskError: they are more than MAX_OVERLAP times the photo's: drawing them would take minutes.
    """
    low, high = (corner.clip(0, hole.shape[::-1]) for corner in (points.min(axis=0), points.max(axis=0)))
    drawn += int(np.prod(np.ceil(high) - np.floor(low)))
    if drawn > MAX_OVERLAP * hole.size:
        raise MaskError(
            f"the mask has outlines that together are more than {MAX_OVERLAP} times as large as the photo; export fewer"
        )
    return drawn


def add_polygon(hole: np.ndarray, points: np.ndarray) -> None:
    """Mark the pixels whose centres lie inside a polygon, by the even-odd rule.

    Args:
        hole: bool (H, W); modified.
        points: (N, 2), see `checked_points`; the last one is joined with the first one.

    Raises:
        MaskError: its outline is too long.
    """
    height, width = hole.shape
    left, top = np.floor(points.min(axis=0)).clip(0, (width, height)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).clip(0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return
    start, end = points, np.roll(points, -1, axis=0)
    first = np.ceil(np.minimum(start[:, 1], end[:, 1]) - 0.5).clip(top, bottom).astype(int)
    stop = np.ceil(np.maximum(start[:, 1], end[:, 1]) - 0.5).clip(top, bottom).astype(int)
    count = stop - first
    if count.sum() > _MAX_CROSSINGS:
        raise MaskError("the mask has an outline that is too long to be drawn; simplify it")
    edge = np.repeat(np.arange(len(points)), count)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    slope = (end[edge, 0] - start[edge, 0]) / (end[edge, 1] - start[edge, 1])
    crossing = start[edge, 0] + (rows + 0.5 - start[edge, 1]) * slope
    columns = np.ceil(crossing - 0.5).clip(left, right).astype(int)
    parity = np.zeros((bottom - top, right - left + 1), np.uint8)
    np.bitwise_xor.at(parity, (rows - top, columns - left), 1)
    hole[top:bottom, left:right] |= np.bitwise_xor.accumulate(parity, axis=1)[:, :-1].astype(bool)


def add_disk(hole: np.ndarray, centre: np.ndarray, radius: float) -> None:
    """Mark the pixels whose centres lie in a disk.

    Args:
        hole: bool (H, W); modified.
        centre: (2,), x and y.
        radius: in pixels.
    """
    height, width = hole.shape
    left, top = np.floor(centre - radius).clip(0, (width, height)).astype(int)
    right, bottom = np.ceil(centre + radius).clip(0, (width, height)).astype(int)
    y, x = np.ogrid[top:bottom, left:right]
    hole[top:bottom, left:right] |= (x + 0.5 - centre[0]) ** 2 + (y + 0.5 - centre[1]) ** 2 <= radius**2


def add_line(hole: np.ndarray, points: np.ndarray, width_px: int) -> None:
    """Mark a line.

    Args:
        hole: bool (H, W); modified.
        points: (N, 2).
        width_px: its width.
    """
    size = hole.shape[::-1]
    left, top = (np.floor(points.min(axis=0)) - width_px).clip(0, size).astype(int)
    right, bottom = (np.ceil(points.max(axis=0)) + width_px + 1).clip(0, size).astype(int)
    if right <= left or bottom <= top:
        return
    window = hole[top:bottom, left:right]
    picture = Image.fromarray(window)
    ImageDraw.Draw(picture).line([tuple(point) for point in (points - (left, top)).tolist()], fill=1, width=width_px)
    window |= np.asarray(picture)
