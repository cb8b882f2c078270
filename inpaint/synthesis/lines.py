"""Straight lines that cross a hole: their directions, and the surroundings continued along them into the hole.

Reference:
    Huang, Kang, Ahuja and Kopf 2014, Image Completion Using Planar Structure Guidance, ACM TOG 33(4), section 4.2:
    candidates along directions, which here come from the structure tensor.
"""

import numpy as np
from scipy import ndimage

from .pyramid import Level
from .targets import positions

DIRECTIONS = 4  # that are kept
_BINS = 90  # of directions, from 0 to pi
_LEAST_GRADIENT = 1e-3  # of an edge, per pixel; less is rounding
_SAME_COLOUR = 0.15  # largest difference of the ends of a line
_CONTRAST = 0.08  # least difference of a line from what surrounds it
_STEPS = 2  # along a line, per pixel
_MOST_STEPS = 1_000_000  # of all pixels together; only very long holes have more


def edge_directions(level: Level, near: np.ndarray) -> np.ndarray:
    """Return the directions of the strongest straight edges among pixels: angles from the row, float64 (k,), radians.

    Args:
        level: the picture at one scale.
        near: bool (h, w), the pixels.
    """
    grey = level.features[..., :3].mean(-1)
    down, right = (ndimage.gaussian_filter(grey, 1, order=order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (ndimage.gaussian_filter(product, 2) for product in (right * right, down * down, right * down))
    anisotropy = np.hypot(xx - yy, 2 * xy)
    straight = near & (anisotropy > np.maximum(0.7 * (xx + yy), _LEAST_GRADIENT**2))
    angle = (0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2)[straight] % np.pi  # across the gradient
    votes = np.bincount((angle / np.pi * _BINS).astype(int) % _BINS, np.sqrt(anisotropy[straight]), _BINS)
    smooth = ndimage.gaussian_filter1d(votes, 1, mode="wrap")
    peaks = np.flatnonzero((smooth == ndimage.maximum_filter1d(smooth, 7, mode="wrap")) & (smooth > smooth.max() / 4))
    strongest = peaks[np.argsort(-smooth[peaks], kind="stable")][:DIRECTIONS]
    return (strongest + 0.5) / _BINS * np.pi


def offsets_along(directions: np.ndarray, shortest: int, longest: int) -> np.ndarray:
    """Return offsets of all lengths along directions, both ways: rows and columns, float64 (k, 2)."""
    lengths = np.arange(shortest, longest)
    lengths = np.concatenate([-lengths, lengths])
    along = np.stack([np.multiply.outer(np.sin(directions), lengths), np.multiply.outer(np.cos(directions), lengths)])
    return along.reshape(2, -1).T


def continued_along(level: Level, direction: float, carried: np.ndarray) -> np.ndarray | None:
    """Return the picture with lines of a direction continued through the hole.

    A pixel of the hole takes the colours of the first known pixels on both sides of it, where these are the same.

    Args:
        level: the picture at one scale; not modified.
        direction: an angle of `edge_directions`.
        carried: float32 (h, w, CHANNELS), the features with the surroundings carried into the hole from all sides.

    Returns:
        float32 (h, w, CHANNELS), `carried` where no line passes; None if none passes at all.
    """
    pixels = positions(level.hole)
    lengths = np.arange(1, _STEPS * int(np.hypot(*np.ptp(pixels, axis=0))) + 2 * _STEPS) / _STEPS
    if len(pixels) * len(lengths) > _MOST_STEPS:
        return None
    places = np.multiply.outer(lengths, [np.sin(direction), np.cos(direction)])
    ends, distances = zip(*(_first_known(level, pixels, sign * places, carried) for sign in (1, -1)), strict=True)
    share = (distances[1] / np.maximum(distances[0] + distances[1], 1e-6))[:, None]
    line = (share * ends[0] + (1 - share) * ends[1]).astype(np.float32)
    y, x = pixels.T
    meets = (distances[0] > 0) & (distances[1] > 0) & (np.abs(ends[0] - ends[1])[:, :3].max(1) < _SAME_COLOUR)
    if not (meets & (np.abs(line - carried[y, x])[:, :3].max(1) > _CONTRAST)).any():
        return None
    continued = carried.copy()
    continued[y[meets], x[meets]] = line[meets]
    return continued


def _first_known(
    level: Level, pixels: np.ndarray, steps: np.ndarray, carried: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of the first usable pixel on the way from each pixel, and its distance, 0 if there is none.

    Args:
        level: the picture at one scale.
        pixels: int32 (n, 2).
        steps: float64 (m, 2), of increasing length.
        carried: see `continued_along`.

    Returns:
        float32 (n, CHANNELS) and float64 (n,).
    """
    shape = np.array(level.hole.shape)
    places = np.rint(pixels[:, None] + steps).astype(np.int32)
    inside = ((places >= 0) & (places < shape)).all(-1)
    row, column = np.clip(places, 0, shape - 1).transpose(2, 0, 1)
    known = inside & level.usable[row, column]
    first = known.argmax(1)
    lengths = np.hypot(*steps.T)
    further = 1 + 1 / lengths[first, None]  # by one pixel, where nothing of the hole mixes in
    end = (pixels + further * steps[first]).T
    values = [ndimage.map_coordinates(carried[..., c], end, order=1, mode="nearest") for c in range(carried.shape[2])]
    return np.stack(values, 1), np.where(known.any(1), lengths[first], 0)
