"""Show the samples of a TIFF picture as the pixels of a photo, and write changed pixels back into samples."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.photos.modes import LOW_BYTES

from .embedded import COMPRESSIONS
from .lab import CIE_LAB, ICC_LAB, LabScale, lab_scale
from .layout import Layout, UnsupportedTiffError
from .scales import Scale, WholeScale

_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, CIE_LAB: 3, ICC_LAB: 3}
"""Photometric interpretation -> how many of the samples are colour."""
PALETTE = 3
_YCBCR = 6
_NAMES = {10: "ITU L*a*b*", 32844: "LogL", 32845: "LogLuv"}
_ROWS_PIXELS = 1 << 18


class Pixels(NamedTuple):
    """Pixels of a photo, of some rows and columns.

    Attributes:
        upper: (h, w) or (h, w, channels) in the type of the photo's mode.
        lower: the lower bytes of 16-bit colour, of the same shape; None for other photos.
    """

    upper: np.ndarray
    lower: np.ndarray | None


@dataclass(frozen=True)
class Rendition:
    """How the samples of a picture are shown as a photo.

    Attributes:
        mode: Pillow's mode of the photo.
        channels: index of the sample of each channel of the photo.
        scale: from colour samples to the photo's values.
        alpha_scale: from the samples of an alpha channel to the photo's values; None without one.
        premultiplied: whether the colours of the file are multiplied by alpha.
        palette: of mode P, uint8 (entries, 3).
    """

    mode: str
    channels: tuple[int, ...]
    scale: Scale | LabScale
    alpha_scale: Scale | None
    premultiplied: bool
    palette: np.ndarray | None = field(default=None, compare=False)

    @property
    def is_deep(self) -> bool:
        """Whether the photo is held as two images, see `modes.LOW_BYTES`."""
        return self.scale.dtype == np.uint16 and len(self.channels) > 1

    def blank(self, size: tuple[int, int]) -> Image.Image:
        """Return a photo without pixels, with its lower bytes in `info`."""
        photo = Image.new(self.mode, size)
        if self.palette is not None:
            photo.putpalette(self.palette.tobytes())
        if self.is_deep:
            photo.info[LOW_BYTES] = Image.new(self.mode, size)
        return photo

    def show(self, samples: np.ndarray) -> Pixels:
        """Return samples (h, w, all samples) as pixels."""
        values = self._values(samples)
        if self.mode == "1":
            return Pixels(values[..., 0] > 0, None)
        if len(self.channels) == 1:
            return Pixels(values[..., 0], None)
        if self.is_deep:
            return Pixels((values >> 8).astype(np.uint8), (values & 255).astype(np.uint8))
        return Pixels(values, None)

    def write(self, samples: np.ndarray, pixels: Pixels) -> np.ndarray:
        """Return samples with those changed whose pixels differ from what `show` returns for them.

        Args:
            samples: (h, w, all samples); not modified.
            pixels: of the photo, of the same place.

        Returns:
            `samples` itself if no pixel differs.
        """
        before, after = self._values(samples), self._joined(pixels)
        changed = before != after
        if before.dtype.kind == "f":
            changed &= ~(np.isnan(before) & np.isnan(after))
        if not changed.any():
            return samples
        result = samples.copy()
        if isinstance(self.scale, LabScale):
            where = changed.any(axis=2)
            result[..., :3][where] = self.scale.to_samples(after[where])
            return result
        for channel, index in enumerate(self.channels):
            where = changed[..., channel]
            if where.any():
                result[..., index][where] = self._to_samples(channel, after, where)
        return result

    def _values(self, samples: np.ndarray) -> np.ndarray:
        """Return the photo's values of samples, (h, w, channels)."""
        colours = len(self.channels) - (self.alpha_scale is not None)
        if self.channels == tuple(range(colours)):
            return self.scale.to_photo(samples[..., :colours])
        values = np.empty((*samples.shape[:2], len(self.channels)), self.scale.dtype)
        values[..., :colours] = self.scale.to_photo(samples[..., list(self.channels[:colours])])
        if self.alpha_scale is not None:
            values[..., colours] = alpha = self.alpha_scale.to_photo(samples[..., self.channels[colours]])
            if self.premultiplied:
                _divide(values[..., :colours], alpha)
        return values

    def _joined(self, pixels: Pixels) -> np.ndarray:
        upper, lower = pixels
        if lower is not None:
            return upper.astype(np.uint16) << 8 | lower
        if self.mode == "1":
            upper = upper.astype(self.scale.dtype) * np.array(np.iinfo(self.scale.dtype).max, self.scale.dtype)
        return upper if upper.ndim == 3 else upper[..., None]

    def _to_samples(self, channel: int, values: np.ndarray, where: np.ndarray) -> np.ndarray:
        wanted = values[..., channel][where]
        if self.alpha_scale is None:
            return self.scale.to_samples(wanted)
        if channel == len(self.channels) - 1:
            return self.alpha_scale.to_samples(wanted)
        if self.premultiplied:
            full = np.iinfo(values.dtype).max
            alpha = values[..., -1][where].astype(np.int64)
            product = (wanted.astype(np.int64) * alpha + full // 2) // full
            wanted = np.where(alpha > 0, product, wanted).astype(values.dtype)
        return self.scale.to_samples(wanted)


def _divide(colours: np.ndarray, alpha: np.ndarray) -> None:
    """Divide colours by alpha, in place, where it is above 0."""
    full = int(np.iinfo(colours.dtype).max)
    for row, share in zip(colours, alpha, strict=True):
        if share.min() < full:
            divisor = np.maximum(share, 1).astype(np.int64)[:, None]
            divided = np.minimum((row.astype(np.int64) * full + divisor // 2) // divisor, full)
            row[:] = np.where(share[:, None] > 0, divided, row)


def colours_of(layout: Layout) -> int:
    """Return how many of a picture's samples are colour.

    Raises:
        UnsupportedTiffError: its colours are of a kind that is not supported.
    """
    colours = _COLOURS.get(layout.photometric)
    if colours is None:
        name = _NAMES.get(layout.photometric, f"kind {layout.photometric}")
        raise UnsupportedTiffError(f"its colours are {name}")
    if layout.photometric == _YCBCR and (layout.compression not in COMPRESSIONS or layout.planar):
        raise UnsupportedTiffError("its colours are YCbCr")
    if layout.photometric == PALETTE and (layout.bits > 8 or layout.kind != "u"):
        raise UnsupportedTiffError(f"it has a palette of {layout.bits} bits")
    if layout.samples < colours:
        raise UnsupportedTiffError(f"it has {layout.samples} samples per pixel where its colours need {colours}")
    return colours


def rendition_of(layout: Layout, scale: Scale, alpha_scale: Scale, palette: np.ndarray) -> Rendition:
    """Return how the samples of a picture are shown as a photo.

    Args:
        layout: of the picture.
        scale: from colour samples to the photo's values.
        alpha_scale: from samples of alpha to the photo's values.
        palette: the tag ColorMap; empty if it is missing.

    Raises:
        UnsupportedTiffError: its colours are of a kind that is not supported.
    """
    colours = colours_of(layout)
    if layout.photometric in (CIE_LAB, ICC_LAB):
        return Rendition("RGB", (0, 1, 2), lab_scale(layout), None, False)
    if layout.photometric == PALETTE:
        indices = WholeScale(np.dtype(np.uint8), layout.dtype, 0, (1 << layout.bits) - 1, 0, False)
        return Rendition("P", (0,), indices, None, False, _palette(layout, palette))
    alpha = next((colours + place for place, kind in enumerate(layout.extra) if kind in (1, 2)), None)
    can_have_alpha = colours in (1, 3) and scale.dtype in (np.dtype(np.uint8), np.dtype(np.uint16))
    if alpha is not None and alpha < layout.samples and can_have_alpha:
        mode, premultiplied = "LA" if colours == 1 else "RGBA", layout.extra[alpha - colours] == 1
        return Rendition(mode, (*range(colours), alpha), scale, alpha_scale, premultiplied)
    if colours == 1:
        deep = {"u1": "1" if layout.bits == 1 else "L", "u2": "I;16", "i4": "I", "f4": "F"}
        return Rendition(deep[scale.dtype.str[1:]], (0,), scale, None, False)
    return Rendition("RGB" if colours == 3 else "CMYK", tuple(range(colours)), scale, None, False)


def _palette(layout: Layout, values: np.ndarray) -> np.ndarray:
    entries = 1 << layout.bits
    if len(values) < 3 * entries:
        raise UnsupportedTiffError(f"its palette has {len(values)} of {3 * entries} values")
    table = values[: 3 * entries].reshape(3, entries).T
    return (table >> 8 if table.max() > 255 else table).astype(np.uint8)


def row_blocks(height: int, width: int) -> Iterator[slice]:
    """Yield the rows of a segment in blocks, as each step of a conversion makes a copy."""
    rows = max(1, _ROWS_PIXELS // max(1, width))
    for top in range(0, height, rows):
        yield slice(top, min(top + rows, height))
