"""Whether the surroundings of a hole repeat themselves, as bricks, tiles and woven cloth do."""

import numpy as np

from .blurs import blurred

_MARGIN_PX = 72  # around the hole's bounding box
_MOST_PX = 128  # of the longer side of what is correlated
_FINE_PX, _COARSE_PX = 0.7, 6.0  # standard deviations of the band-pass, in pixels of what is correlated
_LEAST_OFFSET = 6.0  # in the same pixels: everything resembles itself beside it
_LEAST_OVERLAP = 0.35  # of the known pixels
_MOST_DEVIATIONS = 3.0  # values are clipped to this number of standard deviations: no single edge decides
_EPSILON = 1e-6


def repetition(picture: np.ndarray, usable: np.ndarray, box: tuple[slice, slice]) -> float:
    """Return how well the surroundings of a hole agree with themselves elsewhere.

    The masked normalised cross-correlation of the band-passed brightness with itself,

        C(d) = sum z(x) z(x + d) / sqrt(sum z(x)^2 * sum z(x + d)^2),

    summed over the pixels for which both x and x + d are known, at the offset d that is not small where it is largest.

    Args:
        picture: RGB uint8 (H, W, 3).
        usable: bool (H, W), the known pixels.
        box: rows and columns of the bounding box of the hole.

    Returns:
        From -1 to 1: about 0.9 for a wall of bricks, 0.4 for a face; 0 if there is nothing to compare.

    Reference:
        Padfield 2012, Masked Object Registration in the Fourier Domain, IEEE TIP 21(5), section III.
    """
    window = tuple(slice(max(span.start - _MARGIN_PX, 0), span.stop + _MARGIN_PX) for span in box)
    grey = picture[window].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    values, known = _reduced(grey, usable[window].astype(np.float32))
    share = blurred(known, _COARSE_PX)
    values -= blurred(values * known, _COARSE_PX) / np.maximum(share, _EPSILON)
    values = blurred(values * known, _FINE_PX) * known
    deviation = np.sqrt(np.sum(values**2) / max(known.sum(), 1))
    np.clip(values, -_MOST_DEVIATIONS * deviation, _MOST_DEVIATIONS * deviation, out=values)
    correlation, allowed = _self_correlation(values, known)
    peaks = correlation[_is_peak(correlation) & allowed]
    return float(peaks.max(initial=0))


def _reduced(grey: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return means of the known pixels of blocks, and which blocks are known: float32 (h, w), at most _MOST_PX long."""
    factor = -(-max(grey.shape) // _MOST_PX)
    height, width = (side // factor for side in grey.shape)
    blocks = [
        (values[: height * factor, : width * factor].reshape(height, factor, width, factor).mean((1, 3)))
        for values in (grey * known, known)
    ]
    share = blocks[1]
    return blocks[0] / np.maximum(share, _EPSILON), (share > 0.5).astype(np.float32)


def _self_correlation(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return C(d) for offsets of no negative number of rows, (h, 2 w), and where it means something.

    The other half is the same, as C(-d) = C(d). Columns from w on are those to the left.
    """
    height, width = values.shape
    shape = 2 * height, 2 * width
    of_values, of_known, of_squares = (np.fft.rfft2(array, shape) for array in (values, known, values**2))
    products, overlap = (
        np.fft.irfft2(spectrum.real**2 + spectrum.imag**2, shape)[:height] for spectrum in (of_values, of_known)
    )
    squares = np.fft.irfft2(of_squares * of_known.conj(), shape)
    turned = np.roll(squares[::-1, ::-1], 1, (0, 1))  # the sums of the other factor: those at -d
    correlation = products / np.sqrt(np.maximum(squares[:height] * turned[:height], _EPSILON))
    across = np.minimum(np.arange(shape[1]), shape[1] - np.arange(shape[1]))
    far = np.hypot(np.arange(height)[:, None], across) >= _LEAST_OFFSET
    return correlation, far & (overlap >= _LEAST_OVERLAP * known.sum())


def _is_peak(values: np.ndarray) -> np.ndarray:
    """Return where a value is below none of its neighbours beside, above and below, bool (h, w)."""
    across = np.maximum(np.roll(values, 1, 1), np.roll(values, -1, 1))
    is_peak = values >= across
    is_peak[1:] &= values[1:] >= values[:-1]
    is_peak[:-1] &= values[:-1] >= values[1:]
    return is_peak
