"""EM iterations at one level: search for the nearest patches, then voting for the hole's pixels.

Reference:
    Wexler, Shechtman and Irani 2007, Space-Time Completion of Video, IEEE TPAMI 29(3), sections 2 and 3. Voting by the
    offset with the largest weight replaces their weighted mean, which blurs.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.compiled.parallel import Cancelled, parallel, raise_if

from . import kernels
from .pyramid import Level
from .settings import Settings
from .targets import Field, find_sources, find_targets, positions, upsampled_matches

STEPS = (1, 2, 1, 4, 1, 8)  # distances of the neighbours whose matches are continued, sweep by sweep


class Found(NamedTuple):
    """What a search has found.

    Attributes:
        field: the matches.
        weight: float32 (n,), of each target's vote.
        energy: mean distance of targets and matches: the smaller, the better the patches fit.
    """

    field: Field
    weight: np.ndarray
    energy: float


class Search:
    """The search at one level.

    Args:
        level: the picture at one scale; its features change in the hole.
        settings: weights and numbers of iterations.
        position: of the level, from 0 for the finest to 1 for the coarsest.
        offsets: float32 (k, 2), offsets at which the photo repeats itself, in photo pixels.
        cancelled: polled before each sweep.

    Attributes:
        sources: int32 (m, 2), the centres of all patches that may be copied.
    """

    def __init__(
        self, level: Level, settings: Settings, position: float, offsets: np.ndarray, cancelled: Cancelled | None
    ) -> None:
        self.level, self.settings, self.cancelled = level, settings, cancelled
        self.stride = settings.stride if level.shift else 1
        self.is_source = find_sources(level.usable)
        self.sources = positions(self.is_source)
        self.targets = find_targets(level.hole, self.stride)
        self.pixels = positions(level.hole)
        self.offsets = np.round(offsets / level.factor).astype(np.int32)
        depth = ndimage.distance_transform_edt(np.pad(level.hole, 1))[1:-1, 1:-1]
        depth = depth[self.targets.centres[:, 0], self.targets.centres[:, 1]]
        self.confidence = (settings.depth_decay**-depth).astype(np.float32)
        guide = settings.guide[0] * position + settings.guide[1] * (1 - position)
        strength = np.full(len(depth), guide * kernels.SIDE**2)
        near_edge = np.exp(-depth * level.factor / settings.guide_depth_px)
        self.guide_weight = np.stack([strength * near_edge, strength], 1).astype(np.float32)
        self.guide = level.guide.copy()
        self.guide[..., 6:] *= np.sqrt(settings.position / guide)
        self.rows = level.features.reshape(len(level.features), -1)  # a view, for the kernels

    def start(self, seed: int) -> Field:
        """Return a field with a random source for each target."""
        chosen = np.random.default_rng(seed).integers(0, len(self.sources), len(self.targets.centres))
        return Field(self.targets, self.sources[chosen])

    def take_over(self, coarse: Field) -> Field:
        """Return the field of the next coarser level at this resolution, and vote with it."""
        matches = upsampled_matches(coarse, self.targets.centres, self.is_source)
        self._vote(matches, self.confidence, mean=True)
        return Field(self.targets, matches)

    def run(self, field: Field, iterations: int, sweeps: int, seed: int, mean_votes: int = 0) -> Found:
        """Run EM iterations, and leave the result in the level's features.

        Args:
            field: where the search starts.
            iterations: number of searches, each followed by voting.
            sweeps: over all targets, in each search.
            seed: of the random candidates.
            mean_votes: first iterations that vote by the mean: more of them at the start of the coarsest level, where
                the search also tries more random candidates.
        """
        matches, energy = field.matches, 0.0
        weight = self.confidence
        for iteration in range(iterations):
            distance = self._distances(matches)
            penalty = self._penalty(matches, distance)
            distance += penalty[matches[:, 0], matches[:, 1]]
            wide = mean_votes > 0 and iteration < 2
            for number in range(sweeps):
                raise_if(self.cancelled)
                step = STEPS[number % len(STEPS)] * self.stride
                sweep_seed = seed * 7919 + self.level.factor * 1000 + iteration * 50 + number
                matches, distance = self._sweep(matches, distance, penalty, step, wide, sweep_seed)
            energy = float(distance.mean())
            weight = self._weights(distance)
            self._vote(matches, weight, mean=iteration < mean_votes)
        return Found(Field(self.targets, matches), weight, energy)

    def _distances(self, matches: np.ndarray) -> np.ndarray:
        out = np.empty(len(matches), np.float32)
        level = self.level
        parallel(
            kernels.distances, len(out), self.rows, self.targets.centres, matches, self.guide, level.shift,
            self.guide_weight, out,
        )  # fmt: skip
        return out

    def _penalty(self, matches: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Return the penalty of sources that are used more than once, float32 (h, w)."""
        uses = np.zeros(self.level.hole.shape, np.float32)
        kernels.count_uses(matches, uses, np.float32(self.stride**2))
        scale = self.settings.occurrence * (np.median(distance) + 1e-6)
        return np.maximum(ndimage.uniform_filter(uses, 3) - 1, 0) * np.float32(scale)

    def _sweep(
        self, matches: np.ndarray, distance: np.ndarray, penalty: np.ndarray, step: int, wide: bool, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        new_matches, new_distance = np.empty_like(matches), np.empty_like(distance)
        tries = self.settings.offset_tries if len(self.offsets) else 0
        level = self.level
        parallel(
            kernels.sweep, len(distance), self.rows, *self.targets, self.is_source, matches,
            distance, self.guide, level.shift, self.guide_weight, penalty, self.sources, self.offsets, step,
            self._window(wide), 4 * tries if wide else tries, 4 if wide else 1, 0, seed, new_matches, new_distance,
        )  # fmt: skip
        return new_matches, new_distance

    def _window(self, wide: bool) -> int:
        """Return the largest distance of random candidates from a match."""
        longer = max(self.level.hole.shape)
        return longer if wide else min(self.settings.window, longer)

    def _weights(self, distance: np.ndarray) -> np.ndarray:
        return (likelihood(distance) * self.confidence + 1e-12).astype(np.float32)

    def _vote(self, matches: np.ndarray, weight: np.ndarray, *, mean: bool) -> None:
        """Set the hole's pixels to what the matched patches over them propose."""
        features = self.level.features
        y, x = self.pixels.T
        if mean:
            values = np.empty((len(y), kernels.CHANNELS), np.float32)
            parallel(kernels.vote_mean, len(y), self.rows, self.pixels, *self.targets[1:], matches, weight, values)
            features[y, x] = values
        else:
            offsets, _ = strongest_offsets(self.pixels, Field(self.targets, matches), weight)
            features[y, x] = features[y + offsets[:, 0], x + offsets[:, 1]]


def likelihood(distance: np.ndarray) -> np.ndarray:
    """Return how well patches fit, from 0 to 1: a Gaussian of their distances, as wide as those of most are."""
    return np.exp(-distance / (2 * (np.quantile(distance, 0.75) + 1e-8)))


def strongest_offsets(pixels: np.ndarray, field: Field, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pixel (m, 2) the offset with the largest weight, int32 (m, 2), and its share, float32 (m,)."""
    offsets, share = np.empty((len(pixels), 2), np.int32), np.empty(len(pixels), np.float32)
    parallel(kernels.vote_offset, len(pixels), pixels, *field.targets[1:], field.matches, weight, offsets, share)
    return offsets, share
