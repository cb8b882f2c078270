"""The usual way to fill a large photo: shrink it, fill it in one pass, and enlarge the result."""

import numpy as np
import torch
from PIL import Image

from inpaint.inpainter import Inpainter
from inpaint.networks.pyramid import drop_unknown
from inpaint.networks.tensors import to_pixels, to_tensor

from .baselines import FillPixels

WHOLE_PX = 512


def whole_photo_fill(inpainter: Inpainter, side_px: int = WHOLE_PX) -> FillPixels:
    """Return a fill that runs the generator once on the whole photo.

    Args:
        inpainter: its generator and runtime are used.
        side_px: longer side of the shrunk photo. A smaller photo keeps its size. Sides are rounded to multiples that
            the generator accepts; a generator with a fixed size gets that size.
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
    """Return the mean colour of the known pixels (uint8) and their share (1, 1, h, w), without colours of the hole."""
    known = np.where(mask, np.uint8(0), np.uint8(255))
    weight = np.asarray(Image.fromarray(known).resize(size, Image.Resampling.BOX)).astype(np.float32) / 255
    masked = Image.fromarray(np.where(mask[..., None], np.uint8(0), pixels))
    small = np.asarray(masked.resize(size, Image.Resampling.BOX)).astype(np.float32)
    colour = np.clip(small / np.maximum(weight, 1 / 255)[..., None], 0, 255).round().astype(np.uint8)
    return colour, torch.from_numpy(weight)[None, None]
