"""Divide half-transparent dust out of a scan: the picture below it is still there, only darker."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.morphology.labels import bounding_boxes, label
from inpaint.photos.modes import low_bytes

from .detect import Dust
from .filters import box_mean

MAX_DEPTH = 1.05
"""Dust that lets less than exp(-1.05) = 35 % of the light pass is filled, since dividing multiplies the noise."""
USUAL_RATIO, RATIO_SPREAD = 1.1, 0.3
"""Density of dust in the colours over that in infrared, and the standard deviation of this ratio: the infrared channel
is blurred, and so less deep."""
MAX_ROUGHNESS = 1.15
"""Where the divided picture varies more than this multiple of what is around it, the dust is filled instead."""
MAX_BLURS, MAX_NOISE = 1, 0.015
"""Nothing is divided out by an infrared channel that is more blurred than the colours (`Properties.blurs`), since the
rims of dust would stay, nor by a noisier one, since the noise would come into the colours."""
MAX_BOX_PIXELS = 2_000_000
_MARGIN_PX, _RADIUS_PX, _RING_PX = 10, 6, 3
_CORRELATED_PIXELS = 10.0
_LEAST_VARIATION = 0.01


class _Part(NamedTuple):
    """The surroundings of one piece of dust.

    Attributes:
        pixels: float32 (h, w, 3), from 0 to 1.
        dust: bool (h, w), this piece.
        clear: bool (h, w), no piece of dust.
        depth: float32 (h, w), 0 outside of this piece.
    """

    pixels: np.ndarray
    dust: np.ndarray
    clear: np.ndarray
    depth: np.ndarray


def divide_out(photo: Image.Image, dust: Dust, mask: np.ndarray) -> np.ndarray:
    """Brighten the pixels below half-transparent dust, in place, and return the mask of what is left to fill.

    The infrared channel must be about as sharp as the colours, and have little noise; else all is left to the fill.
    How much darker a piece of dust makes the colours is fitted for each piece, near the usual ratio. A piece is left to
    the fill if it is too dense, or if the divided picture does not continue what is around it.

    Args:
        photo: mode RGB, of 8 or 16 bits; photos of other modes are not changed.
        dust: of the photo.
        mask: bool (H, W), the pixels that are to be restored; not modified.

    Returns:
        bool (H, W): the mask without the pieces that were divided out.
    """
    is_exact = dust.properties.blurs <= MAX_BLURS and dust.noise <= MAX_NOISE
    if photo.mode != "RGB" or not is_exact or not mask.any():
        return mask
    rest = mask.copy()
    labels, count = label(mask)
    for number, (top, bottom, left, right) in enumerate(bounding_boxes(labels, count).tolist(), 1):
        box = (max(0, left - _MARGIN_PX), max(0, top - _MARGIN_PX),
               min(photo.width, right + _MARGIN_PX), min(photo.height, bottom + _MARGIN_PX))  # fmt: skip
        window = slice(box[1], box[3]), slice(box[0], box[2])
        piece = labels[window] == number
        depth = np.where(piece, np.maximum(dust.depth[window].astype(np.float32), 0), 0)
        if depth.max() > MAX_DEPTH or piece.size > MAX_BOX_PIXELS:
            continue
        divided = _divided(_Part(_read(photo, box), piece, ~mask[window], depth))
        if divided is not None:
            _write(photo, box, divided, piece)
            rest[window][piece] = False
    return rest


def _divided(part: _Part) -> np.ndarray | None:
    """Return the pixels without the dust, float32 (h, w, 3); None if it does not fit."""
    ring = part.clear & (box_mean(part.dust.astype(np.float32), _RING_PX) > 0)
    if not ring.any():
        return None
    seen = np.log(np.maximum(part.pixels, np.float32(1 / 1024)))
    weight = part.clear.astype(np.float32)
    weights = np.maximum(box_mean(weight, _RADIUS_PX), np.float32(1e-3))
    around = sum(box_mean(seen[..., channel] * weight, _RADIUS_PX) for channel in range(3)) / (3 * weights)
    missing = around - seen.mean(axis=2)
    variation = float(missing[ring].std())
    doubt = _CORRELATED_PIXELS * variation**2 / RATIO_SPREAD**2
    power = float((part.depth**2).sum())
    if power == 0:
        return None
    ratio = (float((part.depth * missing).sum()) + USUAL_RATIO * doubt) / (power + doubt)
    roughness = float((missing - np.float32(ratio) * part.depth)[part.dust].std())
    if not 0.6 < ratio < 2 or roughness > MAX_ROUGHNESS * (variation + _LEAST_VARIATION):
        return None
    return part.pixels * np.exp(np.float32(ratio) * part.depth)[..., None]


def _read(photo: Image.Image, box: tuple[int, int, int, int]) -> np.ndarray:
    high, low = np.asarray(photo.crop(box)).astype(np.float32), low_bytes(photo)
    return high / 255 if low is None else (high * 256 + np.asarray(low.crop(box))) / 65535


def _write(photo: Image.Image, box: tuple[int, int, int, int], pixels: np.ndarray, where: np.ndarray) -> None:
    """Write pixels, float32 from 0 to 1, into a photo of 8 or 16 bits."""
    low, shape = low_bytes(photo), Image.fromarray(where)
    top = 255 if low is None else 65535
    values = (np.clip(pixels, 0, 1) * top).round().astype(np.uint16)
    if low is not None:
        low.paste(Image.fromarray((values & 255).astype(np.uint8)), box, shape)
        values >>= 8
    photo.paste(Image.fromarray(values.astype(np.uint8)), box, shape)
