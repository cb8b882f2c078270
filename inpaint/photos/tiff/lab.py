"""Show L*a*b* colours as sRGB of 16 bits, and write changed pixels back as L*a*b*.

Reference:
    Adobe, TIFF 6.0, section 23 (CIE L*a*b*); Adobe Photoshop TIFF Technical Notes of 2002 (ICC L*a*b*); IEC 61966-2-1
    (sRGB), adapted to D50 by Bradford's method.
"""

from dataclasses import dataclass

import numpy as np

from .layout import Layout, UnsupportedTiffError

CIE_LAB, ICC_LAB = 8, 9
_WHITE = np.array([0.9642, 1.0, 0.8249])
_TO_XYZ = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
_FROM_XYZ = np.linalg.inv(_TO_XYZ)
_DELTA = 6 / 29


@dataclass(frozen=True)
class LabScale:
    """Map L*a*b* samples to sRGB values and back, all three together.

    Attributes:
        bits: 8 or 16, of a sample.
        is_icc: whether a* and b* are stored with an offset instead of signed.
    """

    bits: int
    is_icc: bool

    @property
    def dtype(self) -> np.dtype:
        """Type of the photo's values."""
        return np.dtype(np.uint16)

    @property
    def _steps(self) -> tuple[float, int]:
        """Steps of L* from black to white, and of a* and b* per unit."""
        if self.bits == 8:
            return 255, 1
        return 65280 if self.is_icc else 65535, 256

    def to_photo(self, samples: np.ndarray) -> np.ndarray:
        """Return sRGB values, uint16 (..., 3), of samples (..., 3). Colours beyond sRGB are clipped."""
        white, unit = self._steps
        light = samples[..., 0] * (100 / white)
        if self.is_icc:
            chroma = samples[..., 1:] / unit - 128
        else:
            chroma = np.ascontiguousarray(samples[..., 1:]).view(f"i{self.bits // 8}") / unit
        middle = (light + 16) / 116
        roots = np.stack([middle + chroma[..., 0] / 500, middle, middle - chroma[..., 1] / 200], axis=-1)
        linear = np.where(roots > _DELTA, roots**3, 3 * _DELTA**2 * (roots - 4 / 29)) * _WHITE @ _FROM_XYZ.T
        linear = np.clip(linear, 0, 1)
        values = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
        return (65535 * values).round().astype(np.uint16)

    def to_samples(self, values: np.ndarray) -> np.ndarray:
        """Return samples (..., 3) of sRGB values, uint16 (..., 3)."""
        share = values / 65535
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        ratio = linear @ _TO_XYZ.T / _WHITE
        roots = np.where(ratio > _DELTA**3, np.cbrt(ratio), ratio / (3 * _DELTA**2) + 4 / 29)
        white, unit = self._steps
        light = (116 * roots[..., 1] - 16) * (white / 100)
        chroma = (
            np.stack([500 * (roots[..., 0] - roots[..., 1]), 200 * (roots[..., 1] - roots[..., 2])], axis=-1) * unit
        )
        half = 1 << (self.bits - 1)
        chroma = np.clip(chroma.round(), -half, half - 1).astype(np.int64) + (half if self.is_icc else 0)
        light = np.clip(light.round(), 0, (1 << self.bits) - 1).astype(np.int64)
        samples = np.concatenate([light[..., None], chroma], axis=-1) & ((1 << self.bits) - 1)
        return samples.astype(f"u{self.bits // 8}")


def lab_scale(layout: Layout) -> LabScale:
    """Return how the samples of a L*a*b* picture are shown.

    Raises:
        UnsupportedTiffError: they do not have 8 or 16 bits.
    """
    if layout.bits not in (8, 16) or layout.kind != "u":
        raise UnsupportedTiffError(f"it has L*a*b* colours of {layout.bits} bits")
    return LabScale(layout.bits, layout.photometric == ICC_LAB)
