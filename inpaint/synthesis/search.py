"""EM iterations at one level: search for the nearest patches, then voting for the hole's pixels.

Reference:
    Wexler, Shechtman and Irani 2007, Space-Time Completion of Video, IEEE TPAMI 29(3), sections 2 and 3. Voting by the
    offset with the largest weight replaces their weighted mean, which blurs.
"""

import copy
import functools
from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import Cancelled, parallel, raise_if
from inpaint.morphology.distance import distance_transform

from . import search_kernels
from .patch_kernels import RADIUS, SIDE
from .pyramid import Level, set_features
from .settings import Settings
from .targets import Field, find_sources, find_targets, positions, unused, upsampled_matches
from .voting import ballot, box_of, copy_features, strongest_offsets, vote_mean

_MOST_VALUES = 2048  # of which quantiles are computed
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
        cancelled: polled before each sweep.
        fine: whether the targets lie apart, see `Settings.stride`.

    Attributes:
        is_source: bool (h, w), the centres of all patches that may be copied.
    """

    def __init__(
        self,
        level: Level,
        settings: Settings,
        position: float,
        cancelled: Cancelled | None,
        *,
        fine: bool = False,
    ) -> None:
        self.level, self.settings, self.cancelled = level, settings, cancelled
        self.fine, self.stride = fine, settings.stride if fine else 1
        self.is_source = find_sources(level.usable)
        self.targets = find_targets(level.hole, self.stride)
        self.box = box_of(level.hole)
        self.offsets = np.zeros((0, 2), np.int32)
        depth = self._depths()
        self.confidence = np.exp(-np.float32(np.log(settings.depth_decay)) * depth)
        guide = settings.guide[0] * position + settings.guide[1] * (1 - position)
        strength = np.full(len(depth), guide * SIDE**2, np.float32)
        near_edge = np.exp(depth * np.float32(-level.factor / settings.guide_depth_px))
        self.guide_weight = np.empty((len(depth), level.guide.shape[2]), np.float32)
        self.guide_weight[:, :3], self.guide_weight[:, 3:6] = (strength * near_edge)[:, None], strength[:, None]
        self.guide_weight[:, 6:] = settings.position * SIDE**2
        self.rows = level.rows
        self.uses = unused(self.is_source)

    def _depths(self) -> np.ndarray:
        """Return the distance of each target to the nearest pixel outside the hole, 0 there: float32 (n,)."""
        top, left = max(self.box.top - RADIUS, 0), max(self.box.left - RADIUS, 0)
        near = self.level.hole[top : self.box.bottom + RADIUS, left : self.box.right + RADIUS]
        y, x = self.targets.centres.T
        return distance_transform(near, border=True)[y - top, x - left]

    @functools.cached_property
    def sources(self) -> np.ndarray:
        """The centres of all patches that may be copied, int32 (m, 2)."""
        return positions(self.is_source)

    def try_offsets(self, offsets: np.ndarray) -> None:
        """Let sweeps try sources at some offsets.

        Args:
            offsets: float32 (k, 2), offsets at which the photo repeats itself, in photo pixels.
        """
        self.offsets = np.round(offsets / self.level.factor).astype(np.int32)

    def beside(self, values: np.ndarray) -> "Search":
        """Return a search with features of its own, which can run at the same time as others.

        It has the sources that this one has found, if it has: else each would find its own.

        Args:
            values: of the features, see `set_features`.
        """
        other = copy.copy(self)
        other.level = self.level._replace(features=np.empty_like(self.level.features))
        set_features(other.level.features, values)
        other.rows, other.uses = other.level.rows, self.uses.copy()
        return other

    def start(self, seed: int) -> Field:
        """Return a field with a random source for each target."""
        chosen = np.random.default_rng(seed).integers(0, len(self.sources), len(self.targets.centres))
        return Field(self.targets, self.sources[chosen])

    def take_over(self, coarse: Field) -> Field:
        """Return the field of the next coarser level at this resolution, and vote with it."""
        matches = upsampled_matches(coarse, self.targets.centres, self.is_source)
        self._vote(matches, self.confidence, mean=True)
        return Field(self.targets, matches)

    def run(
        self,
        field: Field,
        iterations: int,
        sweeps: int,
        seed: int,
        mean_votes: int = 0,
        *,
        done: int = 0,
        vote_last: bool = True,
    ) -> Found:
        """Run EM iterations, and leave the result in the level's features.

        Args:
            field: where the search starts.
            iterations: number of searches, each followed by voting.
            sweeps: over all targets, in each search.
            seed: of the random candidates.
            mean_votes: first iterations that vote by the mean: more of them at the start of the coarsest level, where
                the search also tries more random candidates.
            done: iterations of this level that were run before: they took other random numbers.
            vote_last: whether the last iteration votes too; if not, the features are those before it.
        """
        matches, energy = field.matches, 0.0
        weight = self.confidence
        for iteration in range(done, done + iterations):
            before = matches
            distance = self._distances(matches)
            prices = self._count_uses(matches, distance)
            wide = mean_votes > 0 and iteration < 2
            for number in range(sweeps):
                raise_if(self.cancelled)
                step = STEPS[number % len(STEPS)]
                sweep_seed = seed * 7919 + self.level.factor * 1000 + iteration * 50 + number
                matches, distance = self._sweep(matches, distance, prices, step, wide, sweep_seed)
            search_kernels.forget_uses(before, self.uses)
            energy = float(distance.mean())
            weight = self._weights(distance)
            if vote_last or iteration < done + iterations - 1:
                self._vote(matches, weight, mean=iteration < mean_votes)
        return Found(Field(self.targets, matches), weight, energy)

    def _distances(self, matches: np.ndarray) -> np.ndarray:
        out = np.empty(len(matches), np.float32)
        level = self.level
        parallel(
            search_kernels.distances, len(out), self.rows, self.targets.centres, matches, level.guide, level.shift,
            self.guide_weight, out,
        )  # fmt: skip
        return out

    def _count_uses(self, matches: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Count how often sources are used, add the price of those used more than once, and return the prices."""
        search_kernels.count_uses(matches, self.uses)
        price = self.settings.occurrence * (_quantile(distance, 0.5) + 1e-6)
        prices = prices_of(price, self.stride**2 / 9)
        search_kernels.add_prices(matches, self.uses, prices, distance)
        return prices

    def _sweep(
        self, matches: np.ndarray, distance: np.ndarray, prices: np.ndarray, step: int, wide: bool, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        new_matches, new_distance = np.empty_like(matches), np.empty_like(distance)
        tries = self.settings.offset_tries if len(self.offsets) else 0
        random_tries = 4 if wide else int(not self.fine)  # at fine levels few of them are good, and each is slow
        sources = self.sources if random_tries else np.zeros((0, 2), np.int32)
        level = self.level
        parallel(
            search_kernels.sweep, len(distance), self.rows, *self.targets, matches, distance,
            level.guide, level.shift, self.guide_weight, self.uses, prices, sources, self.offsets,
            step, self._window(wide), 4 * tries if wide else tries, random_tries, 0, seed, new_matches, new_distance,
        )  # fmt: skip
        return new_matches, new_distance

    def _window(self, wide: bool) -> int:
        """Return the largest distance of random candidates from a match."""
        longer = max(self.level.hole.shape)
        return longer if wide else min(self.settings.fine_window if self.fine else self.settings.window, longer)

    def _weights(self, distance: np.ndarray) -> np.ndarray:
        return likelihood(distance) * self.confidence + np.float32(1e-12)

    def _vote(self, matches: np.ndarray, weight: np.ndarray, *, mean: bool) -> None:
        """Set the hole's pixels to what the matched patches over them propose."""
        hole = self.level.hole
        votes = ballot(Field(self.targets, matches), weight, hole.shape[1])
        if mean:
            vote_mean(votes, hole, self.box, self.rows)
        else:
            offsets, _ = strongest_offsets(votes, hole, self.box)
            copy_features(offsets, hole, self.box, self.rows)


def prices_of(price: float, amount: float) -> np.ndarray:
    """Return what is added to the distance of a source by how often it is counted as used: float32 (NOWHERE + 1,).

    Args:
        price: of each use but the first.
        amount: of a count, as each use is counted at several pixels, and stands for several patches.
    """
    uses = np.arange(search_kernels.NOWHERE + 1) * amount
    prices = (price * np.maximum(uses - 1, 0)).astype(np.float32)
    prices[search_kernels.NOWHERE] = search_kernels.TOO_FAR
    return prices


def likelihood(distance: np.ndarray) -> np.ndarray:
    """Return how well patches fit, from 0 to 1: a Gaussian of their distances, as wide as those of most are."""
    return np.exp(distance * np.float32(-1 / (2 * (_quantile(distance, 0.75) + 1e-8))))


def _quantile(values: np.ndarray, share: float) -> float:
    """Return a quantile, of some of the values if there are many."""
    some = values[:: -(-len(values) // _MOST_VALUES)]
    place = int(share * (len(some) - 1))
    return float(np.partition(some, place)[place])
