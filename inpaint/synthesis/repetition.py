"""Whether the surroundings of a hole repeat themselves in two directions, as bricks, tiles and woven cloth do."""

import numpy as np
from PIL import Image

from .blurs import blurred

_MARGIN_PX = 72  # around the hole's bounding box
_MOST_PX = 128  # of the longer side of what is correlated
_FEWEST_PX = 16  # of the shorter side
_FINE_PX, _COARSE_PX = 0.7, 6.0  # standard deviations of the band-pass, in pixels of what is correlated
_LEAST_OFFSET = 6.0  # in the same pixels: everything resembles itself beside it
_LEAST_OVERLAP = 0.35  # of the known pixels
_LEAST_ENERGY = 1e-3  # of all energy, in an overlap: where it is plain, nothing can be told
_MOST_DEVIATIONS = 3.0  # values are clipped to this number of standard deviations: no single edge decides
_LEAST_DEVIATION = 1.0  # in levels: the steps of a smooth gradient are no pattern
_MOST_PEAKS = 12
_EPSILON = 1e-6


def repetition(picture: np.ndarray, usable: np.ndarray, box: tuple[slice, slice]) -> float:
    """Return how well the surroundings of a hole agree with themselves elsewhere.

    It is told by the masked normalised cross-correlation of the band-passed brightness z with itself,

        C(d) = sum z(x) z(x + d) / sqrt(sum z(x)^2 * sum z(x + d)^2),

    summed over the pixels for which both x and x + d are known. A straight edge agrees with itself in its own direction
    only, and two edges that cross in both of theirs. What repeats itself at the offsets a and b also does at a + b or
    a - b. So a is where C has its largest maximum, and the result is the largest of min(C(b), C(a +- b)) over the
    maxima b off the line through a and the origin.

    Args:
        picture: RGB uint8 (H, W, 3).
        usable: bool (H, W), the known pixels.
        box: rows and columns of the bounding box of the hole.

    Returns:
        From 0 to 1: about 0.7 for a wall of bricks, 0.1 for a face; 0 if there is nothing to compare.

    Reference:
        Padfield 2012, Masked Object Registration in the Fourier Domain, IEEE TIP 21(5), section III.
    """
    window = tuple(slice(max(span.start - _MARGIN_PX, 0), span.stop + _MARGIN_PX) for span in box)
    values, known = _reduced(picture[window], usable[window])
    if min(known.shape) < _FEWEST_PX or not known.any():
        return 0.0
    share = blurred(known, _COARSE_PX)
    values -= blurred(values * known, _COARSE_PX) / np.maximum(share, _EPSILON)
    values = blurred(values * known, _FINE_PX) * known
    deviation = np.sqrt(np.sum(values**2) / known.sum())
    if deviation < _LEAST_DEVIATION:
        return 0.0
    np.clip(values, -_MOST_DEVIATIONS * deviation, _MOST_DEVIATIONS * deviation, out=values)
    return _second_direction(*_self_correlation(values.astype(np.float64), known.astype(np.float64)))


def _reduced(picture: np.ndarray, usable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean brightness of the known pixels of blocks, and which blocks are mostly known: float32 (h, w) each."""
    factor = -(-max(usable.shape) // _MOST_PX)
    grey, weight = (
        np.asarray(Image.fromarray(array).convert("L").reduce(factor), np.float32)
        for array in (np.where(usable[..., None], picture, np.uint8(0)), usable.astype(np.uint8) * 255)
    )
    share = weight / 255
    return grey / np.maximum(share, _EPSILON) * (share > 0), (share > 0.5).astype(np.float32)


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
    least = max(_LEAST_ENERGY * float(np.sum(values**2)), _EPSILON)
    correlation = products / np.sqrt(np.maximum(squares[:height], least) * np.maximum(turned[:height], least))
    across = np.minimum(np.arange(shape[1]), shape[1] - np.arange(shape[1]))
    far = np.hypot(np.arange(height)[:, None], across) >= _LEAST_OFFSET
    return correlation, far & (overlap >= _LEAST_OVERLAP * known.sum())


def _second_direction(correlation: np.ndarray, allowed: np.ndarray) -> float:
    """Return C of two offsets a and b that are not parallel, and of their sum or difference; see `repetition`."""
    rows, columns = np.nonzero(_is_peak(correlation) & allowed)
    if not len(rows):
        return 0.0
    peaks = correlation[rows, columns]
    width = correlation.shape[1] // 2
    offsets = np.stack([rows, np.where(columns < width, columns, columns - 2 * width)], 1)
    offsets = offsets[np.argsort(-peaks, kind="stable")]
    first = offsets[0]
    distance = np.abs(offsets[:, 0] * first[1] - offsets[:, 1] * first[0]) / np.hypot(*first)
    found = 0.0
    for second in offsets[distance >= _LEAST_OFFSET][:_MOST_PEAKS]:
        combined = max(_near(correlation, allowed, first + second), _near(correlation, allowed, first - second))
        found = max(found, min(correlation[second[0], second[1]], combined))
    return float(min(found, 1.0))


def _near(correlation: np.ndarray, allowed: np.ndarray, offset: np.ndarray) -> float:
    """Return the largest C within a pixel of an offset; 0 where it means nothing."""
    down, across = offset if offset[0] >= 0 else -offset  # C(-d) = C(d)
    rows = slice(max(down - 1, 0), down + 2)
    columns = np.arange(across - 1, across + 2) % correlation.shape[1]
    return float(np.where(allowed[rows, columns], correlation[rows, columns], 0).max(initial=0))


def _is_peak(values: np.ndarray) -> np.ndarray:
    """Return where a value is below none of its eight neighbours, bool (h, w)."""
    above = np.roll(values[min(1, len(values) - 1)][::-1], 1)  # C(-1, x) = C(1, -x)
    padded = np.vstack([above, values, np.full_like(above, -np.inf)])
    highest = np.maximum(np.maximum(np.roll(padded, 1, 1), np.roll(padded, -1, 1)), padded)
    beside = np.maximum(np.roll(values, 1, 1), np.roll(values, -1, 1))
    return (values >= beside) & (values >= highest[:-2]) & (values >= highest[2:])
