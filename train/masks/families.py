"""Mask families: which part of an image is the hole. `python -m train.masks --output sheet.png` draws them all.

Every family takes (height, width, rng) and returns a bool array (height, width), True = hole. The same rng state gives
the same mask. Any size works, from one pixel to thousands; where the stated coverage is impossible at a size, the mask
is as close to it as possible.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from train import registry

from .silhouettes import place_silhouette
from .strokes import brush_stroke, hairline, mean_side, scratch, tear

MaskFamily = Callable[[int, int, np.random.Generator], np.ndarray]
Silhouettes = Sequence[np.ndarray]
Coverage = tuple[float, float]

BLOCKS_COVERAGE = (0.23, 0.27)
REGION_COVERAGE = (0.05, 0.25)
STROKES_COVERAGE = (0.10, 0.25)
SCRATCHES_COVERAGE = (0.02, 0.05)
LARGE_COVERAGE = (0.30, 0.45)
MAX_PIECES = 60
"""Maximum number of pieces that are drawn; a mask that is still too small then stays below its coverage."""


def central_region(height: int, width: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Return the central rectangle of half the height and half the width (at least one pixel).

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: not used; every family takes one.

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: height or width is below 1.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (a).
    """
    check_size(height, width)
    hole_height, hole_width = max(1, height // 2), max(1, width // 2)
    top, left = (height - hole_height) // 2, (width - hole_width) // 2
    mask = np.zeros((height, width), dtype=bool)
    mask[top : top + hole_height, left : left + hole_width] = True
    return mask


def random_blocks(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Draw overlapping squares until their union covers a quarter of the image.

    From 16x16 pixels up, the coverage is within two percentage points of a quarter. A square that is higher or wider
    than the image is clipped.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: height or width is below 1.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (b).
    """
    check_size(height, width)
    lowest, highest = (share * height * width for share in BLOCKS_COVERAGE)
    mask = np.zeros((height, width), dtype=bool)
    covered = 0
    while covered < lowest:
        side = max(1, round(mean_side(height, width) * rng.uniform(0.10, 0.30)))
        top, left = (int(rng.integers(max(1, length - side + 1))) for length in (height, width))
        # A square that covers too much shrinks towards its corner; one pixel is always accepted, so the loop ends.
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
    silhouettes: Silhouettes | None = None,
    *,
    coverage: Coverage = REGION_COVERAGE,
) -> np.ndarray:
    """Draw one to a few silhouettes under random affine and elastic deformations, at random positions.

    Args:
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        silhouettes: each (h, w), bool or uint8, non-zero inside. None or empty: generated blobs.
        coverage: lowest and highest share of the image that is hole, each in (0, 1].

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: height or width is below 1.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Sec. 3.3 (c): silhouettes from Pascal VOC 2012, up to 1/4 of the image.
    """

    def draw_piece(missing: float) -> np.ndarray:
        return place_silhouette(height, width, rng, coverage=missing * rng.uniform(0.6, 1.2), silhouettes=silhouettes)

    return _union_to_coverage(height, width, rng, draw_piece, coverage)


def free_form_strokes(
    height: int, width: int, rng: np.random.Generator, *, coverage: Coverage = STROKES_COVERAGE
) -> np.ndarray:
    """Draw free-form brush strokes whose direction and width vary; arguments as in `random_region`.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, Algorithm 1; its strokes have straight segments and a constant width.
    """
    return _union_to_coverage(height, width, rng, lambda missing: brush_stroke(height, width, rng), coverage)


def scratches(
    height: int, width: int, rng: np.random.Generator, *, coverage: Coverage = SCRATCHES_COVERAGE
) -> np.ndarray:
    """Draw the fine damage of an old print: scratches, hairlines, tears; arguments as in `random_region`."""

    def draw_piece(missing: float) -> np.ndarray:
        kind = rng.choice(3, p=(0.6, 0.28, 0.12))
        return (scratch, hairline, tear)[kind](height, width, rng)

    return _union_to_coverage(height, width, rng, draw_piece, coverage)


def large_holes(
    height: int,
    width: int,
    rng: np.random.Generator,
    silhouettes: Silhouettes | None = None,
    *,
    coverage: Coverage = LARGE_COVERAGE,
) -> np.ndarray:
    """Draw random regions and wide strokes together; arguments as in `random_region`."""

    def draw_piece(missing: float) -> np.ndarray:
        if rng.uniform() < 0.4:
            return brush_stroke(height, width, rng, wide=True)
        return place_silhouette(height, width, rng, coverage=missing * rng.uniform(0.4, 1.0), silhouettes=silhouettes)

    return _union_to_coverage(height, width, rng, draw_piece, coverage)


MASK_FAMILIES: dict[str, MaskFamily] = {
    "central": central_region,
    "blocks": random_blocks,
    "region": random_region,
    "strokes": free_form_strokes,
    "scratches": scratches,
    "large": large_holes,
}
FAMILIES_WITH_SILHOUETTES: dict[str, Callable[..., np.ndarray]] = {"region": random_region, "large": large_holes}


def sample_mask(
    weights: Mapping[str, float],
    height: int,
    width: int,
    rng: np.random.Generator,
    silhouettes: Silhouettes | None = None,
) -> np.ndarray:
    """Draw a mask of a random family.

    Args:
        weights: name in MASK_FAMILIES or the registry -> weight >= 0; they need not add up to 1.
        height: of the mask in pixels, at least 1.
        width: of the mask in pixels, at least 1.
        rng: the only source of randomness.
        silhouettes: for the families that use them, as in `random_region`.

    Returns:
        Bool (height, width), True = hole.

    Raises:
        ValueError: a name is not in MASK_FAMILIES, a weight is negative or not finite, all weights are zero, or height
            or width is below 1.
    """
    unknown = [name for name in weights if name not in MASK_FAMILIES and name not in registry.MASK_FAMILIES]
    if unknown:
        known = ", ".join([*MASK_FAMILIES, *registry.MASK_FAMILIES])
        raise ValueError(f"mask family {unknown[0]!r} is unknown: use {known}")
    total = sum(weights.values())
    if not math.isfinite(total) or total <= 0 or min(weights.values()) < 0:
        raise ValueError(f"mask weights are {dict(weights)}: give weights of 0 or more, at least one above 0")
    names = list(weights)
    name = names[rng.choice(len(names), p=[weights[name] / total for name in names])]
    if name in FAMILIES_WITH_SILHOUETTES:
        return FAMILIES_WITH_SILHOUETTES[name](height, width, rng, silhouettes)
    if name in MASK_FAMILIES:
        return MASK_FAMILIES[name](height, width, rng)
    family: MaskFamily = registry.load(registry.MASK_FAMILIES, name, "data.masks.extra")
    return family(height, width, rng)


def check_size(height: int, width: int) -> None:
    """Raise ValueError unless a mask of this size has a pixel."""
    if height < 1 or width < 1:
        raise ValueError(f"mask size is {height}x{width}: height and width must be at least 1")


def _union_to_coverage(
    height: int,
    width: int,
    rng: np.random.Generator,
    draw_piece: Callable[[float], np.ndarray],
    coverage: Coverage,
) -> np.ndarray:
    """Return the union of random pieces whose share of the image lies in `coverage`.

    The target share is drawn first. A piece that would exceed the highest share is rejected. After MAX_PIECES pieces
    the union is returned as it is.

    Args:
        height: of the mask in pixels.
        width: of the mask in pixels.
        rng: the only source of randomness.
        draw_piece: takes the share that is still missing and returns bool (height, width).
        coverage: lowest and highest share.
    """
    check_size(height, width)
    target = rng.uniform(coverage[0], 1.1 * coverage[1])
    mask = np.zeros((height, width), dtype=bool)
    covered = 0.0
    for _ in range(MAX_PIECES):
        candidate = mask | draw_piece(target - covered)
        share = np.count_nonzero(candidate) / candidate.size
        if share <= coverage[1]:
            mask, covered = candidate, share
        if covered >= max(coverage[0], 0.8 * target):
            break
    if not mask.any():  # the image is too small for any piece
        mask[int(rng.integers(height)), int(rng.integers(width))] = True
    return mask
