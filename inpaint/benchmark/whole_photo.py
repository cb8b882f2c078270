"""The usual way to fill a large photo: shrink it, fill it in one pass, and enlarge the result."""

import numpy as np
from PIL import Image

from inpaint.inpainter import Inpainter
from inpaint.pyramid.fills import downscale, to_pixels

from .baselines import FillPixels

WHOLE_PX = 512


def whole_photo_fill(inpainter: Inpainter, side_px: int = WHOLE_PX) -> FillPixels:
    """Return a fill that runs the generator once on the whole photo.

    Args:
        inpainter: its generator and runtime are used.
        side_px: longer side of the shrunk photo. A smaller photo keeps its size. Sides are rounded to multiples that
            the generator accepts; a generator with a fixed size gets that size.
    """
    fixed, multiple = inpainter.runtime.fixed_size, inpainter.runtime.multiple

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        height, width = mask.shape
        scale = min(1, side_px / max(height, width))
        sides = [fixed or max(1, round(side * scale / multiple)) * multiple for side in (width, height)]
        colour, weight = _shrink(pixels, mask, (sides[0], sides[1]))
        hole = weight < 0.5
        image, hole = downscale(colour, weight == 0 if hole.all() else hole, 1)
        prediction = Image.fromarray(to_pixels(inpainter.runtime(image[None], hole[None, None])[0]))
        filled = np.array(prediction.resize((width, height), Image.Resampling.BICUBIC))
        return np.where(mask[..., None], filled, pixels)

    return fill


def _shrink(pixels: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean colour of the known pixels (uint8) and their share (h, w), without colours of the hole."""
    known = np.where(mask, np.uint8(0), np.uint8(255))
    weight = np.asarray(Image.fromarray(known).resize(size, Image.Resampling.BOX)).astype(np.float32) / 255
    masked = Image.fromarray(np.where(mask[..., None], np.uint8(0), pixels))
    small = np.asarray(masked.resize(size, Image.Resampling.BOX)).astype(np.float32)
    colour = np.clip(small / np.maximum(weight, 1 / 255)[..., None], 0, 255).round().astype(np.uint8)
    return colour, weight
