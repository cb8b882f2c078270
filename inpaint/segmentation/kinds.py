"""Kinds of damage by shape: lines, specks and areas."""

from collections.abc import Collection

import numpy as np

from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label

LINES, SPECKS, AREAS = "lines", "specks", "areas"
KINDS = (LINES, SPECKS, AREAS)
"""Lines: scratches, cracks, folds, hairs. Specks: dust and small spots. Areas: stains, tears, lost pieces."""
AREA_SHARE, LEAST_AREA_PX, MOST_AREA_PX = 0.012, 8.0, 48.0
"""Damage is an area from this thickness on, as a share of the photo's long side, and its bounds in pixels."""
LINE_ELONGATION = 4.0
"""The diagonal of a line's bounding box over its mean width, at least; a disc of few pixels has up to 3.8."""
LEAST_LINE_PX = 9.0
"""Shorter damage is a speck."""


def check_kinds(kinds: Collection[str]) -> frozenset[str]:
    """Return kinds of damage as a set.

    Args:
        kinds: one or more of KINDS; one may be given as a string.

    Raises:
        ValueError: there is none, or an unknown one.
    """
    chosen = frozenset((kinds,) if isinstance(kinds, str) else kinds)
    unknown = sorted(map(str, chosen - set(KINDS)))
    if unknown or not chosen:
        what = f"{unknown[0]!r} is no kind of damage" if unknown else "no kind of damage is given"
        raise ValueError(f"{what}; use one or more of {', '.join(KINDS)}")
    return chosen


def area_thickness_px(shape: tuple[int, ...]) -> float:
    """Return the thickness in pixels from which damage of a photo (H, W) is an area."""
    return min(max(AREA_SHARE * max(shape[:2]), LEAST_AREA_PX), MOST_AREA_PX)


def discs_in_areas(found: np.ndarray) -> np.ndarray:
    """Return the parts of damage that a disc as thick as an area fits into, bool (H, W): none if there is no area.

    Args:
        found: bool (H, W), True = damage; not modified.
    """
    inside = distance_transform(np.pad(found, 1, mode="edge"))[1:-1, 1:-1]  # it continues beyond the photo
    return _opened(found, inside, area_thickness_px(found.shape) / 2)


def split_kinds(found: np.ndarray, discs: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Divide damage by its shape. A crack that ends in a stain is a line, the stain is an area.

    Args:
        found: bool (H, W), True = damage; not modified.
        discs: its `discs_in_areas`, modified; None: they are computed.

    Returns:
        Kind -> bool (H, W). Each pixel of the damage has one kind.
    """
    areas = discs_in_areas(found) if discs is None else discs
    rest = found & ~areas
    labels, count = label(rest)
    is_line = _is_line(labels, count, rest)
    lines = is_line[labels]
    specks = rest & ~lines
    if areas.any() and specks.any():  # what is left of an area's corners
        beside = specks & (distance_transform(~areas) < 2)
        is_beside = np.zeros(count + 1, bool)
        is_beside[labels[beside]] = True
        areas |= specks & is_beside[labels]
        specks &= ~areas
    return {LINES: lines, SPECKS: specks, AREAS: areas}


def chosen_kinds(found: np.ndarray, kinds: Collection[str]) -> np.ndarray:
    """Return the damage of some kinds, bool (H, W), a new array; see `split_kinds` and `check_kinds`."""
    chosen = check_kinds(kinds)
    if len(chosen) == len(KINDS) or not found.any():
        return found.copy()
    parts = split_kinds(found)
    return np.logical_or.reduce([parts[kind] for kind in chosen])


def _opened(found: np.ndarray, inside: np.ndarray, radius: float) -> np.ndarray:
    """Return the parts of damage that a disc fits into, bool (H, W)."""
    centres = inside > radius
    if not centres.any():
        return np.zeros_like(found)
    return found & (distance_transform(~centres) < radius + 1.5)


def _is_line(labels: np.ndarray, count: int, rest: np.ndarray) -> np.ndarray:
    """Return which labels are elongated, bool (count + 1,)."""
    is_line = np.zeros(count + 1, bool)
    if count:
        top, bottom, left, right = bounding_boxes(labels, count).T
        diagonal = np.hypot(bottom - top, right - left)
        width = np.bincount(labels[rest], minlength=count + 1)[1:] / diagonal
        is_line[1:] = (diagonal >= LINE_ELONGATION * width) & (diagonal >= LEAST_LINE_PX)
    return is_line
