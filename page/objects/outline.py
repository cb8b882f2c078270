"""The object below a loose stroke, by GrabCut on a reduced crop: its time does not depend on the size of the photo."""

import math
import threading
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.regions import Box, Part
from inpaint.photos.modes import to_rgb

MAX_PIXELS = 60_000
"""Of the reduced crop. GrabCut takes 0.1 to 0.3 s for them."""
MARGIN, MIN_MARGIN_PX = 0.35, 12
"""What is looked at around the stroke, relative to its longer side: the background."""
REACH = 0.05
"""By how much an object may reach beyond the stroke, relative to the stroke's size."""
ITERATIONS = 3
MIN_SHARE, MAX_SHARE = 0.08, 0.97
"""Of the stroke, in an object: with less or more of it, stroke and object cannot be told apart."""
MIN_PART = 0.05
"""Of the object: smaller pieces of it are left out, and smaller gaps in it closed."""

_RANDOM = threading.Lock()
"""OpenCV has one random number generator for all threads; its seed makes the result the same each time."""


class Crop(NamedTuple):
    """A part of a photo around a stroke, reduced.

    Attributes:
        box: the part of the photo.
        pixels: RGB uint8 (h, w, 3).
        painted: bool (h, w), what the stroke covers.
    """

    box: Box
    pixels: np.ndarray
    painted: np.ndarray

    @property
    def scale(self) -> float:
        """Pixels of the photo per pixel of the crop, at least 1."""
        return self.box.width / self.pixels.shape[1]

    def enlarged(self, mask: np.ndarray) -> Part:
        """Return a mask of the crop at the photo's resolution."""
        picture = Image.fromarray(mask.astype(np.uint8) * 255)
        size = (self.box.width, self.box.height)
        return Part(self.box, np.asarray(picture.resize(size, Image.Resampling.BICUBIC)) > 127)


def crop_around(photo: Image.Image, stroke: Part, margin: float) -> Crop:
    """Return the surroundings of a stroke, with at most MAX_PIXELS.

    Args:
        photo: in any mode.
        stroke: inside the photo, not empty.
        margin: around the stroke, relative to its longer side.
    """
    px = max(MIN_MARGIN_PX, math.ceil(margin * max(stroke.box.width, stroke.box.height)))
    box = stroke.box.expanded(px).intersection(Box(0, 0, *photo.size))
    pixels = reduced(photo, box, MAX_PIXELS)
    painted = np.zeros((box.height, box.width), np.uint8)
    painted[stroke.box.relative_to(box.left, box.top).slices][stroke.hole] = 255
    covered = Image.fromarray(painted).resize(pixels.shape[1::-1], Image.Resampling.BOX)
    return Crop(box, pixels, np.asarray(covered) > 127)


def reduced(photo: Image.Image, box: Box, max_pixels: int) -> np.ndarray:
    """Return a part of a photo, RGB uint8 (h, w, 3), reduced to at most about `max_pixels`."""
    factor = min(1.0, math.sqrt(max_pixels / (box.width * box.height)))
    size = (max(1, round(box.width * factor)), max(1, round(box.height * factor)))
    if photo.mode in ("RGB", "L"):  # without a copy of the part, which may be as large as the photo
        return to_rgb(photo.resize(size, Image.Resampling.BOX, box=box, reducing_gap=2.0))
    return np.asarray(Image.fromarray(to_rgb(photo.crop(box))).resize(size, Image.Resampling.BOX))


def find_object(crop: Crop) -> np.ndarray | None:
    """Return the object that a stroke covers loosely: bool, of the crop's shape.

    Everything outside the stroke is background, but for a rim into which the object may reach.

    Args:
        crop: with some of the background around the stroke.

    Returns:
        None if no object can be told from the background: the stroke is better filled as it is.

    Reference:
        Rother, Kolmogorov and Blake 2004, "GrabCut": colour models of object and background, and a minimal cut,
        in turns. There everything inside a rectangle may be the object; here inside the stroke.
    """
    import cv2

    painted = crop.painted.astype(np.uint8)
    reach = max(1, round(REACH * math.sqrt(painted.sum())))
    rim = cv2.dilate(painted, _disk(reach))
    labels = np.full(painted.shape, cv2.GC_BGD, np.uint8)
    labels[rim > 0] = cv2.GC_PR_BGD
    labels[painted > 0] = cv2.GC_PR_FGD
    if painted.sum() < 16 or (labels == cv2.GC_BGD).sum() < 16:
        return None
    found = (grab_cut(crop.pixels, labels) == cv2.GC_PR_FGD).astype(np.uint8)
    share = float((found & painted).sum() / painted.sum())
    if not MIN_SHARE <= share <= MAX_SHARE:
        return None
    found = without_small_parts(found, crop.painted)
    # the colours at the outline are mixed, and the cut lies between pixels of the reduced crop
    return cv2.dilate(found, _disk(2 if crop.scale < 2 else 1)) > 0 if found.any() else None


def grab_cut(pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Run GrabCut, and return the labels, uint8 (h, w), which it also changes in place: the same ones each time.

    Args:
        pixels: RGB uint8 (h, w, 3).
        labels: cv2.GC_BGD, GC_FGD, GC_PR_BGD or GC_PR_FGD of each pixel; some of both, object and background.
    """
    import cv2

    models = np.zeros((1, 65)), np.zeros((1, 65))
    with _RANDOM:
        cv2.setRNGSeed(0)
        cv2.grabCut(np.ascontiguousarray(pixels[..., ::-1]), labels, None, *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return labels


def without_small_parts(found: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Return a mask, uint8 of 0 and 1, without its small parts, those outside the stroke, and its small gaps."""
    import cv2

    result, least = found.copy(), MIN_PART * found.sum()
    for value in (1, 0):
        count, parts, stats, _ = cv2.connectedComponentsWithStats((result == value).astype(np.uint8), connectivity=4)
        for part in range(1, count):
            inside = parts == part
            if stats[part, cv2.CC_STAT_AREA] < least or (value and not (inside & painted).any()):
                result[inside] = 1 - value
    return result


def _disk(radius: int) -> np.ndarray:
    import cv2

    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
