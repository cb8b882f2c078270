"""Filters and statistics of maps, in NumPy: float32 (H, W) in and out."""

from collections.abc import Callable

import numpy as np
from PIL import Image

MAD_TO_SIGMA = np.float32(1.4826)
"""Of a normal distribution: standard deviation over median absolute deviation."""


def box_mean(values: np.ndarray, radius: int) -> np.ndarray:
    """Return the mean of the square of 2 radius + 1 pixels around each pixel; the border is repeated."""
    for axis in (0, 1):
        if radius <= 2:
            values = _of_neighbours(values, radius, axis, np.add) / np.float32(2 * radius + 1)
            continue
        length = values.shape[axis]
        sums = np.cumsum(_padded(values, radius + 1, radius, axis), axis=axis, dtype=np.float64)
        ends = np.take(sums, np.arange(length) + 2 * radius + 1, axis) - np.take(sums, np.arange(length), axis)
        values = (ends / (2 * radius + 1)).astype(np.float32)
    return values


def blur_once(values: np.ndarray) -> np.ndarray:
    """Return a map convolved by (1, 2, 1) / 4 in both directions, which adds 0.5 to the variance of a blur."""
    for axis in (0, 1):
        values = (_of_neighbours(values, 1, axis, np.add) + values) * np.float32(0.25)
    return values


def maximum_around(values: np.ndarray, radius: int) -> np.ndarray:
    """Return the maximum of the square of 2 radius + 1 pixels around each pixel."""
    for axis in (0, 1):
        values = _of_neighbours(values, radius, axis, np.maximum)
    return values


def shifted(values: np.ndarray, down: float, right: float) -> np.ndarray:
    """Return a map moved by a number of pixels, by linear interpolation; the border is repeated."""
    for axis, by in ((0, down), (1, right)):
        whole = int(np.floor(by))
        share, at = np.float32(by - whole), np.arange(values.shape[axis]) - whole
        moved = np.take(values, np.clip(at, 0, len(at) - 1), axis)
        if share > 0:
            moved = moved * (1 - share) + share * np.take(values, np.clip(at - 1, 0, len(at) - 1), axis)
        values = moved
    return values


def block_medians(values: np.ndarray, side: int) -> np.ndarray:
    """Return the median of each block of side x side pixels, float32 (ceil(H / side), ceil(W / side))."""
    return np.median(_blocks(values, side), axis=2).astype(np.float32)


def block_means(values: np.ndarray, side: int) -> np.ndarray:
    """Return the mean of each block of side x side pixels, float32 (ceil(H / side), ceil(W / side))."""
    return _blocks(values, side).mean(axis=2, dtype=np.float32)


def median_of_neighbours(small: np.ndarray, radius: int) -> np.ndarray:
    """Return the median of the square of 2 radius + 1 values around each value of a small map, which may slope."""
    radius = min(radius, min(small.shape) - 1)
    if radius < 1:
        return small
    padded = np.pad(small, radius, mode="reflect", reflect_type="odd")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * radius + 1, 2 * radius + 1))
    return np.median(windows.reshape(*small.shape, -1), axis=2).astype(np.float32)


def enlarged(small: np.ndarray, side: int, rows: slice, width: int) -> np.ndarray:
    """Return some rows of the map of whose blocks `small` has a statistic, by bilinear interpolation.

    Args:
        small: float32 (h, w).
        side: of the blocks in pixels.
        rows: of the map.
        width: of the map.
    """
    padded = small
    for axis in (0, 1):  # beyond the centres of the outermost blocks the map goes on as it slopes
        widths = [(1, 1) if axis == other else (0, 0) for other in (0, 1)]
        if padded.shape[axis] > 1:
            padded = np.pad(padded, widths, mode="reflect", reflect_type="odd")
        else:
            padded = np.pad(padded, widths, mode="edge")
    box = (1.0, rows.start / side + 1, width / side + 1, rows.stop / side + 1)
    image = Image.fromarray(np.ascontiguousarray(padded, np.float32))
    return np.asarray(image.resize((width, rows.stop - rows.start), Image.Resampling.BILINEAR, box=box))


def noise_of(values: np.ndarray) -> float:
    """Return the standard deviation of a map's noise from its median absolute deviation, on a part of its pixels."""
    step = max(1, int(np.sqrt(values.size / 1e5)))
    some = values[::step, ::step]
    return float(MAD_TO_SIGMA * np.median(np.abs(some - np.median(some))))


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    padded = np.pad(values, [(0, -length % side) for length in values.shape], mode="edge")
    height, width = padded.shape[0] // side, padded.shape[1] // side
    return padded.reshape(height, side, width, side).transpose(0, 2, 1, 3).reshape(height, width, side * side)


def _padded(values: np.ndarray, before: int, after: int, axis: int) -> np.ndarray:
    return np.pad(values, [(before, after) if axis == side else (0, 0) for side in (0, 1)], mode="edge")


def _of_neighbours(values: np.ndarray, radius: int, axis: int, combine: Callable[..., np.ndarray]) -> np.ndarray:
    """Combine each pixel with those up to `radius` before and after it along an axis."""
    padded, length = _padded(values, radius, radius, axis), values.shape[axis]
    parts = [padded[start : start + length] if axis == 0 else padded[:, start : start + length]
             for start in range(2 * radius + 1)]  # fmt: skip
    out = parts[0].copy()
    for part in parts[1:]:
        combine(out, part, out=out)
    return out
