"""The finest levels: matches refined to full resolution, runs of pixels copied, and their seams joined."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.compiled.parallel import Cancelled, parallel, raise_if

from . import kernels, picture_kernels
from .pyramid import shrunk, shrunk_share
from .search import Found, likelihood, strongest_offsets
from .settings import Settings
from .targets import Field, bounds, find_sources, find_targets, positions, upsampled_matches

REFINE_STRIDE = 4  # of targets at levels that are only refined
_TILE = 512  # side in pixels: what is copied and joined at once
_MARGIN = 24  # around a tile; the screened equation carries nothing that far
_SHARE_SIGMA = 4.0
_OVERRELAXATION = 1.8  # the best factor for a screening of 0.02


class Surface(NamedTuple):
    """A synthesised surface in the bounding box of the hole; values outside the hole mean nothing.

    Attributes:
        pixels: uint8 (h, w, 3).
        agreement: uint8 (h, w): the share of the patches over a pixel that copy the same run, averaged a little, in
            units of 1 / 255. It is low where no source fits.
    """

    pixels: np.ndarray
    agreement: np.ndarray


def refined(
    found: Found, picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, finest: int, cancelled: Cancelled | None
) -> Found:
    """Return matches at the resolution of the picture.

    Args:
        found: matches at level `finest`.
        picture: uint8 (H, W, 3), with a fill in the hole, which changes.
        hole: bool (H, W).
        usable: bool (H, W).
        finest: number of the level; 0 is the picture.
        cancelled: polled between levels and tiles.
    """
    for number in reversed(range(finest)):
        found = _refined_once(found, *_at_level(picture, hole, usable, number), cancelled)
    return found


def join(
    found: Found,
    picture: np.ndarray,
    hole: np.ndarray,
    usable: np.ndarray,
    settings: Settings,
    cancelled: Cancelled | None,
) -> Surface:
    """Copy for each pixel of the hole the run that most patches agree on, and join the runs.

    Args:
        found: matches at the resolution of the picture.
        picture: uint8 (H, W, 3), known around the hole; not modified.
        hole: bool (H, W).
        usable: bool (H, W), pixels that may be copied.
        settings: of the Poisson equation.
        cancelled: polled before each tile.

    Reference:
        Darabi et al. 2012, Image Melding, ACM TOG 31(4), section 4: a screened Poisson equation for the final colours.
    """
    top, bottom, left, right = bounds(hole)
    shape = bottom - top, right - left
    surface = Surface(np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8))
    for tile in _tiles(hole, cancelled):
        first = [max(part.start - _MARGIN, 0) for part in tile]
        window = tuple(slice(start, part.stop + _MARGIN) for start, part in zip(first, tile, strict=True))
        inner = tuple(slice(part.start - start, part.stop - start) for start, part in zip(first, tile, strict=True))
        pixels, agreement = _joined(found, picture, hole, usable, window, settings)
        target = slice(tile[0].start - top, tile[0].stop - top), slice(tile[1].start - left, tile[1].stop - left)
        surface.pixels[target] = np.rint(np.clip(pixels[inner], 0, 1) * 255)
        surface.agreement[target] = np.rint(agreement[inner] * 255)
    return surface


def _refined_once(
    found: Found, picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, cancelled: Cancelled | None
) -> Found:
    """Return the matches of the next finer level, and fill its hole with them."""
    is_source = find_sources(usable)
    targets = find_targets(hole, REFINE_STRIDE)
    matches = upsampled_matches(found.field, targets.centres, is_source)
    equal = np.ones(len(matches), np.float32)
    for tile in _tiles(hole, cancelled):
        places = positions(hole[tile]) + np.array([part.start for part in tile], np.int32)
        offsets, _ = strongest_offsets(places, Field(targets, matches), equal)
        y, x = places.T
        picture[y, x] = picture[y + offsets[:, 0], x + offsets[:, 1]]
    new_matches, distance = np.empty_like(matches), np.empty(len(matches), np.float32)
    rows = picture.reshape(len(picture), -1)
    parallel(kernels.refine, len(matches), rows, *targets, is_source, matches, REFINE_STRIDE, new_matches, distance)
    weight = likelihood(distance) + 1e-6
    return Found(Field(targets, new_matches), weight.astype(np.float32), found.energy)


def _at_level(
    picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return picture, hole and usable pixels at a level; those at level 0 are the arguments themselves."""
    if number == 0:
        return picture, hole, usable
    factor = 1 << number
    small, share = shrunk(picture, ~hole, factor)
    return np.rint(small * 255).astype(np.uint8), share < 0.5, shrunk_share(usable, factor) > 0.999


def _tiles(hole: np.ndarray, cancelled: Cancelled | None) -> Iterator[tuple[slice, slice]]:
    """Yield rows and columns of tiles that hold a pixel of the hole; raise CancelledError if no longer wanted."""
    first_row, bottom, first_column, right = bounds(hole)
    for top in range(first_row, bottom, _TILE):
        for left in range(first_column, right, _TILE):
            tile = slice(top, min(top + _TILE, bottom)), slice(left, min(left + _TILE, right))
            if hole[tile].any():
                raise_if(cancelled)
                yield tile


def _joined(
    found: Found,
    picture: np.ndarray,
    hole: np.ndarray,
    usable: np.ndarray,
    window: tuple[slice, ...],
    settings: Settings,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the filled window, float32 (h, w, 3) in [0, 1], and the agreement, float32 (h, w)."""
    top, left = window[0].start, window[1].start
    inside = hole[window]
    places = positions(inside)
    y, x = places.T
    offsets, share = strongest_offsets(places + np.array([top, left], np.int32), found.field, found.weight)
    filled = picture[window].astype(np.float32)
    filled[y, x] = picture[top + y + offsets[:, 0], left + x + offsets[:, 1]]
    filled /= np.float32(255)
    place_at = np.full(inside.shape, -1, np.int32)
    place_at[y, x] = np.arange(len(y))
    differences = np.empty((len(y), 3), np.float32)
    parallel(picture_kernels.guidance_field, len(y), picture, usable, top, left, places, place_at, offsets, differences)
    _solve_poisson(filled, places, differences, settings)
    shares = np.zeros(inside.shape, np.float32)
    shares[y, x] = share
    mean = ndimage.gaussian_filter(shares, _SHARE_SIGMA, truncate=2.5)
    weight = ndimage.gaussian_filter(inside.astype(np.float32), _SHARE_SIGMA, truncate=2.5)
    return filled, mean / np.maximum(weight, 1e-3)


def _solve_poisson(filled: np.ndarray, places: np.ndarray, differences: np.ndarray, settings: Settings) -> None:
    """Solve the screened Poisson equation at the places, in place.

    Args:
        filled: float32 (h, w, 3) in [0, 1], with the copied values at the places; other pixels are the boundary.
        places: int32 (m, 2), rows and columns.
        differences: float32 (m, 3), of each place to its neighbours, summed.
        settings: screening and number of iterations.
    """
    pull = differences + np.float32(settings.screening) * filled[places[:, 0], places[:, 1]]
    odd = places.sum(axis=1) % 2 == 1
    halves = [(np.ascontiguousarray(places[half]), np.ascontiguousarray(pull[half])) for half in (~odd, odd)]
    for _ in range(settings.poisson_iterations):
        for pixels, pulls in halves:
            parallel(
                picture_kernels.relax, len(pixels), filled, pixels, pulls, np.float32(settings.screening),
                np.float32(_OVERRELAXATION), least=16384,
            )  # fmt: skip
