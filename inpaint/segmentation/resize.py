"""Smaller copies of photos, and enlarged maps of numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from inpaint.compiled.available import is_available
from inpaint.compiled.parallel import parallel

_LEAST_PIXELS = 1 << 16  # of a part that is worth a thread


def box_downscale(pixels: np.ndarray, scale: float) -> np.ndarray:
    """Return a smaller copy of a photo, each pixel the mean of a rectangle of the photo's, as Pillow's BOX filter.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        scale: of the sides, at most 1. No side of the copy is shorter than a pixel.

    Returns:
        uint8 (h, w, 3); the photo itself if the sides do not change.
    """
    height, width = pixels.shape[:2]
    small_height, small_width = max(1, round(height * scale)), max(1, round(width * scale))
    if (small_height, small_width) == (height, width):
        return pixels
    if not is_available():
        return np.asarray(Image.fromarray(pixels).resize((small_width, small_height), Image.Resampling.BOX))
    from . import kernels

    out = np.empty((small_height, small_width, 3), np.uint8)
    rows, columns = _box_bounds(height, small_height), _box_bounds(width, small_width)
    lines = np.ascontiguousarray(pixels).reshape(height, width * 3)
    lines.flags.writeable = False  # as Pillow's pixels are: a kernel is compiled for one kind of array only
    parallel(kernels.box_downscale, small_height, lines, rows, columns, out, least=_least(out))
    return out


def twice_as_large(pixels: np.ndarray) -> np.ndarray:
    """Return a photo at twice its size by bicubic interpolation, uint8 (H, W, 3) -> (2 H, 2 W, 3)."""
    height, width = pixels.shape[:2]
    return np.asarray(Image.fromarray(pixels).resize((2 * width, 2 * height), Image.Resampling.BICUBIC))


def average_with_enlarged(values: np.ndarray, small: np.ndarray, share: float, most_below: float = math.inf) -> None:
    """Overwrite values by their weighted mean with a smaller map that is enlarged by bilinear interpolation.

    Args:
        values: float32 (H, W), overwritten.
        small: float32 (h, w).
        share: weight of the smaller map, from 0 to 1; the values have the rest.
        most_below: where the enlarged map lies further than this below a value, it counts as so far below it only.
    """
    if not is_available():
        difference = _enlarged(small, values.shape) - values
        values += np.float32(share) * np.maximum(difference, np.float32(-most_below))
        return
    from . import kernels

    _run(kernels.average_with_enlarged, small, np.float32(share), np.float32(most_below), values)


def maximum_with_enlarged(values: np.ndarray, small: np.ndarray) -> None:
    """Overwrite values, float32 (H, W), by their maximum with a smaller map, enlarged by bilinear interpolation."""
    if not is_available():
        np.maximum(values, _enlarged(small, values.shape), out=values)
        return
    from . import kernels

    _run(kernels.maximum_with_enlarged, small, values)


def enlarged_at_most(small: np.ndarray, shape: tuple[int, ...], limit: float) -> np.ndarray:
    """Return where a map is at most `limit` after enlargement by bilinear interpolation.

    Args:
        small: float32 (h, w); no value is infinite.
        shape: (H, W), of the result.
        limit: compared with each value.

    Returns:
        bool (H, W).
    """
    if not is_available():
        return _enlarged(small, shape) <= limit
    from . import kernels

    out = np.empty(shape, bool)
    _run(kernels.enlarged_at_most, small, np.float32(limit), out)
    return out


def _run(kernel: Callable[..., None], small: np.ndarray, *arguments: Any) -> None:
    """Run a kernel that enlarges a map; the last argument has the shape of the result."""
    height, width = arguments[-1].shape
    rows, columns = _positions(small.shape[0], height), _positions(small.shape[1], width)
    left = columns.astype(np.int32)
    right = np.minimum(left + 1, small.shape[1] - 1).astype(np.int32)
    places = rows, left, right, columns - left.astype(np.float32)
    parallel(kernel, height, np.ascontiguousarray(small), *places, *arguments, least=_least(arguments[-1]))


def _least(out: np.ndarray) -> int:
    """Return how many rows of an array are worth a thread."""
    return -(-_LEAST_PIXELS // out.shape[1])


def _box_bounds(length: int, small_length: int) -> np.ndarray:
    """Return the first pixel and the last but one of each pixel of a smaller copy, int32 (small_length, 2)."""
    edges = np.floor(np.arange(small_length + 1) * (length / small_length) - 0.5).astype(np.int32) + 1
    return np.stack([edges[:-1], edges[1:]], axis=1)


def _positions(small_length: int, length: int) -> np.ndarray:
    """Return the position of each pixel among those of a smaller map, float32 (length,)."""
    at = (np.arange(length) + 0.5) * (small_length / length) - 0.5
    return np.clip(at, 0, small_length - 1).astype(np.float32)


def _enlarged(small: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
