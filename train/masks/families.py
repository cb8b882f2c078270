"""The mask families: where a picture is to be filled. `python -m train.masks --output sheet.png` draws them all.

Every family takes (height, width, rng) and returns a bool array (height, width), True = hole. The same rng state gives
the same mask. Any size works, from one pixel to thousands; where a size cannot hold the promised coverage, the mask
comes as near as it can.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .silhouettes import placed_silhouette
from .strokes import brush_stroke, hairline, picture_unit, scratch, tear

MaskFamily = Callable[[int, int, np.random.Generator], np.ndarray]
Shapes = Sequence[np.ndarray]
Coverage = tuple[float, float]

BLOCKS_COVERAGE = (0.23, 0.27)
REGION_COVERAGE = (0.05, 0.25)
STROKES_COVERAGE = (0.10, 0.25)
SCRATCHES_COVERAGE = (0.02, 0.05)
LARGE_COVERAGE = (0.30, 0.45)


def central(height: int, width: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """The central half of each side, a quarter of the area (at least one pixel); `rng` is not used.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (a).
    """
    _check_size(height, width)
    hole_height, hole_width = max(1, height // 2), max(1, width // 2)
    top, left = (height - hole_height) // 2, (width - hole_width) // 2
    mask = np.zeros((height, width), dtype=bool)
    mask[top : top + hole_height, left : left + hole_width] = True
    return mask


def blocks(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Random overlapping squares whose union covers a quarter of the picture, within two points (from 16x16 up).

    A square higher or wider than the picture is cut to it.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (b).
    """
    _check_size(height, width)
    lowest, highest = (share * height * width for share in BLOCKS_COVERAGE)
    mask = np.zeros((height, width), dtype=bool)
    covered = 0
    while covered < lowest:
        side = max(1, round(picture_unit(height, width) * rng.uniform(0.10, 0.30)))
        top, left = (int(rng.integers(max(1, length - side + 1))) for length in (height, width))
        # A square that covers too much shrinks towards its corner; one pixel is always taken, so the loop ends.
        while side > 1 and covered + np.count_nonzero(~mask[top : top + side, left : left + side]) > highest:
            side -= 1
        block = mask[top : top + side, left : left + side]
        covered += int(np.count_nonzero(~block))
        block[:] = True
    return mask


def random_region(
    height: int,
    width: int,
    rng: np.random.Generator,
    shapes: Shapes | None = None,
    *,
    coverage: Coverage = REGION_COVERAGE,
) -> np.ndarray:
    """One to a few silhouettes, scaled, sheared, rotated, bent and placed anywhere.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        shapes: silhouettes, each (h, w), bool or uint8, non-zero inside. None or empty: generated organic shapes.
        coverage: lowest and highest share of the picture that is hole, each in (0, 1].

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: the size is below one pixel.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (c): silhouettes from Pascal VOC 2012, up to 1/4 of the picture.
    """

    def piece(goal: float) -> np.ndarray:
        return placed_silhouette(height, width, rng, coverage=goal * rng.uniform(0.6, 1.2), shapes=shapes)

    return _grow(height, width, rng, piece, coverage)


def strokes(height: int, width: int, rng: np.random.Generator, *, coverage: Coverage = STROKES_COVERAGE) -> np.ndarray:
    """Free-form brush strokes of wandering direction and width; `coverage` as in `random_region`."""
    return _grow(height, width, rng, lambda goal: brush_stroke(height, width, rng), coverage)


def scratches(
    height: int, width: int, rng: np.random.Generator, *, coverage: Coverage = SCRATCHES_COVERAGE
) -> np.ndarray:
    """Fine damage of an old print: scratches, hairlines, often a ragged tear; `coverage` as in `random_region`."""

    def piece(goal: float) -> np.ndarray:
        kind = rng.choice(3, p=(0.6, 0.28, 0.12))
        return (scratch, hairline, tear)[kind](height, width, rng)

    return _grow(height, width, rng, piece, coverage)


def large(
    height: int,
    width: int,
    rng: np.random.Generator,
    shapes: Shapes | None = None,
    *,
    coverage: Coverage = LARGE_COVERAGE,
) -> np.ndarray:
    """Large holes: random regions and wide strokes together; arguments as in `random_region`."""

    def piece(goal: float) -> np.ndarray:
        if rng.uniform() < 0.4:
            return brush_stroke(height, width, rng, wide=True)
        return placed_silhouette(height, width, rng, coverage=goal * rng.uniform(0.4, 1.0), shapes=shapes)

    return _grow(height, width, rng, piece, coverage)


MASKS: dict[str, MaskFamily] = {
    "central": central,
    "blocks": blocks,
    "region": random_region,
    "strokes": strokes,
    "scratches": scratches,
    "large": large,
}
TAKES_SHAPES: dict[str, Callable[..., np.ndarray]] = {"region": random_region, "large": large}


def sample_mask(
    weights: Mapping[str, float], height: int, width: int, rng: np.random.Generator, shapes: Shapes | None = None
) -> np.ndarray:
    """One mask of a family drawn by weight.

    Args:
        weights: family name of MASKS -> weight >= 0; they need not add up to 1.
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        shapes: silhouettes for the families that use them, as in `random_region`.

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: a name is not in MASKS, a weight is negative or not finite, all are zero, or the size is below one
            pixel.
    """
    unknown = [name for name in weights if name not in MASKS]
    if unknown:
        raise ValueError(f"mask family {unknown[0]!r} is unknown: use {', '.join(MASKS)}")
    total = sum(weights.values())
    if not math.isfinite(total) or total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"mask weights are {dict(weights)}: give weights of 0 or more, at least one above 0")
    names = list(weights)
    name = names[rng.choice(len(names), p=[weights[name] / total for name in names])]
    if name in TAKES_SHAPES:
        return TAKES_SHAPES[name](height, width, rng, shapes)
    return MASKS[name](height, width, rng)


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1:
        raise ValueError(f"mask size is {height}x{width}: height and width must be at least 1")


def _grow(
    height: int,
    width: int,
    rng: np.random.Generator,
    piece: Callable[[float], np.ndarray],
    coverage: Coverage,
) -> np.ndarray:
    """The union of pieces until it covers a share drawn from `coverage`; a piece that oversteps the range is left out.

    `piece(goal)` draws one piece; goal is the share still missing. After 60 pieces without success the best try stands.
    """
    _check_size(height, width)
    goal = rng.uniform(coverage[0], 1.1 * coverage[1])
    mask = np.zeros((height, width), dtype=bool)
    covered = 0.0
    for _ in range(60):
        candidate = mask | piece(goal - covered)
        share = np.count_nonzero(candidate) / candidate.size
        if share <= coverage[1]:
            mask, covered = candidate, share
        if covered >= max(coverage[0], 0.8 * goal):
            break
    if not mask.any():  # a picture too small for any piece
        mask[int(rng.integers(height)), int(rng.integers(width))] = True
    return mask
