"""Straight lines that cross a hole: their directions, and the surroundings continued along them into the hole.

Reference:
    Huang, Kang, Ahuja and Kopf 2014, Image Completion Using Planar Structure Guidance, ACM TOG 33(4), section 4.2:
    candidates along directions, which here come from the structure tensor.
"""

import numpy as np

from inpaint.compiled.parallel import parallel

from . import line_kernels
from .blurs import blurred, correlated, gaussian
from .pyramid import Level
from .targets import bounds, positions

DIRECTIONS = 2  # that are kept
_BINS = 90  # of directions, from 0 to pi
_LEAST_GRADIENT = 1e-3  # of an edge, per pixel; less is rounding
_SAME_COLOUR = 0.15  # largest difference of the ends of a line
_CONTRAST = 0.08  # least difference of a line from what surrounds it
_BORDER = 8  # pixels of the level beside those that are looked at, which blurs reach
_STEPS = 2  # along a line, per pixel
_MOST_STEPS = 1_000_000  # of all pixels together; only very long holes have more


def edge_directions(level: Level, near: np.ndarray) -> np.ndarray:
    """Return the directions of the strongest straight edges among pixels: angles from the row, float64 (k,), radians.

    Args:
        level: the picture at one scale.
        near: bool (h, w), the pixels.
    """
    if not near.any():
        return np.zeros(0)
    top, bottom, first, last = bounds(near, _BORDER)
    near = near[top:bottom, first:last]
    red, green, blue = np.moveaxis(level.features[0, top:bottom, first:last, :3].astype(np.float32), 2, 0)
    grey = (red + green + blue) / np.float32(3 * 255)
    smooth, slope = gaussian(1), gaussian(1, derivative=True)
    down, right = correlated(grey, slope, smooth), correlated(grey, smooth, slope)
    products = np.stack([right * right, down * down, right * down], 2)
    xx, yy, xy = np.moveaxis(blurred(products, 2), 2, 0)
    anisotropy = np.hypot(xx - yy, 2 * xy)
    straight = near & (anisotropy > np.maximum(0.7 * (xx + yy), _LEAST_GRADIENT**2))
    angle = (0.5 * np.arctan2(2 * xy[straight], (xx - yy)[straight]) + np.pi / 2) % np.pi  # across the gradient
    votes = np.bincount((angle / np.pi * _BINS).astype(int) % _BINS, np.sqrt(anisotropy[straight]), _BINS)
    turned = np.stack([np.roll(votes, shift) for shift in range(-3, 4)])
    smooth_votes = smooth @ turned
    largest = np.max([np.roll(smooth_votes, shift) for shift in range(-3, 4)], axis=0)
    peaks = np.flatnonzero((smooth_votes == largest) & (smooth_votes > smooth_votes.max() / 4))
    strongest = peaks[np.argsort(-smooth_votes[peaks], kind="stable")][:DIRECTIONS]
    return (strongest + 0.5) / _BINS * np.pi


def offsets_along(directions: np.ndarray, shortest: int, longest: int) -> np.ndarray:
    """Return offsets of all lengths along directions, both ways: rows and columns, float64 (k, 2)."""
    lengths = np.arange(shortest, longest)
    lengths = np.concatenate([-lengths, lengths])
    along = np.stack([np.multiply.outer(np.sin(directions), lengths), np.multiply.outer(np.cos(directions), lengths)])
    return along.reshape(2, -1).T


def continued_along(level: Level, direction: float, carried: np.ndarray) -> np.ndarray | None:
    """Return values with lines of a direction continued through the hole.

    A pixel of the hole takes the colours of the first known pixels on both sides of it, where these are the same.

    Args:
        level: the picture at one scale; not modified.
        direction: an angle of `edge_directions`.
        carried: float32 (h, w, c), values with the surroundings carried into the hole from all sides.

    Returns:
        float32 (h, w, c), `carried` where no line passes; None if none passes at all.
    """
    pixels = positions(level.hole)
    longest = float(np.hypot(*np.ptp(pixels, axis=0))) + 2
    if len(pixels) * longest * _STEPS > _MOST_STEPS:
        return None
    ways = (_first_known(level, pixels, direction + turn, longest, carried) for turn in (0, np.pi))
    ends, distances = zip(*ways, strict=True)
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
    level: Level, pixels: np.ndarray, direction: float, longest: float, carried: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of the first usable pixel on the way from each pixel, and its distance, 0 if there is none.

    Args:
        level: the picture at one scale.
        pixels: int32 (n, 2).
        direction: of the way, an angle from the row.
        longest: way in pixels.
        carried: see `continued_along`.

    Returns:
        float32 (n, c) and float32 (n,).
    """
    ends, distances = np.empty((len(pixels), carried.shape[2]), np.float32), np.empty(len(pixels), np.float32)
    down, right = float(np.sin(direction)), float(np.cos(direction))
    parallel(
        line_kernels.first_known, len(pixels), pixels, level.usable, carried, down, right, 1 / _STEPS, longest, ends,
        distances,
    )  # fmt: skip
    return ends, distances
