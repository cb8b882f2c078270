"""A scan with an infrared channel, as logarithms, and what the scanner and the film did to it."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.photos.modes import low_bytes, to_rgb

from .filters import blur_once, box_mean, noise_of, shifted
from .leakage import Leakage, measure_leakage
from .registration import MAX_BLURS, defocus_px, find_defocus, find_shift

SAMPLE_PIXELS, DEFOCUS_PIXELS = 8_000_000, 2_000_000
"""Shift and leakage are measured in the middle of the scan, in this number of pixels, and the defocus in fewer."""
CLEAR_GAIN = 0.97
"""The defocus is that with which the least of the leakage is left, if that is less than this share of it all."""
_DARKEST = {8: 2 / 255, 16: 1 / 1024}
"""Darker colours count as this dark, for 8 and 16 bits: the logarithm of their noise says nothing."""


class Properties(NamedTuple):
    """What scanner and film did to an infrared channel.

    Attributes:
        shift_px: how far it lies (down, right) of the colours.
        blurs: how often `filters.blur_once` makes the colours as blurred.
        leakage: how much of the picture it shows.
    """

    shift_px: tuple[float, float]
    blurs: int
    leakage: Leakage

    @property
    def defocus_px(self) -> float:
        """Standard deviation of the blur that it has more than the colours."""
        return defocus_px(self.blurs)


class InfraredScan:
    """The colours and the infrared channel of a scan.

    Args:
        photo: upright, of any mode.
        infrared: uint16 (H, W), of the photo's size.
    """

    def __init__(self, photo: Image.Image, infrared: np.ndarray) -> None:
        self._pixels, self._infrared = to_rgb(photo), infrared
        low = low_bytes(photo) if photo.mode == "RGB" else None
        self._low = None if low is None else np.asarray(low)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self._infrared.shape
        return height, width

    @property
    def is_blank(self) -> bool:
        """Whether the infrared channel is the same nearly everywhere, as where a program has not filled it in."""
        return noise_of(self._infrared.astype(np.float32)) == 0 and np.ptp(self._infrared[::3, ::3]) < 256

    def infrared(self, rows: slice, columns: slice = slice(None)) -> np.ndarray:
        """Return the logarithm of a part of the infrared channel, float32."""
        return np.log(np.maximum(self._infrared[rows, columns], 64).astype(np.float32))

    def colours(self, rows: slice, columns: slice = slice(None)) -> list[np.ndarray]:
        """Return the logarithms of red, green and blue of a part, float32, 0 for white."""
        high = self._pixels[rows, columns]
        if self._low is None:
            share, darkest = high.astype(np.float32) / 255, _DARKEST[8]
        else:
            whole = high.astype(np.float32) * 256 + self._low[rows, columns]
            share, darkest = whole / 65535, _DARKEST[16]
        logarithms = np.log(np.maximum(share, np.float32(darkest)))
        return [np.ascontiguousarray(logarithms[..., channel]) for channel in range(3)]

    def measure(self) -> Properties:
        """Return what scanner and film did to the infrared channel."""
        rows, columns = _middle(self.shape, SAMPLE_PIXELS)
        infrared, colours = self.infrared(rows, columns), self.colours(rows, columns)
        shift = find_shift(infrared, _brightness(colours))
        infrared = shifted(infrared, -shift[0], -shift[1])
        part = _middle((infrared.shape[0], infrared.shape[1]), DEFOCUS_PIXELS)
        blurs = _defocus(infrared[part], [colour[part] for colour in colours])
        return Properties(shift, blurs, measure_leakage(infrared, blurred(colours, blurs)))


def _middle(shape: tuple[int, int], pixels: int) -> tuple[slice, slice]:
    """Return rows and columns of the middle of a scan, of at most this number of pixels."""
    scale = min(1.0, math.sqrt(pixels / (shape[0] * shape[1])))
    rows, columns = (slice((side - round(side * scale)) // 2, (side + round(side * scale)) // 2) for side in shape)
    return rows, columns


def _brightness(colours: list[np.ndarray]) -> np.ndarray:
    return (colours[0] + colours[1] + colours[2]) * np.float32(1 / 3)


def _defocus(infrared: np.ndarray, colours: list[np.ndarray]) -> int:
    """Return how often the colours have to be blurred: by the leakage, or by the dust where nothing leaks."""
    detail, whole = [], colours
    for _ in range(MAX_BLURS + 1):
        rest = infrared - measure_leakage(infrared, colours).of(colours)
        detail.append(noise_of(rest - box_mean(rest, 3)))
        colours = blurred(colours, 1)
    if min(detail) < CLEAR_GAIN * detail[0]:
        return int(np.argmin(detail))
    return find_defocus(infrared, _brightness(whole))


def blurred(colours: list[np.ndarray], blurs: int) -> list[np.ndarray]:
    """Return maps that are blurred a number of times by `filters.blur_once`."""
    for _ in range(blurs):
        colours = [blur_once(colour) for colour in colours]
    return colours
