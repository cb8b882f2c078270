"""A public test: photos under opacity maps of lifelike damage that are never trained on, one kind at a time.

The recipe is fixed by photos, maps and seed, so that others can compare with it: each photo is reduced to LONG_SIDE,
given the tones of a colour photo, a grey or a sepia print, and covered by MAPS held-out maps of one kind, bright or
dark, then saved as JPEG.
"""

import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

LONG_SIDE = 640
"""Larger photos are reduced to this long side in pixels."""
MAPS = 2
"""Number of maps on a scan."""
SCALES = 0.6, 1.6
"""Range of a map's magnification, for maps of 400 px on a photo of LONG_SIDE."""
BRIGHT_SHARE = 0.6
"""Share of the scans whose damage is bright; on the others it is dark."""
LEAST_OPACITY, LEAST_CHANGE = 0.2, 0.06
"""A pixel is damaged where the map is more opaque than this and changes it by more than this share of the range."""
JPEG_QUALITY = 92


class OverlayScan(NamedTuple):
    """A scan and its ground truth.

    Attributes:
        kind: of the damage.
        pixels: RGB uint8 (H, W, 3).
        damaged: bool (H, W).
    """

    kind: str
    pixels: np.ndarray
    damaged: np.ndarray


def overlay_scans(
    photos: Iterable[Image.Image], maps: Mapping[str, Sequence[np.ndarray]], seed: int = 0
) -> Iterator[OverlayScan]:
    """Yield a scan of each photo under each kind of damage.

    Args:
        photos: undamaged.
        maps: kind -> opacity maps, uint8 (h, w), see `train.data.overlays`.
        seed: of everything random. A scan does not depend on the number of photos, nor on other kinds of damage.
    """
    for number, photo in enumerate(photos):
        for kind, of_kind in maps.items():
            rng = np.random.default_rng([seed, number, *kind.encode()])
            clean = _toned(np.asarray(reduced(photo), np.float32) / 255, rng)
            alpha = _opacity((clean.shape[0], clean.shape[1]), of_kind, rng)
            level = rng.uniform(0.85, 1) if rng.random() < BRIGHT_SHARE else rng.uniform(0, 0.15)
            damaged = clean + alpha[..., None] * np.float32(level - clean)
            changed = np.abs(damaged - clean).max(axis=2) > LEAST_CHANGE
            yield OverlayScan(kind, _as_jpeg(damaged), (alpha > LEAST_OPACITY) & changed)


def reduced(photo: Image.Image, long_side: int = LONG_SIDE) -> Image.Image:
    """Return a copy of a photo as RGB, of at most this long side in pixels."""
    copied = photo.convert("RGB")
    copied.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    return copied


def _toned(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a photo in its colours, in grey or in sepia, each in a third of the cases."""
    tones = rng.integers(3)
    if tones == 0:
        return photo
    grey = (photo @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    return grey * np.array([[1, 1, 1], [1, 0.92, 0.78]][tones - 1], np.float32)


def _opacity(shape: tuple[int, int], maps: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Return the opacity of MAPS maps at random places, turned by multiples of 90 degrees: float32 (H, W) in [0, 1]."""
    height, width = shape
    canvas = np.zeros(shape, np.float32)
    for _ in range(MAPS):
        opacity = np.rot90(maps[int(rng.integers(len(maps)))], int(rng.integers(4)))
        scale = math.exp(rng.uniform(*np.log(SCALES))) * max(shape) / LONG_SIDE
        size = max(1, round(opacity.shape[1] * scale)), max(1, round(opacity.shape[0] * scale))
        resized = Image.fromarray(opacity).resize(size, Image.Resampling.BILINEAR)
        middle = rng.uniform(0.2, 0.8, 2) * (width, height)
        placed = Image.new("L", (width, height))
        placed.paste(resized, (round(middle[0] - size[0] / 2), round(middle[1] - size[1] / 2)))
        canvas = np.maximum(canvas, np.asarray(placed, np.float32) / 255)
    return canvas


def _as_jpeg(photo: np.ndarray) -> np.ndarray:
    """Return a photo, float in [0, 1], after JPEG compression: uint8 (H, W, 3)."""
    file = io.BytesIO()
    Image.fromarray((np.clip(photo, 0, 1) * 255).round().astype(np.uint8)).save(file, "JPEG", quality=JPEG_QUALITY)
    return np.asarray(Image.open(file))
