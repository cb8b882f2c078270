"""The input of the damage network: a photo and its local contrast, unshuffled."""

import numpy as np

from inpaint.compiled.available import is_available
from inpaint.compiled.parallel import parallel

CELL = 8
_LEAST_PIXELS = 1 << 16  # of a part that is worth a thread


def unshuffled_with_contrast(pixels: np.ndarray) -> np.ndarray:
    """Return a photo with its local contrast, with 2x2 pixels as the channels of one.

    Args:
        pixels: RGB uint8 (H, W, 3), H and W multiples of 16.

    Returns:
        float32 (24, H / 2, W / 2): the four pixels, row by row, each with red, green and blue as
        `networks.efficientnet.normalize_for_lite` returns them, which bfloat16 represents exactly, and then with the
        three values of `networks.damage.local_contrast`, divided by 4: all lie in [-1, 1].
    """
    height, width = pixels.shape[:2]
    if not is_available():
        return _without_numba(pixels)
    from . import kernels

    pixels = np.ascontiguousarray(pixels)[:]
    pixels.flags.writeable = False  # as Pillow's pixels are: a kernel is compiled for one kind of array only
    out = np.empty((24, height // 2, width // 2), np.float32)
    means = np.empty((height // CELL, width // CELL, 4), np.float32)
    parallel(kernels.cell_means, len(means), pixels, means, least=-(-_LEAST_PIXELS // (width * CELL)))
    around = _mean_of_neighbours(means)
    at = np.maximum((np.arange(width, dtype=np.float32) + 0.5) / CELL - 0.5, 0)
    left = at.astype(np.int32)
    arguments = (
        pixels,
        np.pad(around, ((0, 0), (0, 1), (0, 0)), mode="edge"),
        left,
        at - left.astype(np.float32),
        out,
    )
    parallel(kernels.unshuffle_with_contrast, height // 2, *arguments, least=-(-_LEAST_PIXELS // (2 * width)))
    return out


def _mean_of_neighbours(cells: np.ndarray) -> np.ndarray:
    """Return the mean of 3x3 cells around each cell, float32 (h, w, C); those at the edges are repeated beyond them."""
    padded = np.pad(cells, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9


def _without_numba(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    image = pixels.astype(np.float32) / np.float32(127.5) - 1
    values = np.concatenate([image, image**2], axis=2)
    cells = values.reshape(height // CELL, CELL, width // CELL, CELL, 6).mean((1, 3))
    around = _mean_of_neighbours(cells)
    for axis in (0, 1):
        around = _enlarged(around, axis)
    mean, square = around[..., :3], around[..., 3:]
    deviation = np.sqrt(np.maximum(square - mean**2, 0).mean(2, keepdims=True))
    contrast = np.clip((image - mean) / (4 * (deviation + np.float32(0.06))), -1, 1)
    both = np.concatenate([(pixels.astype(np.float32) - 127) / 128, contrast], axis=2)
    return np.ascontiguousarray(
        both.reshape(height // 2, 2, width // 2, 2, 6).transpose(1, 3, 4, 0, 2).reshape(24, height // 2, width // 2)
    )


def _enlarged(cells: np.ndarray, axis: int) -> np.ndarray:
    """Return cells enlarged CELL times along an axis by linear interpolation."""
    count = cells.shape[axis]
    at = np.clip((np.arange(count * CELL, dtype=np.float32) + 0.5) / CELL - 0.5, 0, count - 1)
    left = at.astype(np.int32)
    share = (at - left).reshape(-1, *[1] * (cells.ndim - 1 - axis))
    first, second = (np.take(cells, index, axis) for index in (left, np.minimum(left + 1, count - 1)))
    return first + share * (second - first)
