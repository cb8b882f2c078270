"""Find the quality of a lossy format that leads to as many bytes per pixel as a file has."""

from collections.abc import Callable

import numpy as np
from PIL import Image

LOWEST, HIGHEST = 20, 100
_SAMPLE_SIDE = 512


def matching_quality(photo: Image.Image, wanted_bytes: float, encoded_bytes: Callable[[Image.Image, int], int]) -> int:
    """Return the lowest quality, from LOWEST to HIGHEST, at which a photo has at least as many bytes as wanted.

    Args:
        photo: of which a sample is encoded.
        wanted_bytes: of all of the photo.
        encoded_bytes: returns the number of bytes of a sample at a quality.
    """
    sample = _sample(photo)
    wanted = 0.98 * wanted_bytes * sample.width * sample.height / (photo.width * photo.height)
    low, high = LOWEST, HIGHEST
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if encoded_bytes(sample, middle) >= wanted else (middle + 1, high)
    return low


def _sample(photo: Image.Image) -> Image.Image:
    """Return a mosaic of pieces from all over a photo, or all of a small photo."""
    side = _SAMPLE_SIDE
    if photo.width * photo.height <= side * side:
        return photo.convert("RGBA" if photo.mode in ("LA", "PA", "RGBA") else "RGB")
    piece = side // 4
    sample = Image.new("RGB", (side, side))
    for row, top in enumerate(np.linspace(0, max(0, photo.height - piece), 4).astype(int).tolist()):
        for column, left in enumerate(np.linspace(0, max(0, photo.width - piece), 4).astype(int).tolist()):
            part = photo.crop((left, top, min(left + piece, photo.width), min(top + piece, photo.height)))
            sample.paste(part.convert("RGB"), (column * piece, row * piece))
    return sample
