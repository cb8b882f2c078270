"""The object at a point: GrabCut in discs of several sizes around it, of which the one tells that shows an outline."""

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.regions import Box, Part, bounding_part, dilate
from page.objects import outline
from page.objects.outline import Crop

RADII = (0.04, 0.07, 0.11, 0.17, 0.26, 0.38)
"""Of the discs inside which an object is looked for, relative to the photo's longer side."""
PIXELS = 15_000
"""Of the reduced crop around a disc."""
MARGIN = 0.2
"""Of background around a disc, relative to its diameter."""
KNOWN, PROBABLE = 0.04, 0.6
"""Radii, relative to the disc's, within which everything is the object, and within which it probably is."""
MIN_SHARE, MAX_SHARE = 0.06, 0.6
"""Of an object in its disc: less is a detail that a smaller disc shows better, and more is the ground that goes on."""
MAX_OPEN = 0.3
"""The part of an outline along the disc's rim, where the object is cut off."""
MIN_CONTRAST = 12.0
"""Between the two sides of an outline, in units of CIELAB: that of most of the outline."""
WEAKEST = 0.3
"""Quantile of the contrast along an outline that counts."""
AS_GOOD = 0.55
"""Part of the best contrast from which a larger object is preferred: people point at things, not at their parts."""
LOOSE_PX = 0.01
"""Around what was found, relative to the photo's longer side, where the outline is looked for at a finer scale."""


class Candidate(NamedTuple):
    """What may be the object at a point.

    Attributes:
        crop: the surroundings; `painted` is the disc.
        mask: bool, of the crop's shape.
        contrast: along its outline, see MIN_CONTRAST.
    """

    crop: Crop
    mask: np.ndarray
    contrast: float


def object_at(photo: Image.Image, x: float, y: float) -> Part | None:
    """Return the object at a point.

    Args:
        photo: in any mode.
        x: to the right, in photo pixels from the upper left corner.
        y: down.

    Returns:
        None if no object can be told from its surroundings.
    """
    x, y = min(max(x, 0.0), photo.width - 0.5), min(max(y, 0.0), photo.height - 0.5)
    longer = max(photo.size)
    candidates = [found for radius in RADII if (found := _within(photo, x, y, radius * longer)) is not None]
    if not candidates:
        return None
    best = max(candidate.contrast for candidate in candidates)
    if best < MIN_CONTRAST:
        return None
    chosen = [each for each in candidates if each.contrast >= max(MIN_CONTRAST, AS_GOOD * best)][-1]
    return _refined(photo, chosen.crop.enlarged(chosen.mask), x, y)


def _within(photo: Image.Image, x: float, y: float, radius: float) -> Candidate | None:
    """Return what GrabCut finds at a point if all outside of a disc is background; None if that is no object."""
    import cv2

    reach = math.ceil((1 + 2 * MARGIN) * radius)
    box = Box(int(x) - reach, int(y) - reach, int(x) + reach + 1, int(y) + reach + 1)
    box = box.intersection(Box(0, 0, *photo.size))
    pixels = outline.reduced(photo, box, PIXELS)
    height, width = pixels.shape[:2]
    scale = box.width / width
    column, row = min(width - 1, int((x - box.left) / scale)), min(height - 1, int((y - box.top) / scale))
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows - row, columns - column) * scale / radius
    labels = np.full((height, width), cv2.GC_BGD, np.uint8)
    labels[distance < 1] = cv2.GC_PR_BGD
    labels[distance < PROBABLE] = cv2.GC_PR_FGD
    labels[distance <= max(2 * scale / radius, KNOWN)] = cv2.GC_FGD
    if (labels == cv2.GC_BGD).sum() < 16 or (labels == cv2.GC_PR_FGD).sum() < 16:
        return None
    found = np.isin(outline.grab_cut(pixels, labels), (cv2.GC_FGD, cv2.GC_PR_FGD))
    _, parts = cv2.connectedComponents(found.astype(np.uint8), connectivity=4)
    crop, mask = Crop(box, pixels, distance < 1), parts == parts[row, column]
    if not MIN_SHARE <= mask.sum() / crop.painted.sum() <= MAX_SHARE:
        return None
    return Candidate(crop, mask, _contrast(crop, mask))


def _contrast(crop: Crop, mask: np.ndarray) -> float:
    """Return how much an object differs from what is right beside it, along its outline; 0 if the disc cuts it off."""
    import cv2

    edge = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    rim = cv2.erode(crop.painted.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    inside_photo = np.zeros_like(mask)
    inside_photo[1:-1, 1:-1] = True
    edge &= inside_photo
    if not edge.any() or (is_open := float(rim[edge].mean())) > MAX_OPEN:
        return 0.0
    lab = cv2.cvtColor(crop.pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    sigma = max(2.0, 0.02 * math.sqrt(mask.size))

    def mean(weight: np.ndarray) -> np.ndarray:
        total = cv2.GaussianBlur(weight, (0, 0), sigma) + 1e-4
        return cv2.GaussianBlur(lab * weight[..., None], (0, 0), sigma) / total[..., None]

    difference = np.linalg.norm(mean(mask.astype(np.float32)) - mean(1 - mask.astype(np.float32)), axis=2)
    return float(np.quantile(difference[edge], WEAKEST)) * (1 - is_open) ** 2


def _refined(photo: Image.Image, coarse: Part, x: float, y: float) -> Part:
    """Return an object with the outline that a finer crop shows; as it was if that does not show it."""
    px = max(2, math.ceil(LOOSE_PX * max(photo.size)))
    window = coarse.box.expanded(px).intersection(Box(0, 0, *photo.size))
    hole = np.zeros((window.height, window.width), bool)
    hole[coarse.box.intersection(window).relative_to(window.left, window.top).slices] = coarse.hole
    loose = bounding_part(window.left, window.top, dilate(hole, px))
    if loose is None:
        return coarse
    crop = outline.crop_around(photo, loose, outline.MARGIN)
    found = outline.find_object(crop)
    if found is None:
        return loose
    fine, point = crop.enlarged(found), Box(int(x), int(y), int(x) + 1, int(y) + 1)
    return fine if fine.marks_any(point) else loose
