"""Offsets at which the photo around a hole repeats itself: candidates for the search.

Patterns go on in phase and lines go straight on when the vector from a patch to its source is one at which the known
part repeats itself, or one along a straight edge.

Reference:
    He and Sun 2012, Statistics of Patch Offsets for Image Completion, ECCV, section 3.1.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.compiled.parallel import parallel

from . import kernels
from .lines import edge_directions, offsets_along
from .pyramid import Level
from .search import STEPS
from .targets import bounds, find_sources, indexed, positions

DOMINANT = 24  # offsets that are kept
MIN_OFFSET = 4  # in pixels of the level: a patch resembles those beside it everywhere
_RING = 24  # known pixels around the hole that are looked at, at least
_MOST_TARGETS = 24 * 1024  # fewer pixels around a long hole, as each costs as much as one of the hole
_SWEEPS = 6
_REPEAT = 8  # of each dominant offset among the candidates, so that offsets along edges do not outnumber them


class Structure(NamedTuple):
    """How the photo around a hole repeats itself.

    Attributes:
        offsets: float32 (k, 2), rows and columns in photo pixels at which it does.
        directions: float64 (m,), of straight edges, see `edge_directions`.
    """

    offsets: np.ndarray
    directions: np.ndarray


NO_STRUCTURE = Structure(np.zeros((0, 2), np.float32), np.zeros(0))


def find_structure(level: Level) -> Structure:
    """Return how the photo around a hole repeats itself, as seen at a level; nothing if too little is known."""
    is_source = find_sources(level.usable)
    near = _near(level.hole, is_source)
    targets = positions(near)
    if len(targets) < _RING**2 // 8:
        return NO_STRUCTURE
    directions = edge_directions(level, near)
    along = offsets_along(directions, MIN_OFFSET, max(near.shape))
    offsets = np.concatenate([_dominant(level, is_source, targets), along])
    return Structure((offsets * level.factor).astype(np.float32), directions)


def _near(hole: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return the sources around a hole, half as far as it is long, but not too many: bool (h, w)."""
    top, bottom, left, right = bounds(hole)
    distance = ndimage.distance_transform_edt(~hole)
    near = is_source & (distance <= max(_RING, (max(bottom - top, right - left) - 1) // 2))
    if np.count_nonzero(near) > _MOST_TARGETS:
        near &= distance <= np.partition(distance[near], _MOST_TARGETS)[_MOST_TARGETS]
    return near


def _dominant(level: Level, is_source: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the most frequent offsets from known patches to the known patches that resemble them most, (k, 2)."""
    height, width = level.hole.shape
    offsets = _nearest(level, is_source, targets) - targets
    votes = np.zeros((2 * height + 1, 2 * width + 1), np.float32)
    np.add.at(votes, (offsets[:, 0] + height, offsets[:, 1] + width), 1)
    votes += votes[::-1, ::-1].copy()  # what repeats to the left also repeats to the right
    smooth = ndimage.gaussian_filter(votes, 1)
    peaks = np.argwhere((smooth == ndimage.maximum_filter(smooth, 5)) & (smooth > 0.5))
    strongest = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")[:DOMINANT]
    return np.repeat(peaks[strongest] - (height, width), _REPEAT, axis=0)


def _nearest(level: Level, is_source: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the sources that resemble known patches most, at least MIN_OFFSET away, of the better three quarters."""
    count = len(targets)
    sources = positions(is_source)
    known = indexed(targets, 0, 0, level.hole.shape)
    matches = sources[np.random.default_rng(0).integers(0, len(sources), count)]
    distance = np.full(count, 1e30, np.float32)  # finite, as the kernels are compiled without infinities (fastmath)
    no_guide, no_weight = np.zeros_like(level.guide), np.zeros((count, 2), np.float32)
    no_penalty, no_offsets = np.zeros(level.hole.shape, np.float32), np.zeros((0, 2), np.int32)
    rows = level.features.reshape(len(level.features), -1)
    for number in range(_SWEEPS):
        new_matches, new_distance = np.empty_like(matches), np.empty_like(distance)
        parallel(
            kernels.sweep, count, rows, *known, is_source, matches, distance, no_guide, level.shift, no_weight,
            no_penalty, sources, no_offsets, STEPS[number],
            max(level.hole.shape), 0, 2, MIN_OFFSET, number, new_matches, new_distance,
        )  # fmt: skip
        matches, distance = new_matches, new_distance
    return np.where((distance <= np.quantile(distance, 0.75))[:, None], matches, targets)
