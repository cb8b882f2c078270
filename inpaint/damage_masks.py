"""The mask of damage for a threshold, from its probability: cheap enough for a slider."""

from collections.abc import Collection

import numpy as np

from inpaint.engine.regions import check_grow_px, dilate
from inpaint.morphology.labels import label
from inpaint.segmentation.borders import without_borders
from inpaint.segmentation.kinds import AREAS, KINDS, check_kinds, discs_in_areas, split_kinds
from inpaint.segmentation.thresholding import hysteresis, near_thick

THRESHOLD = 0.5
GROW_PX = 1.0
LOW_THRESHOLD = 0.6
"""Hysteresis: damage continues into adjacent pixels down to this multiple of the threshold."""
MIN_COMPONENT_PX = 3
THICK_GROW = 6
"""Thick damage is a stain or a lost piece with soft edges: it is dilated by this multiple of `grow_px`."""
TIPS_PX = 12
"""What lies within this distance of thick damage is its tips, which are dilated half as much as it."""
THICK_REACH_PX, THICK_LOW_THRESHOLD = 24, 0.3
"""Within this distance of thick damage, pixels are marked down to this multiple of the threshold: the unmarked half of
a stain would be continued into the fill of the other half."""
LARGE_SHARE, ALONE = 0.004, 0.95
"""Where areas make up more than ALONE of what is found, one that covers more than LARGE_SHARE of the photo needs more
evidence, see `_sure_areas`."""
USUAL_PIXELS, MOST_GROW = 3_000_000, 2.0
"""In larger photos the soft rim of damage is wider: the mask is dilated by up to this multiple of `grow_px`."""


def damage_mask(
    probability: np.ndarray,
    *,
    threshold: float = THRESHOLD,
    grow_px: float = GROW_PX,
    kinds: Collection[str] = KINDS,
) -> np.ndarray:
    """Return the mask of the damage that has a probability. Long thin lines at the photo's edges are no damage.

    Args:
        probability: of damage, as `find_damage(photo, return_probability=True)` returns it: float (H, W) in [0, 1]; or
            uint8, 255 = 1, which takes a quarter of the memory. Not modified.
        threshold: mark pixels with at least this probability, above 0 and below 1; lower marks more.
        grow_px: dilate the mask by this number of pixels, thick damage by THICK_GROW times as many and its tips by half
            of that, and all by up to MOST_GROW times as many in large photos: a fill must not continue from a damaged
            rim.
        kinds: which kinds of damage to mark, of "lines", "specks" and "areas"; see `segmentation.kinds`.

    Returns:
        bool (H, W), True = damage, that is a hole.

    Raises:
        ValueError: the threshold is out of range, or a kind is unknown.
        MaskError: `grow_px` is out of range.
    """
    check_threshold(threshold)
    check_grow_px(grow_px)
    chosen = check_kinds(kinds)
    values = probability.astype(np.float32)
    if probability.dtype == np.uint8:
        values /= 255
    found = without_borders(hysteresis(values, threshold * LOW_THRESHOLD, threshold, MIN_COMPONENT_PX))
    if not found.any():
        return found
    discs = discs_in_areas(found)
    if len(chosen) < len(KINDS) or discs.any():
        parts = split_kinds(found, discs)
        parts[AREAS] = _sure_areas(values, parts[AREAS], found, threshold)
        found = np.logical_or.reduce([parts[kind] for kind in chosen])
    around = near_thick(found, THICK_REACH_PX)
    if around is not None:
        found |= around & (values > threshold * THICK_LOW_THRESHOLD)
    grow_px *= min(max((found.size / USUAL_PIXELS) ** 0.5, 1.0), MOST_GROW)
    mask = dilate(found, grow_px)
    around = near_thick(found, grow_px * THICK_GROW)
    if around is None:
        return mask
    with_tips = near_thick(found, TIPS_PX)
    assert with_tips is not None
    return mask | around | dilate(found & with_tips, grow_px * THICK_GROW / 2)


def _sure_areas(values: np.ndarray, areas: np.ndarray, found: np.ndarray, threshold: float) -> np.ndarray:
    """Return those areas whose mean logit reaches the threshold's, and more where they are alone and large.

    Hysteresis alone would keep an area most of which lies below the threshold. Erasing what is no damage costs most
    where it is large, and a white collar or a cloud looks more like a stain than a rope looks like a scratch. So where
    hardly anything else is found in the photo, an area of LARGE_SHARE of it has to reach the logit of the threshold,
    and one ten times as large a logit higher by 1.

    Args:
        values: probability, float32 (H, W).
        areas: bool (H, W), those of what was found.
        found: bool (H, W), all that was found.
        threshold: a probability.

    Returns:
        bool (H, W).
    """
    if not areas.any():
        return areas
    labels, count = label(areas)
    clipped = np.clip(values[areas], 1e-4, 1 - 1e-4)
    logits = np.log(clipped / (1 - clipped))
    of_area = labels[areas]
    sizes = np.maximum(np.bincount(of_area, minlength=count + 1), 1)
    needed = np.full(count + 1, np.log(threshold / (1 - threshold)))
    if np.count_nonzero(areas) > ALONE * np.count_nonzero(found):
        needed += np.maximum(np.log10(sizes / (LARGE_SHARE * areas.size)), 0)
    is_sure = np.bincount(of_area, logits, count + 1) / sizes >= needed
    is_sure[0] = False
    return is_sure[labels]


def check_threshold(threshold: float) -> None:
    """Raise ValueError unless the threshold is a probability above 0 and below 1."""
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}; it must lie between 0 and 1, and lower marks more: try 0.5")
