"""The finest levels: matches refined to full resolution, runs of pixels copied, and their seams joined."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import Cancelled, parallel, raise_if

from . import joining_kernels, search_kernels
from .pyramid import shrunk_level
from .search import Found, likelihood
from .settings import Settings
from .targets import Field, bounds, find_sources, find_targets, upsampled_matches
from .voting import ballot

REFINE_STRIDE = 4  # of targets at levels that are only refined
_TILE = 256  # side in pixels: what is copied and joined at once
_AT_ONCE = 8  # tiles between polls
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
    votes = ballot(found.field, found.weight, hole.shape[1])
    rows = picture.reshape(len(picture), -1)
    for tiles in _tiles(hole, cancelled):
        parallel(
            joining_kernels.join, len(tiles), tiles, rows, hole, usable, top, left, *votes,
            np.float32(settings.screening), np.float32(_OVERRELAXATION), settings.poisson_iterations, *surface, least=1,
            even_alone=True,
        )  # fmt: skip
    return surface


def _refined_once(
    found: Found, picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, cancelled: Cancelled | None
) -> Found:
    """Return the matches of the next finer level, and fill its hole with them."""
    is_source = find_sources(usable)
    targets = find_targets(hole, REFINE_STRIDE)
    matches = upsampled_matches(found.field, targets.centres, is_source)
    votes = ballot(Field(targets, matches), np.ones(len(matches), np.float32), hole.shape[1])
    rows = picture.reshape(len(picture), -1)
    for tiles in _tiles(hole, cancelled):
        parallel(joining_kernels.paint, len(tiles), tiles, rows, hole, *votes, least=1)
    new_matches, distance = np.empty_like(matches), np.empty(len(matches), np.float32)
    parallel(search_kernels.refine, len(matches), rows, *targets, is_source, matches, new_matches, distance)
    return Found(Field(targets, new_matches), likelihood(distance) + np.float32(1e-6), found.energy)


def _at_level(
    picture: np.ndarray, hole: np.ndarray, usable: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return picture, hole and usable pixels at a level; those at level 0 are the arguments themselves."""
    if number == 0:
        return picture, hole, usable
    features, hole, usable = shrunk_level(picture, hole, usable, 1 << number)
    return np.ascontiguousarray(features[0, ..., :3]), hole, usable


def _tiles(hole: np.ndarray, cancelled: Cancelled | None) -> Iterator[np.ndarray]:
    """Yield some of the tiles that hold a pixel of the hole, int64 (n, 4) of top, bottom, left and right.

    Raises:
        CancelledError: the result is no longer wanted.
    """
    first_row, bottom, first_column, right = bounds(hole)
    tiles = []
    for top in range(first_row, bottom, _TILE):
        for left in range(first_column, right, _TILE):
            tile = top, min(top + _TILE, bottom), left, min(left + _TILE, right)
            if hole[tile[0] : tile[1], tile[2] : tile[3]].any():
                tiles.append(tile)
    for first in range(0, len(tiles), _AT_ONCE):
        raise_if(cancelled)
        yield np.array(tiles[first : first + _AT_ONCE], np.int64)
