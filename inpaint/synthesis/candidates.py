"""Offsets at which the photo around a hole repeats itself: candidates for the search.

Patterns go on in phase and lines go straight on when the vector from a patch to its source is one at which the known
part repeats itself, or one along a straight edge.

Reference:
    He and Sun 2012, Statistics of Patch Offsets for Image Completion, ECCV, section 3.1.
"""

from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import parallel
from inpaint.morphology.distance import distance_transform

from . import search_kernels, source_kernels
from .blurs import blurred
from .lines import edge_directions, offsets_along
from .pyramid import Level
from .search import STEPS, prices_of
from .targets import Targets, bounds, find_sources, positions, targets_on, unused

DOMINANT = 24  # offsets that are kept
MIN_OFFSET = 4  # in pixels of the level: a patch resembles those beside it everywhere
_RING = 24  # known pixels around the hole that are looked at, at least
_MOST_TARGETS = 1024  # more find the same offsets, and each costs as much as one of the hole
_MANY_TARGETS = 2048
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
    targets = _some_of(near)
    if len(targets.centres) < _RING**2 // 8:
        return NO_STRUCTURE
    directions = edge_directions(level, near)
    along = offsets_along(directions, MIN_OFFSET, max(near.shape))
    offsets = np.concatenate([_dominant(level, is_source, targets), along])
    return Structure((offsets * level.factor).astype(np.float32), directions)


def _near(hole: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return the sources around a hole, half as far as it is long, but not too many: bool (h, w)."""
    top, bottom, left, right = bounds(hole)
    farthest = max(_RING, (max(bottom - top, right - left) - 1) // 2)
    box = slice(max(top - farthest, 0), bottom + farthest), slice(max(left - farthest, 0), right + farthest)
    distance = distance_transform(~hole[box])
    near = np.zeros_like(hole)
    near[box] = is_source[box] & (distance <= farthest)
    if np.count_nonzero(near) > 4 * _MOST_TARGETS:
        near[box] &= distance <= np.partition(distance[near[box]], 4 * _MOST_TARGETS)[4 * _MOST_TARGETS]
    return near


def _some_of(near: np.ndarray) -> Targets:
    """Return the pixels of a mask as targets; a quarter of them, on every other row and column, if they are many."""
    stride = 2 if np.count_nonzero(near) > _MANY_TARGETS else 1
    rows, columns = (np.arange(0, side, stride, dtype=np.int32) for side in near.shape)
    return targets_on(np.ascontiguousarray(near[::stride, ::stride]), rows, columns)


def _dominant(level: Level, is_source: np.ndarray, targets: Targets) -> np.ndarray:
    """Return the most frequent offsets from known patches to the known patches that resemble them most, (k, 2)."""
    height, width = level.hole.shape
    offsets = _nearest(level, is_source, targets) - targets.centres
    votes = np.zeros((2 * height + 1, 2 * width + 1), np.float32)
    np.add.at(votes, (offsets[:, 0] + height, offsets[:, 1] + width), 1)
    votes += votes[::-1, ::-1].copy()  # what repeats to the left also repeats to the right
    smooth = blurred(votes, 1)
    is_peak = np.empty(votes.shape, bool)
    parallel(source_kernels.find_peaks, len(smooth), smooth, np.float32(0.5), 2, is_peak, least=64)
    peaks = positions(is_peak)
    strongest = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")[:DOMINANT]
    return np.repeat(peaks[strongest] - (height, width), _REPEAT, axis=0)


def _nearest(level: Level, is_source: np.ndarray, targets: Targets) -> np.ndarray:
    """Return the sources that resemble known patches most, at least MIN_OFFSET away, of the better three quarters."""
    count = len(targets.centres)
    sources = positions(is_source)
    matches = sources[np.random.default_rng(0).integers(0, len(sources), count)]
    distance = np.full(count, search_kernels.TOO_FAR)
    no_weight = np.zeros((count, level.guide.shape[2]), np.float32)
    no_uses, no_prices, no_offsets = unused(is_source), prices_of(0, 0), np.zeros((0, 2), np.int32)
    for number in range(_SWEEPS):
        new_matches, new_distance = np.empty_like(matches), np.empty_like(distance)
        parallel(
            search_kernels.sweep, count, level.rows, *targets, matches, distance, level.guide, level.shift,
            no_weight, no_uses, no_prices, sources, no_offsets, STEPS[number],
            max(level.hole.shape), 0, 2, MIN_OFFSET, number, new_matches, new_distance,
        )  # fmt: skip
        matches, distance = new_matches, new_distance
    return np.where((distance <= np.quantile(distance, 0.75))[:, None], matches, targets.centres)
