"""Whether the surroundings of a hole repeat themselves in two directions, as bricks, tiles and woven cloth do."""

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import parallel

from . import source_kernels
from .blurs import blurred
from .targets import positions

_MARGIN_PX = 72  # around the hole's bounding box
_MOST_PX = 128  # of the longer side of what is correlated
_FEWEST_PX = 16  # of the shorter side
_FINE_PX, _COARSE_PX = 0.7, 6.0  # standard deviations of the band-pass, in pixels of what is correlated
_LEAST_OFFSET = 6.0  # in the same pixels: everything resembles itself beside it
_LEAST_OVERLAP = 0.35  # of the known pixels
_LEAST_ENERGY = 1e-3  # of all energy, in an overlap: where it is plain, nothing can be told
_MOST_DEVIATIONS = 3.0  # values are clipped to this number of standard deviations: no single edge decides
_LEAST_DEVIATION = 1.0  # in levels: the steps of a smooth gradient are no pattern
_MOST_PEAKS = 24  # each is there twice, as C(-d) = C(d)
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
    """Return C(d) and where it means something, (2 h, 2 w) each; the offset 0 is at (h, w)."""
    shape = 2 * values.shape[0], 2 * values.shape[1]
    of_values, of_known, of_squares = (np.fft.rfft2(array, shape) for array in (values, known, values**2))
    products, overlap, squares = (
        np.fft.fftshift(np.fft.irfft2(spectrum, shape))
        for spectrum in (np.abs(of_values) ** 2, np.abs(of_known) ** 2, of_squares * of_known.conj())
    )
    turned = np.roll(squares[::-1, ::-1], 1, (0, 1))  # the sums of the other factor: those at -d
    least = max(_LEAST_ENERGY * float(np.sum(values**2)), _EPSILON)
    correlation = products / np.sqrt(np.maximum(squares, least) * np.maximum(turned, least))
    down, across = (np.arange(side) - side // 2 for side in shape)
    far = np.hypot(down[:, None], across) >= _LEAST_OFFSET
    return correlation.astype(np.float32), far & (overlap >= _LEAST_OVERLAP * known.sum())


def _second_direction(correlation: np.ndarray, allowed: np.ndarray) -> float:
    """Return C of two offsets a and b that are not parallel, and of their sum or difference; see `repetition`."""
    is_peak = np.empty(allowed.shape, bool)
    parallel(source_kernels.find_peaks, len(is_peak), correlation, np.float32(0), 1, is_peak, least=64)
    places = positions(is_peak & allowed)
    if not len(places):
        return 0.0
    peaks = correlation[places[:, 0], places[:, 1]]
    order = np.argsort(-peaks, kind="stable")
    origin = np.array(correlation.shape) // 2
    peaks, offsets = peaks[order], places[order] - origin
    first = offsets[0]
    distance = np.abs(offsets[:, 0] * first[1] - offsets[:, 1] * first[0]) / np.hypot(*first)
    off_line = np.flatnonzero(distance >= _LEAST_OFFSET)[:_MOST_PEAKS]
    meaning = np.where(allowed, correlation, 0)
    combined = [
        max(_near(meaning, origin + first + second), _near(meaning, origin + first - second))
        for second in offsets[off_line]
    ]
    return float(np.minimum(peaks[off_line], combined).max(initial=0).clip(0, 1))


def _near(values: np.ndarray, place: np.ndarray) -> float:
    """Return the largest value within a pixel of a place; 0 if all are less, or the place lies outside."""
    rows, columns = (slice(max(middle - 1, 0), max(middle + 2, 0)) for middle in place)
    return float(values[rows, columns].max(initial=0))
