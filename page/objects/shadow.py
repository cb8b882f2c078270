"""The shadow of an object: a darker part of the ground that touches it."""

import math

import numpy as np

from page.objects.outline import Crop

MARGIN = 0.9
"""What is looked at around a stroke, relative to its longer side: shadows are long."""
BRIGHTEST = 0.7
"""Of a shadow, relative to the lit ground around it, in linear light."""
MAX_CHROMA = 0.12
"""How far the colour of a shadow may be from that of the lit ground: distance of r and g in r + g + b = 1. In shadows
darker than a tenth of the ground, colour says less and less."""
MIN_AREA, MAX_AREA = 0.03, 1.5
"""Of a shadow, relative to the object."""
MIN_CONTACT, LOWER = 0.02, 0.5
"""The part of the object's outline that a shadow touches, and how far down, where the object stands on the ground."""
MAX_OPEN = 0.15
"""The part of a shadow's outline at the edge of what is looked at: more of it is dark ground that goes on."""
MIN_CONTRAST, MIN_SEPARATION = 1.4, 0.8
"""How much brighter the ground is right beside a shadow, and how much of it is brighter than nearly all of the shadow:
shadows have an edge, and ground that darkens slowly, or is spotted, has none."""


def find_shadow(crop: Crop, covered: np.ndarray) -> np.ndarray | None:
    """Return the shadow that touches an object: bool, of the crop's shape, without the object itself.

    Args:
        crop: with the ground around the object.
        covered: bool (h, w), the object, or the whole stroke where no object was found.

    Returns:
        None if there is none, or none that can be told from dark ground.
    """
    import cv2

    if covered.sum() < 16:
        return None
    light = (crop.pixels.astype(np.float32) / 255) ** 2.2 + 1e-3
    luminance = light.mean(axis=2)
    lit = _lit_ground(light, luminance, ~covered)
    ratio = luminance / lit.mean(axis=2)
    chroma = np.abs(light / light.sum(axis=2, keepdims=True) - lit / lit.sum(axis=2, keepdims=True))[..., :2].max(
        axis=2
    )
    dark = (ratio < BRIGHTEST) & (chroma * np.minimum(1, 10 * ratio) < MAX_CHROMA) & ~covered
    dark = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    dark = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) & ~covered
    shadow = np.zeros_like(covered)
    count, parts = cv2.connectedComponents(dark, connectivity=4)
    for part in range(1, count):
        if _is_shadow(parts == part, covered, luminance):
            shadow |= parts == part
    if not shadow.any():
        return None
    return _grown(shadow, 2) & ~covered  # with its soft rim


def _lit_ground(light: np.ndarray, luminance: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Return how bright the ground would be without shadows: the mean of its brighter pixels nearby, (h, w, 3)."""
    import cv2

    sigma = max(4.0, 0.15 * math.sqrt(luminance.size))
    weight = ground.astype(np.float32)
    for _ in range(2):  # of all pixels first, then of those that are not darker than that
        weights = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-4
        mean = cv2.GaussianBlur(light * weight[..., None], (0, 0), sigma) / weights[..., None]
        weight = (ground & (luminance > 0.9 * mean.mean(axis=2))).astype(np.float32)
    weights = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-4
    return cv2.GaussianBlur(light * weight[..., None], (0, 0), sigma) / weights[..., None] + 1e-3


def _is_shadow(part: np.ndarray, covered: np.ndarray, luminance: np.ndarray) -> bool:
    """Return whether a dark part of the ground has the size, the place and the evenness of the object's shadow."""
    if not MIN_AREA <= part.sum() / covered.sum() <= MAX_AREA:
        return False
    touching = np.flatnonzero((_outline(covered) & _grown(part, 3)).any(axis=1))
    contact = (_outline(covered) & _grown(part, 3)).sum() / _outline(covered).sum()
    rows = np.flatnonzero(covered.any(axis=1))
    if contact < MIN_CONTACT or touching.mean() < rows[0] + LOWER * (rows[-1] - rows[0]):
        return False
    at_edge = sum(int(side.sum()) for side in (part[0], part[-1], part[:, 0], part[:, -1]))
    if at_edge > MAX_OPEN * max(1, _outline(part).sum()):
        return False
    beside = _grown(part, 5) & ~_grown(part, 2) & ~_grown(covered, 3)
    if beside.sum() < 16:
        return False
    contrast = np.median(luminance[beside]) / np.median(luminance[part])
    separation = (luminance[beside] > np.quantile(luminance[part], 0.8)).mean()
    return bool(contrast > MIN_CONTRAST and separation > MIN_SEPARATION)


def _outline(mask: np.ndarray) -> np.ndarray:
    """Return the pixels of a mask that touch its outside."""
    import cv2

    return mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)


def _grown(mask: np.ndarray, px: int) -> np.ndarray:
    """Return a mask dilated by a square."""
    import cv2

    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * px + 1, 2 * px + 1), np.uint8)) > 0
