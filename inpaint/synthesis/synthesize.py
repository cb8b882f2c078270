"""Multi-scale patch synthesis that is started and guided by the network's fill.

The network decides structure and colour; the surface is made of patches of the photo, from coarse to fine.

Reference:
    Wexler, Shechtman and Irani 2007; Barnes et al. 2009; texture channels after Newson et al. 2014, Video Inpainting
    of Complex Scenes, SIAM J. Imaging Sciences 7(4), section 3.3.
"""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from inpaint.compiled.parallel import Cancelled, results_of

from .candidates import NO_STRUCTURE, Structure, find_structure
from .joining import Surface, join, refined
from .lines import DIRECTIONS, continued_along
from .patch_kernels import SIDE
from .pyramid import Level, as_floats, build_levels, diffused
from .search import Found, Search
from .settings import NARROW_PX, SETTINGS, Settings

_START_TARGETS = 8000  # at the coarsest level, of all starts together
_LINE_ENERGY = 0.97  # of the least other energy: a start with continued lines must fit clearly better
_MISSING_SHARE = 0.22, 0.32  # of a window: from compact holes to surroundings that are mostly missing
_GUIDED_PX = 40, 60  # thickness up to which the guide counts in full, and from which it counts least
_MOST_WINDOW_PIXELS = 1_500_000  # at the finest level on which patches are searched everywhere


def synthesize(
    picture: np.ndarray,
    hole: np.ndarray,
    usable: np.ndarray,
    thickness_px: float,
    *,
    seed: int = 0,
    settings: Settings = SETTINGS,
    cancelled: Cancelled | None = None,
) -> Surface | None:
    """Return the surface of a hole, made of patches of the picture.

    Time depends on the pixels of the hole, and a little on those of the picture.

    Args:
        picture: uint8 (H, W, 3), with the network's fill in the hole. Its values in the hole may be changed.
        hole: bool (H, W), at least one pixel; not modified.
        usable: bool (H, W), pixels that may be copied; False in the hole. Not modified.
        thickness_px: diameter of the largest disk in the hole.
        seed: other seeds give other surfaces. The same seed gives the same bytes, with any number of threads.
        settings: weights and numbers of iterations.
        cancelled: polled between steps.

    Returns:
        The surface; None if no patch of the picture may be copied, or the hole vanishes where patches are searched.

    Raises:
        CancelledError: `cancelled` returned True.
    """
    if min(hole.shape) < SIDE:
        return None
    finest, coarsest = _level_numbers(hole, thickness_px, settings)
    factor = guide_factor(missing_share(usable), thickness_px, settings.free_guide)
    if seed % 2:  # another fill shall look different: the guide that holes of this kind do not get
        factor = settings.free_guide if factor > 0.5 else 1.0
    settings = dataclasses.replace(settings, guide=(settings.guide[0] * factor, settings.guide[1] * factor))
    lines = DIRECTIONS
    if thickness_px <= NARROW_PX:
        settings = dataclasses.replace(
            settings,
            starts=1,
            iterations=settings.narrow_iterations,
            fine_levels=settings.fine_levels + 1,
            fine_window=settings.narrow_window,
        )
        lines = int(thickness_px > _GUIDED_PX[0])
    levels = build_levels(picture, hole, usable, finest, coarsest, settings)
    levels = [level for level in levels if level.hole.any()]  # a narrow hole vanishes at coarse levels
    # a number of Python: others would overflow, and kernels would be compiled again
    found = _searched(levels, int(seed), settings, lines, cancelled)
    del levels  # frees memory for full resolution
    if found is None:
        return None
    found = refined(found, picture, hole, usable, finest, cancelled)
    return join(found, picture, hole, usable, settings, cancelled)


def missing_share(usable: np.ndarray) -> float:
    """Return the share of a window that is missing, in this hole and others: that of the pixels that are not usable."""
    return 1 - np.count_nonzero(usable) / usable.size


def guide_factor(share: float, thickness_px: float, least: float) -> float:
    """Return the factor of the guide's weight for a hole.

    A compact hole in known surroundings, such as a removed object, is continued best by the patches themselves: the
    network's fill is too blurred there to guide them. The more of the surroundings is missing, the more the network
    knows better. In narrow holes it always does.

    Args:
        share: of the window that is missing, see `missing_share`.
        thickness_px: diameter of the largest disk in the hole.
        least: the factor for compact holes.

    Returns:
        From `least` to 1.
    """
    known = np.interp(share, _MISSING_SHARE, (1, 0))
    thick = np.interp(thickness_px, _GUIDED_PX, (0, 1))
    return float(least ** min(known, thick))


def _level_numbers(hole: np.ndarray, thickness_px: float, settings: Settings) -> tuple[int, int]:
    """Return the numbers of the finest and the coarsest level on which patches are searched everywhere."""
    finest, count = 0, int(np.count_nonzero(hole))
    while count > settings.most_pixels << 2 * finest or hole.size > _MOST_WINDOW_PIXELS << 2 * finest:
        finest += 1
    halvings = round(math.log2(max(thickness_px, 1) / (settings.core_px * (1 << finest))))
    coarsest = finest + min(max(halvings, 1), settings.most_halvings)
    while coarsest > 0 and min(hole.shape) >> coarsest < 4 * SIDE:
        coarsest -= 1
    return min(finest, coarsest), coarsest


def _searched(
    levels: list[Level], seed: int, settings: Settings, lines: int, cancelled: Cancelled | None
) -> Found | None:
    """Return the matches at the finest level, from coarse to fine; None if there is nothing to copy.

    At most `lines` directions of lines are continued through the hole.
    """
    last = len(levels) - 1

    def search_at(number: int) -> Search:
        is_fine = number < min(settings.fine_levels, last)
        return Search(levels[number], settings, number / max(last, 1), cancelled, fine=is_fine)

    calls: list[Callable[[], Any]] = [functools.partial(search_at, number) for number in range(len(levels))]
    place = min(1, len(levels))  # the structure takes longest but for the finest search
    calls.insert(place, functools.partial(_structure, levels, settings))
    searches = results_of(calls)
    structure: Structure = searches.pop(place)
    found = None
    for done, search in enumerate(reversed(searches)):
        search.try_offsets(structure.offsets)
        if not search.is_source.any():
            continue
        iterations, sweeps = (
            numbers[min(done, len(numbers) - 1)] for numbers in (settings.iterations, settings.sweeps)
        )
        if found is None:
            found = _best_start(search, structure.directions[:lines], iterations, sweeps, seed, settings)
        else:
            found = search.run(search.take_over(found.field), iterations, sweeps, seed, vote_last=False)
    return found


def _structure(levels: list[Level], settings: Settings) -> Structure:
    """Return how the photo repeats itself, as seen at the second coarsest level."""
    return find_structure(levels[max(len(levels) - 2, 0)]) if settings.offset_tries and levels else NO_STRUCTURE


def _best_start(
    search: Search, directions: np.ndarray, iterations: int, sweeps: int, seed: int, settings: Settings
) -> Found:
    """Return the result with the least energy of several starts at the coarsest level.

    They start from the network's fill, and from the surroundings carried into the hole, with different random numbers;
    of these only the one goes on that is best after the votes by the mean. Where a line crosses the hole its
    continuation is another start, whose energy tells nothing as long as means are taken. Very large holes have one
    start, and no such continuation.
    """
    features = search.level.features
    filled = as_floats(features)
    carried = diffused(filled, (~search.level.hole).astype(np.float32))
    affordable = _START_TARGETS // len(search.targets.centres)
    count = max(1, min(settings.starts, affordable))
    first = min(settings.mean_votes, iterations) if count > 1 else iterations
    lines = (continued_along(search.level, direction, carried) for direction in directions if affordable > 1)
    values = [(filled, carried)[number % 2] for number in range(count)] + [line for line in lines if line is not None]

    def result(number: int) -> _Result:
        own, own_seed = search.beside(values[number]), seed * settings.starts + number
        length = first if number < count else iterations
        found = own.run(own.start(own_seed), length, sweeps, own_seed, settings.mean_votes)
        return _Result(found, own.level.features, found.energy, own_seed)

    _ = search.sources  # found once for all starts
    results = results_of([functools.partial(result, number) for number in range(len(values))])
    best = min(results[:count], key=lambda result: result.energy)
    if first < iterations:
        features[:] = best.features
        found = search.run(best.found.field, iterations - first, sweeps, best.seed, done=first)
        best = _Result(found, features, found.energy, best.seed)
    for line in results[count:]:
        if line.energy / _LINE_ENERGY < best.energy:
            best = line._replace(energy=line.energy / _LINE_ENERGY)
    features[:] = best.features
    return best.found


class _Result(NamedTuple):
    """What a start has led to: the search's result, the features, the energy to compare, and the seed."""

    found: Found
    features: np.ndarray
    energy: float
    seed: int
