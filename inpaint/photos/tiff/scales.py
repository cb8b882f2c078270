"""Monotonic maps between the samples of TIFF files, of any type, and the values of photos."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .layout import Layout

GAMMA = 2.2
_FULL_SCALES = (1.0, 255.0, 65535.0)
_TABLE_BITS = 16


class Scale(Protocol):
    """A monotonic map from samples to the values of a photo."""

    @property
    def dtype(self) -> np.dtype:
        """Type of the photo's values: uint8, uint16, int32 or float32."""

    def to_photo(self, samples: np.ndarray) -> np.ndarray:
        """Return the photo's values of samples."""

    def to_samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples whose value is as near as possible."""


@dataclass(frozen=True)
class WholeScale:
    """Map whole numbers of at most 32 bits.

    Attributes:
        dtype: of the photo's values.
        sample_type: of the samples.
        bottom: the sample that becomes 0.
        top: the largest sample, less `bottom`.
        shift: the number of lower bits that are left out; None: the largest sample becomes the largest value.
        inverted: whether the smallest sample is white.
    """

    dtype: np.dtype
    sample_type: np.dtype
    bottom: int
    top: int
    shift: int | None
    inverted: bool

    def to_photo(self, samples: np.ndarray) -> np.ndarray:
        """Return the photo's values of samples."""
        if not self.inverted and self.bottom == 0 and (self.shift == 0 or self.top == self._full):
            return samples.astype(self.dtype, copy=False)
        if self.sample_type.itemsize <= 2 and samples.size > 1 << _TABLE_BITS:
            unsigned = np.dtype(f"u{self.sample_type.itemsize}")
            codes = np.arange(np.iinfo(unsigned).max + 1, dtype=unsigned).view(self.sample_type)
            return self._mapped(codes)[np.ascontiguousarray(samples).view(unsigned)]
        return self._mapped(samples)

    @property
    def _full(self) -> int:
        return int(np.iinfo(self.dtype).max)

    def _mapped(self, samples: np.ndarray) -> np.ndarray:
        values = np.clip(samples.astype(np.int64) - self.bottom, 0, self.top)
        if self.inverted:
            values = self.top - values
        if self.shift is None:
            values = (2 * values * self._full + self.top) // (2 * self.top)
        else:
            values >>= self.shift
        return values.astype(self.dtype)

    def to_samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples whose value is as near as possible."""
        samples = values.astype(np.int64)
        if self.shift is None:
            samples = (2 * samples * self.top + self._full) // (2 * self._full)
        else:
            samples <<= self.shift
        samples = np.clip(samples, 0, self.top)
        if self.inverted:
            samples = self.top - samples
        return (samples + self.bottom).astype(self.sample_type)


@dataclass(frozen=True)
class FloatScale:
    """Map grey that photos keep as it is: floating-point numbers, and whole numbers of 32 or 64 bits.

    Attributes:
        dtype: float32, or int32.
        sample_type: of the samples.
        pivot: the sum of the brightest and the darkest sample if the smallest sample is white; None if it is black.
    """

    dtype: np.dtype
    sample_type: np.dtype
    pivot: float | None

    def to_photo(self, samples: np.ndarray) -> np.ndarray:
        """Return the photo's values of samples; what is beyond 32 bits becomes infinite."""
        with np.errstate(over="ignore"):
            return (samples if self.pivot is None else self.pivot - samples).astype(self.dtype)

    def to_samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples whose value is as near as possible."""
        samples = values.astype(np.float64)
        samples = samples if self.pivot is None else self.pivot - samples
        if self.sample_type.kind != "f":
            limits = np.iinfo(self.sample_type)
            top = (
                float(limits.max) if self.sample_type.itemsize <= 4 else float(np.nextafter(np.float64(limits.max), 0))
            )
            samples = np.clip(samples.round(), float(limits.min), top)
        return samples.astype(self.sample_type)


@dataclass(frozen=True)
class FloatColourScale:
    """Map floating-point colours to 16 bits.

    Attributes:
        dtype: uint16.
        sample_type: of the samples.
        low: the sample that becomes 0.
        high: the sample that becomes 65535.
        gamma: exponent that brightens colours of high dynamic range; 1 for others.
    """

    dtype: np.dtype
    sample_type: np.dtype
    low: float
    high: float
    gamma: float

    def to_photo(self, samples: np.ndarray) -> np.ndarray:
        """Return the photo's values of samples."""
        finite = np.nan_to_num(samples.astype(np.float64), nan=self.low, posinf=self.high, neginf=self.low)
        share = np.clip((finite - self.low) / (self.high - self.low), 0, 1)
        return (65535 * share ** (1 / self.gamma)).round().astype(self.dtype)

    def to_samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples whose value is as near as possible."""
        share = (values.astype(np.float64) / 65535) ** self.gamma
        return (self.low + share * (self.high - self.low)).astype(self.sample_type)


def needs_range(layout: Layout) -> bool:
    """Return whether `scale_of` needs the range of the samples."""
    return layout.kind != "u" or layout.bits > 31


def scale_of(layout: Layout, colour: bool, low: float, high: float) -> Scale:
    """Return how the samples of a picture become the values of a photo.

    Unsigned numbers keep their brightness: 12 bits are stretched to 16. Signed ones become unsigned: if there are
    negative ones, the lowest possible number becomes 0. Where the smallest sample is white, values are inverted.

    Args:
        layout: of the picture.
        colour: whether it has several colours per pixel.
        low: the smallest sample of its colours, of those that are finite; unused unless `needs_range`.
        high: the largest one.
    """
    inverted = layout.photometric == 0
    if (layout.kind == "f" or layout.bits > 32) and colour:
        return _float_colour_scale(layout, low, high)
    if layout.kind == "f" or layout.bits > 32:
        pivot = (1.0 if low >= 0 and high <= 1 else low + high) if inverted else None
        return FloatScale(np.dtype(np.float32), layout.dtype, pivot)
    dtype, room = (
        (np.uint8, 8) if layout.bits <= 8 else (np.uint16, 16) if layout.bits <= 16 or colour else (np.int32, 31)
    )
    bottom, bits = 0, layout.bits
    if layout.kind == "i":
        if low < 0 and room == 31 and not inverted:  # Pillow's mode I has negative numbers too
            return FloatScale(np.dtype(dtype), layout.dtype, None)
        bottom, bits = (-(1 << (bits - 1)), bits) if low < 0 else (0, bits - 1)
    top = (1 << bits) - 1
    shift = None
    if layout.kind == "i" or layout.bits > 16:
        shift = 0 if high < 1 << room and low >= 0 and not inverted else max(0, bits - room)
    return WholeScale(np.dtype(dtype), layout.dtype, bottom, top, shift, inverted)


def _float_colour_scale(layout: Layout, low: float, high: float) -> FloatColourScale:
    """Return a scale to a usual full scale if the samples have one, and else by their range, as of linear light."""
    low = min(0.0, low)
    if low == 0 and high <= 1:
        return FloatColourScale(np.dtype(np.uint16), layout.dtype, 0.0, 1.0, 1.0)
    full = next((full for full in _FULL_SCALES if low == 0 and full / 2 < high <= full), None)
    if full is not None:
        return FloatColourScale(np.dtype(np.uint16), layout.dtype, 0.0, full, 1.0)
    return FloatColourScale(np.dtype(np.uint16), layout.dtype, low, max(high, low + 1e-30), GAMMA if low == 0 else 1.0)
