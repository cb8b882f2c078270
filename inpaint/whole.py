"""The plain way to use a generator, to compare with: shrink the whole photo, one pass, enlarge what comes out."""

import numpy as np
import torch
from PIL import Image

from .image import to_pixels, to_tensor
from .inpainter import Inpainter
from .opencv import FillPixels
from .pyramid import drop_unknown

WHOLE_PX = 512


def whole_picture(inpainter: Inpainter, side_px: int = WHOLE_PX) -> FillPixels:
    """A fill by one pass over the whole photo.

    Args:
        inpainter: whose generator and runtime are used. A generator with a size of its own gets that.
        side_px: the longer side of the shrunk photo; a smaller photo keeps its size. Sides are rounded to what the
            generator takes.
    """
    fixed, multiple = inpainter.generator.fixed_size, inpainter.generator.multiple

    @torch.inference_mode()
    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        height, width = mask.shape
        scale = min(1, side_px / max(height, width))
        sides = [fixed or max(1, round(side * scale / multiple)) * multiple for side in (width, height)]
        colour, weight = _shrink(pixels, mask, (sides[0], sides[1]))
        image, hole = (part.to(inpainter.device) for part in drop_unknown(to_tensor(colour), weight))
        prediction = Image.fromarray(to_pixels(inpainter.runtime(image, hole)))
        filled = np.array(prediction.resize((width, height), Image.Resampling.BICUBIC))
        return np.where(mask[..., None], filled, pixels)

    return fill


def _shrink(pixels: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, torch.Tensor]:
    """Mean colour of the known pixels (uint8), so that none from under the hole shows, and their share (1, 1, h, w)."""
    known = np.where(mask, np.uint8(0), np.uint8(255))
    weight = np.asarray(Image.fromarray(known).resize(size, Image.Resampling.BOX)).astype(np.float32) / 255
    dark = Image.fromarray(np.where(mask[..., None], np.uint8(0), pixels))
    small = np.asarray(dark.resize(size, Image.Resampling.BOX)).astype(np.float32)
    colour = np.clip(small / np.maximum(weight, 1 / 255)[..., None], 0, 255).round().astype(np.uint8)
    return colour, torch.from_numpy(weight)[None, None]
