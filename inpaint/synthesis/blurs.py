"""Gaussian blurs and derivatives of pictures; borders are mirrored."""

import numpy as np

from inpaint.compiled.parallel import parallel

from . import guide_kernels

_LEAST = 1 << 16  # values of a part that is worth a thread
_TRUNCATE = 2.5  # standard deviations


def gaussian(sigma: float, *, derivative: bool = False) -> np.ndarray:
    """Return the values of a Gaussian or of its derivative, float32 (odd,); the sum of the former is 1."""
    radius = max(int(_TRUNCATE * sigma + 0.5), 1)
    places = np.arange(-radius, radius + 1)
    values = np.exp(-0.5 * (places / sigma) ** 2)
    values /= values.sum()
    return (places / sigma**2 * values if derivative else values).astype(np.float32)


def correlated(values: np.ndarray, down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Return an array correlated with taps along both axes.

    Args:
        values: float32 (h, w) or (h, w, c).
        down: float32 (odd,), along the columns.
        across: float32 (odd,), along the rows.
    """
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    between, out = np.empty_like(rows), np.empty_like(rows)
    least = max(1, _LEAST // max(rows.shape[1], 1))
    parallel(guide_kernels.blur_down, len(rows), rows, down, between, least=least)
    channels = values.shape[2] if values.ndim == 3 else 1
    parallel(guide_kernels.blur_across, len(rows), between, channels, across, out, least=least)
    return out.reshape(values.shape)


def blurred(values: np.ndarray, sigma: float) -> np.ndarray:
    """Return an array, float32 (h, w) or (h, w, c), blurred by a Gaussian; a very narrow one changes nothing."""
    taps = gaussian(sigma) if sigma >= 0.3 else None
    return values if taps is None else correlated(values, taps, taps)
