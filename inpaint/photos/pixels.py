"""Read the RGB pixels of a photo part by part, without a second copy of all of them."""

from typing import Any

import numpy as np
from PIL import Image

from .modes import DEEP_MODES, grey_range, is_grey, strips, to_rgb
from .transparency import has_transparency, transparent_pixels

_SAMPLE_STEP = 16


class PhotoPixels:
    """The RGB pixels of a photo in any supported mode. They are converted when they are read, and are not kept.

    It stands for an array in code that reads `shape` and rectangles. While it is in use, the photo may be written where
    nothing is read.

    Args:
        photo: as `open_photo` returns it.

    Attributes:
        photo: the same.
        shape: (height, width, 3).
    """

    def __init__(self, photo: Image.Image) -> None:
        self.photo = photo
        self.shape = (photo.height, photo.width, 3)
        self._levels = grey_range(photo) if photo.mode in DEEP_MODES else None

    def __getitem__(self, rectangle: tuple[slice, slice]) -> np.ndarray:
        """Return the pixels of some rows and columns, uint8 (h, w, 3), which may be read-only."""
        (top, bottom, _), (left, right, _) = (
            axis.indices(size) for axis, size in zip(rectangle, self.shape[:2], strict=True)
        )
        part = self.photo.crop((left, top, max(left, right), max(top, bottom)))
        return np.asarray(part) if part.mode == "RGB" else to_rgb(part, self._levels)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all pixels, for functions that need an array."""
        if copy is False:
            raise ValueError("pixels are converted when they are read, so an array of them is a copy: leave out copy")
        return to_rgb(self.photo, self._levels).astype(dtype or np.uint8, copy=False)

    def are_grey(self) -> bool:
        """Return whether all pixels are grey that are not fully transparent."""
        photo = self.photo
        if photo.mode in ("1", "L", "LA", *DEEP_MODES):
            return True
        size = -(-photo.width // _SAMPLE_STEP), -(-photo.height // _SAMPLE_STEP)
        sample = photo.resize(size, Image.Resampling.NEAREST)  # in most colour photos it has a colour already
        return is_grey(_visible(sample)) and all(is_grey(_visible(strip)) for _, strip in strips(photo))


def _visible(photo: Image.Image) -> np.ndarray:
    """Return the RGB pixels of a photo, black where it is transparent."""
    pixels = to_rgb(photo)
    if has_transparency(photo):
        pixels[transparent_pixels(photo)] = 0
    return pixels
