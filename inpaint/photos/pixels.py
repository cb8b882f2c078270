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
        hole: as for `grey_range`.

    Attributes:
        photo: the same.
        shape: (height, width, 3).
    """

    def __init__(self, photo: Image.Image, hole: np.ndarray | None = None) -> None:
        self.photo = photo
        self.shape = (photo.height, photo.width, 3)
        self._levels = grey_range(photo, hole) if photo.mode in DEEP_MODES else None

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

    def are_grey(self, hole: np.ndarray | None = None) -> bool:
        """Return whether all pixels are grey that are neither fully transparent nor in a hole, bool (H, W)."""
        photo = self.photo
        if photo.mode in ("1", "L", "LA", *DEEP_MODES):
            return True
        sample = sampled(photo, _SAMPLE_STEP)  # in most colour photos it has a colour already
        in_sample = None if hole is None else sampled_mask(hole, _SAMPLE_STEP)
        return is_grey(_visible(sample, in_sample)) and all(
            is_grey(_visible(strip, None if hole is None else hole[rows])) for rows, strip in strips(photo)
        )


def sampled(photo: Image.Image, step: int) -> Image.Image:
    """Return about one pixel of a photo in each square of `step` pixels, at least one."""
    return photo.resize((-(-photo.width // step), -(-photo.height // step)), Image.Resampling.NEAREST)


def sampled_mask(mask: np.ndarray, step: int) -> np.ndarray:
    """Return the pixels of a mask, bool (H, W), that `sampled` takes of its photo: bool (ceil(H / step), ...)."""
    return np.asarray(sampled(Image.fromarray(mask), step))


def _visible(photo: Image.Image, hole: np.ndarray | None) -> np.ndarray:
    """Return the RGB pixels of a photo, black where it is transparent or in the hole."""
    pixels = to_rgb(photo)
    hidden = transparent_pixels(photo) if has_transparency(photo) else None
    for some in (hidden, hole):
        if some is not None and some.any():
            pixels = np.where(some[..., None], np.uint8(0), pixels)
    return pixels
