"""Masks of one value per pixel: from which value on a pixel is hole, whatever range the values have."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.photos.errors import MaskError

MANY = 64
"""With more distinct values than this, a mask is soft (or a photo), not a map of labels."""
NOISE = 16
"""In a file with lossy compression, smaller values (of 255) are the noise of black."""
_BLOCK = 1 << 18
_MARGIN = 1 / 8
_PHOTO_SHARE = 0.5
_AREA_SHARE = 0.3
_RIM, _PEAK, _PEAK_SHARE = 0.25, 0.6, 0.75


class Plane(NamedTuple):
    """The values of a mask, in strips, so that those of a large file are never in memory at once.

    Attributes:
        shape: (H, W).
        strips: a function that yields the rows, and their values (h, W), of any type of integers or floats.
    """

    shape: tuple[int, int]
    strips: Callable[[], Iterator[tuple[slice, np.ndarray]]]

    @classmethod
    def of(cls, values: np.ndarray) -> "Plane":
        """Return the plane of an array (H, W)."""
        rows = max(1, _BLOCK // max(1, values.shape[1]))
        parts = [slice(top, min(top + rows, len(values))) for top in range(0, len(values), rows)]
        return cls((values.shape[0], values.shape[1]), lambda: ((part, values[part]) for part in parts))


class Levels(NamedTuple):
    """Which values a mask has.

    Attributes:
        low: the lowest.
        high: the highest.
        full: the value of white: of the type, or of the usual range that the highest value fits into.
        distinct: all of them in ascending order; None if there are more than MANY.
    """

    low: float
    high: float
    full: float
    distinct: np.ndarray | None


def levels_of(plane: Plane) -> Levels:
    """Return which values a mask has.

    Raises:
        MaskError: some are negative or not finite.
    """
    found: np.ndarray | None = None
    low, high, kind = np.inf, -np.inf, np.dtype(bool)
    for _, values in plane.strips():
        kind = values.dtype
        if kind.kind == "f" and not np.isfinite(values).all():
            raise MaskError("the mask has values that are not finite (NaN or infinite): replace them by 0")
        own = _distinct(values)
        low, high = min(low, own[0].item()), max(high, own[-1].item())
        if found is None or len(found) <= MANY:
            found = own if found is None else np.union1d(found, own)
    if low < 0:
        raise MaskError(f"the mask has values below 0, down to {low:g}: pass one that is 0 outside the hole (mask > 0)")
    few = found if found is not None and len(found) <= MANY else None
    return Levels(low, high, _range_of(kind, high), few)


def values_to_hole(plane: Plane, levels: Levels, *, is_lossy: bool = False) -> np.ndarray:
    """Return where a mask of numbers marks the hole.

    Two values: the higher one is the hole, unless both are of the same kind, such as 1 and 2. Labels, which are 0 and a
    few values that fill areas: all but 0. Everything else is soft: from half of the range on. The range is 0 to 255 in
    8 bits, otherwise 0 to 1, 255 or 65535, whichever fits the highest value.

    Args:
        plane: the values.
        levels: `levels_of` the plane.
        is_lossy: the values come from a JPEG or the like, where neighbours of each value occur too.

    Returns:
        bool (H, W), True = hole.

    Raises:
        MaskError: it cannot be told which values are the hole.
    """
    threshold = _threshold(plane, levels, is_lossy)
    hole = np.zeros(plane.shape, bool)
    if threshold is not None:
        for rows, values in plane.strips():
            np.greater_equal(values, threshold, out=hole[rows])
    return hole


def _threshold(plane: Plane, levels: Levels, is_lossy: bool) -> float | None:
    """Return from which value on a pixel is hole; None: no pixel is."""
    low, high, full, few = levels
    if high == 0 or (is_lossy and high < NOISE / 255 * full):
        return None
    if few is None or (is_lossy and len(few) > 2):
        return _soft_threshold(plane, high, full)
    if len(few) == 1:
        if high < full / 2:
            raise MaskError(f"the mask has the value {high:g} everywhere: it must be 0 outside the hole")
        return high
    if len(few) == 2:
        return _upper_of_two(low, high, full)
    if low == 0 and _fill_areas(plane, few, full):
        return few[1].item()
    return _soft_threshold(plane, high, full)


def _range_of(kind: np.dtype, high: float) -> float:
    if kind == np.uint8:
        return 255
    if kind.kind == "f" and high <= 1:
        return 1
    if high <= 255:
        return 255
    return 65535 if high <= 65535 else high


def _upper_of_two(low: float, high: float, full: float) -> float:
    if low == 0 or low < full / 2 <= high or high - low >= full / 4:
        return high
    raise MaskError(
        f"the mask has the values {low:g} and {high:g} alone, so it cannot be told which of them is the hole: "
        "write 0 where the photo is kept"
    )


def _soft_threshold(plane: Plane, high: float, full: float) -> float:
    """Return half of the range; half of the highest value where a dim mask has mostly about this value and 0."""
    step = max(1, round((plane.shape[0] * plane.shape[1] / _BLOCK) ** 0.5))
    some = np.concatenate([values[::step, ::step].ravel() for _, values in plane.strips()])
    between = np.mean((some > full * _MARGIN) & (some < full * (1 - _MARGIN)))
    if high >= full / 2:
        if between > _PHOTO_SHARE and some.size >= MANY * MANY:
            raise MaskError(
                f"the mask looks like a photo: {100 * between:.0f} % of it is neither dark nor bright. Pass a picture "
                "that is white where the photo is to be filled, and black elsewhere"
            )
        return full / 2 if full <= 1 else (full + 1) / 2
    marked = peak = 0
    for _, values in plane.strips():
        marked += int(np.count_nonzero(values >= _RIM * high))
        peak += int(np.count_nonzero(values >= _PEAK * high))
    if peak >= _PEAK_SHARE * marked:
        return high / 2
    raise MaskError(
        f"the mask's largest value is {high:g} of {full:g}, and it cannot be told where its hole begins: stretch its "
        f"values, so that the hole has {full:g}"
    )


def _distinct(values: np.ndarray) -> np.ndarray:
    """Return the distinct values of an array in ascending order."""
    if values.dtype == np.uint8:
        return np.flatnonzero(Image.fromarray(np.ascontiguousarray(values)).histogram()).astype(np.uint8)
    return np.unique(values)


def _fill_areas(plane: Plane, levels: np.ndarray, full: float) -> bool:
    """Return whether values between 0 and the highest fill areas, as labels do; those of a smooth rim only line it."""
    if levels[-1] < full / NOISE and len(levels) <= NOISE:
        return True
    inner = same = 0
    for _, values in plane.strips():
        centre = values[1:-1, 1:-1]
        between = (centre > 0) & (centre < levels[-1])
        inner += int(np.count_nonzero(between))
        for neighbour in (values[:-2, 1:-1], values[2:, 1:-1], values[1:-1, :-2], values[1:-1, 2:]):
            between &= neighbour == centre
        same += int(np.count_nonzero(between))
    return inner > 0 and same >= _AREA_SHARE * inner
