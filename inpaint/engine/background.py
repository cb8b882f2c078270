"""The smooth background of a hole, such as sky or a wall: a gradient that patches from elsewhere cannot continue.

A patch has the colour of the place that it comes from. Where all that surrounds a hole is a gradient with a little
texture, the synthesis therefore works on the photo without the gradient, which is added again afterwards.
"""

from typing import NamedTuple

import numpy as np

SMOOTH_LEVELS = 3.0
"""The largest root mean square of what a gradient leaves of its surroundings."""

LEAST_RANGE = 3.0
"""A gradient of fewer levels around the hole needs no care."""

_NEUTRAL = 128  # what stands for the gradient once it is taken away
_MOST_POINTS = 4096
_OUTLIER = 6.0  # times the root mean square: texture stays below it, a wire that crosses the hole does not
_STRIP_ROWS = 64


class Background(NamedTuple):
    """A polynomial of second degree in the row and the column, for each channel.

    Attributes:
        coefficients: float64 (6, 3), of 1, y, x, y * y, y * x, x * x.
        centre: row and column at which y and x are 0.
        scale: pixels per unit of y and x.
        limit: what differs from it by more levels is not background, but a wire or a bird.
    """

    coefficients: np.ndarray
    centre: tuple[float, float]
    scale: float
    limit: float

    def at(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """Return the colours of a rectangle, float32 (height, width, 3), in levels."""
        y = ((np.arange(top, top + height) - self.centre[0]) / self.scale)[:, None, None]
        x = ((np.arange(left, left + width) - self.centre[1]) / self.scale).astype(np.float32)[:, None]
        constant, *factors = self.coefficients
        slope = (factors[1] + y * factors[3]).astype(np.float32)
        return (constant + y * (factors[0] + y * factors[2])).astype(np.float32) + x * (
            slope + x * np.float32(factors[4])
        )


def fit_background(places: np.ndarray, colours: np.ndarray) -> Background | None:
    """Return the background of a hole; None if its surroundings are not smooth, or of nearly one colour.

    Args:
        places: int (n, 2), rows and columns of known pixels around the hole.
        colours: uint8 (n, 3), of these.
    """
    chosen = slice(None, None, -(-len(places) // _MOST_POINTS) or 1)
    places, values = places[chosen], colours[chosen].astype(np.float64)
    if len(places) < 64:
        return None
    low, high = places.min(0), places.max(0)
    centre, scale = (low + high) / 2, max(float((high - low).max()) / 2, 1.0)
    y, x = ((places - centre) / scale).T
    terms = np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], 1)
    # sums without BLAS, whose threads would keep other cores busy for a while afterwards
    products, moments = np.einsum("ni,nj->ij", terms, terms), np.einsum("ni,nc->ic", terms, values)
    coefficients = np.linalg.lstsq(products, moments, rcond=1e-12)[0]
    fitted = np.einsum("ni,ic->nc", terms, coefficients)
    rest = np.abs(values - fitted)
    deviation = float(np.sqrt((rest**2).mean(0).max()))
    limit = _OUTLIER * deviation + 3
    if deviation > SMOOTH_LEVELS or rest.max() > limit or np.ptp(fitted, axis=0).max() < LEAST_RANGE:
        return None
    return Background(coefficients, (float(centre[0]), float(centre[1])), scale, limit)


def subtract_background(background: Background, picture: np.ndarray, usable: np.ndarray) -> None:
    """Replace the background by grey, and mark what differs too much from it as not usable, both in place.

    Args:
        background: of a hole in the picture.
        picture: uint8 (H, W, 3).
        usable: bool (H, W).
    """
    for top in range(0, len(picture), _STRIP_ROWS):
        strip = picture[top : top + _STRIP_ROWS]
        rest = strip - background.at(top, 0, *strip.shape[:2])
        usable[top : top + _STRIP_ROWS] &= (np.abs(rest) <= background.limit).all(-1)
        strip[:] = np.rint(np.clip(rest + _NEUTRAL, 0, 255))


def add_background(background: Background, pixels: np.ndarray, top: int, left: int) -> None:
    """Add the background to pixels without it, in place.

    Args:
        background: as for `subtract_background`.
        pixels: uint8 (h, w, 3), a rectangle of that picture.
        top: its first row.
        left: its first column.
    """
    for first in range(0, len(pixels), _STRIP_ROWS):
        strip = pixels[first : first + _STRIP_ROWS]
        colours = background.at(top + first, left, *strip.shape[:2])
        strip[:] = np.rint(np.clip(strip + (colours - _NEUTRAL), 0, 255))
