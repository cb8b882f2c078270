"""The input of the network that decides from the logits of three sizes of a photo."""

import itertools

import numpy as np

from inpaint.compiled.parallel import results_of
from inpaint.networks.config import DamageFusionConfig

from .resize import maximum_with_enlarged

MULTIPLE = DamageFusionConfig.multiple
_LEAST, _MOST, _USUAL, _STEP = -14.0, 10.0, -4.0, 4.0  # of logits: what lies beyond is as sure
_REACH_PX = 12
_LEAST_DEVIATION, _MOST_CONTRAST = 0.06, 4.0


def fusion_input(
    pixels: np.ndarray, of_double: np.ndarray, alone: np.ndarray, of_half: np.ndarray, mean: np.ndarray
) -> np.ndarray:
    """Return the logits of three sizes, their mean and the photo's grey values, with 2x2 pixels as the channels of one.

    Args:
        pixels: the photo, RGB uint8 (H, W, 3).
        of_double: float32 (H, W), logits of the photo at twice its size, averaged.
        alone: float32 (H, W), those of the photo itself.
        of_half: float32 (h, w), those of its copy of half the size.
        mean: float32 (H, W), what they give without the network.

    Returns:
        float32 (24, h, w), h and w being H / 2 and W / 2 rounded up to multiples of 16; the edges are repeated there.
        Each four channels are the pixels of a cell, row by row: logits of the double, the photo, the half and the mean,
        clipped to [-14, 10], plus 4, divided by 4; then grey values minus the photo's mean, as shares of 255, times 2;
        and their local contrast, from -4 to 4, divided by 2.
    """
    half = np.full(alone.shape, _LEAST, np.float32)
    maximum_with_enlarged(half, of_half.astype(np.float32, copy=False))
    below, right = (-side % MULTIPLE for side in alone.shape)
    height, width = (alone.shape[0] + below) // 2, (alone.shape[1] + right) // 2
    out = np.empty((6, 2, 2, height, width), np.float32)

    def write(number: int, plane: np.ndarray) -> None:
        if below or right:
            plane = np.pad(plane, ((0, below), (0, right)), mode="edge")
        for row, column in itertools.product(range(2), repeat=2):
            out[number, row, column] = plane[row::2, column::2]

    def write_logits() -> None:
        for number, logits in enumerate((of_double, alone, half, mean)):
            plane = np.clip(logits, _LEAST, _MOST)
            plane -= np.float32(_USUAL)
            plane /= np.float32(_STEP)
            write(number, plane)

    def write_grey() -> None:
        grey = pixels.mean(axis=2, dtype=np.float32)
        grey -= grey.mean()
        grey /= np.float32(255)
        write(4, grey * np.float32(2))
        write(5, _contrast(grey))

    results_of([write_grey, write_logits])
    return out.reshape(24, height, width)


def _contrast(grey: np.ndarray) -> np.ndarray:
    """Return the local contrast of centred grey values, divided by 2: float32 (H, W)."""
    around, deviation = _box_mean(grey), _box_mean(grey * grey)
    deviation -= around * around
    np.maximum(deviation, 0, out=deviation)
    np.sqrt(deviation, out=deviation)
    deviation += np.float32(_LEAST_DEVIATION)
    contrast = np.subtract(grey, around, out=around)
    contrast /= deviation
    np.clip(contrast, -_MOST_CONTRAST, _MOST_CONTRAST, out=contrast)
    contrast /= np.float32(2)
    return contrast


def _box_mean(values: np.ndarray) -> np.ndarray:
    """Return the means of squares around each pixel, float32 (H, W), the edges being repeated beyond them.

    Grey values are centred before, so that their sums along a side are small; sums of their squares are exact to about
    a millionth of the range for sides of 1,500 px.
    """
    side = 2 * _REACH_PX + 1
    rows = np.pad(values, ((_REACH_PX + 1, _REACH_PX), (0, 0)), mode="edge").cumsum(0, dtype=np.float32)
    values = rows[side:] - rows[:-side]
    columns = np.pad(values, ((0, 0), (_REACH_PX + 1, _REACH_PX)), mode="edge").cumsum(1, dtype=np.float32)
    values = columns[:, side:] - columns[:, :-side]
    values /= np.float32(side * side)
    return values
