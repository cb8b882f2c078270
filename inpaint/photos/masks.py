"""Masks at the boundary: which pixels of a photo are to be filled, read from whatever says so, and grown."""

import numpy as np
from PIL import Image

from .modes import DEEP_MODES
from .opening import MaskError, PhotoSource, open_photo

MAX_SHARE = 0.95


def to_mask(
    mask: PhotoSource, size: tuple[int, int], *, invert: bool = False, max_share: float = MAX_SHARE
) -> np.ndarray:
    """Read a mask: which pixels of a photo are to be filled.

    Args:
        mask: a path, bytes, PIL image or array. White (128 or more of 255, half of the range at 16 bits) is the hole.
            A picture whose alpha channel varies, or is 0 everywhere, is a sketch: painted where alpha > 0, whatever
            the colour. An array is bool (H, W), True = hole, or uint8 with 0 and 255.
        size: (width, height) of the photo.
        invert: the mask is black (or False, or not painted) where the photo is to be filled.
        max_share: the largest share of the photo that a mask may mark. More is mostly a mask of the wrong polarity; 1
            allows everything.

    Returns:
        bool (H, W), True = hole; the caller may change it.

    Raises:
        MaskError: another size than the photo's, an array of another type, uint8 with nothing above 1, or nearly
            everything is marked.
        PhotoError: the mask's file cannot be read.
    """
    check_max_share(max_share)
    if isinstance(mask, np.ndarray):
        hole = _array_to_hole(mask)
    else:
        pixels = max(size[0] * size[1], Image.MAX_IMAGE_PIXELS or 0)
        hole = _picture_to_hole(open_photo(mask, what="mask", max_pixels=pixels))
    _check_size(hole, size)
    if invert:
        hole = ~hole
    marked = np.count_nonzero(hole)
    if marked > max_share * hole.size:
        raise MaskError(
            f"the mask marks {100 * marked / hole.size:.4g} % of the photo, and at most {100 * max_share:g} % are "
            "expected: white (or True, or painted) is where the photo is filled. If black was meant, invert the mask "
            "(invert=True, --invert); if the mask is right, allow it (max_share=1, --max-share 1)"
        )
    return hole


def _check_size(hole: np.ndarray, size: tuple[int, int]) -> None:
    height, width = hole.shape
    if (width, height) == tuple(size):
        return
    advice = "paint the mask on the photo itself, or resize the mask without smoothing"
    if (height, width) == tuple(size):
        advice = "the photo is taken upright, as its EXIF orientation says: turn the mask by 90 degrees"
    raise MaskError(
        f"the mask is {width}x{height} and the photo is {size[0]}x{size[1]}; they must have the same size: {advice}"
    )


def check_max_share(max_share: float) -> None:
    """Raise ValueError unless this is a share of a photo."""
    if not 0 < max_share <= 1:
        raise ValueError(f"max_share is {max_share}; it must be more than 0 and at most 1")


def _array_to_hole(mask: np.ndarray) -> np.ndarray:
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim == 2 and mask.dtype == bool:
        return mask.copy()
    if mask.dtype != np.uint8 or mask.ndim not in (2, 3) or (mask.ndim == 3 and mask.shape[2] not in (3, 4)):
        raise MaskError(
            f"the mask is an array of shape {mask.shape} and type {mask.dtype}; "
            "it must be bool (H, W) with True = hole, or uint8 with 255 = hole"
        )
    if mask.size and mask.max() == 1 and mask.shape[2:] != (4,):
        raise MaskError("the mask's largest value is 1; in uint8 a hole is 255: pass mask.astype(bool) or mask * 255")
    return _picture_to_hole(open_photo(mask, what="mask"))


def _picture_to_hole(picture: Image.Image) -> np.ndarray:
    if picture.mode in DEEP_MODES:
        return _deep_to_hole(picture)
    if picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        low, high = rgba.getchannel("A").getextrema()
        if low != high or high == 0:
            return np.asarray(rgba.getchannel("A")) > 0
        picture = rgba
    if picture.mode != "1":  # by way of RGB only where that may differ: it takes four bytes a pixel
        picture = picture if picture.mode == "L" else picture.convert("RGB")
    values = np.asarray(picture.convert("L"))
    brightest = int(values.max())
    if brightest == 1 or 16 <= brightest < 128:  # below that it is the noise of a black JPEG
        raise MaskError(
            f"the mask marks nothing: its largest value is {brightest} of 255, and a hole is white (128 or more); "
            "stretch its values to 0 and 255"
        )
    return values >= 128


def _deep_to_hole(picture: Image.Image) -> np.ndarray:
    values = np.asarray(picture)
    if picture.mode == "F" and values.max() <= 1:
        return values >= 0.5
    return values >= (32768 if picture.mode.startswith("I;16") or values.max() > 255 else 128)
