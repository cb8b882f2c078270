"""Read masks from files, images and arrays."""

import numpy as np
from PIL import Image

from .modes import DEEP_MODES, strips
from .opening import MaskError, PhotoSource, open_photo

MAX_SHARE = 0.95


def to_mask(
    mask: PhotoSource, size: tuple[int, int], *, invert: bool = False, max_share: float = MAX_SHARE
) -> np.ndarray:
    """Read a mask: the pixels of a photo that are to be filled.

    Args:
        mask: a path, bytes, PIL image or array. White (at least 128 of 255, or half of the range at 16 bits) is the
            hole. In an image whose alpha channel varies, or is 0 everywhere, the hole is where alpha is above 0,
            whatever the colour. An array is bool (H, W), True = hole, or uint8 with the values 0 and 255.
        size: (width, height) of the photo.
        invert: the mask is black (or False, or transparent) where the photo is to be filled.
        max_share: the largest share of the photo that a mask may mark; 1 allows any. A mask that marks more is
            usually inverted.

    Returns:
        bool (H, W), True = hole; a copy.

    Raises:
        MaskError: the size is not the photo's, an array has another type or nothing above 1 in uint8, or more than
            `max_share` is marked.
        PhotoError: the mask's file cannot be read.
        ValueError: `max_share` is not a share.
    """
    check_max_share(max_share)
    if isinstance(mask, np.ndarray):
        hole = _array_to_hole(mask)
    else:
        pixels = max(size[0] * size[1], Image.MAX_IMAGE_PIXELS or 0)
        hole = _picture_to_hole(open_photo(mask, what="mask", max_pixels=pixels, copy=False))
    _check_size(hole, size)
    if invert:
        np.logical_not(hole, out=hole)
    marked = np.count_nonzero(hole)
    if marked > max_share * hole.size:
        filled, other = ("black", "white") if invert else ("white (or True, or opaque)", "black")
        switch = "do not invert the mask" if invert else "invert the mask (invert=True, --invert)"
        raise MaskError(
            f"the mask marks {100 * marked / hole.size:.4g} % of the photo; it may mark at most {100 * max_share:g} %: "
            f"{filled} is where the photo is filled. If {other} is, {switch}; if the mask is right, raise the limit "
            "(max_share=1, --max-share 1)"
        )
    return hole


def _check_size(hole: np.ndarray, size: tuple[int, int]) -> None:
    height, width = hole.shape
    if (width, height) == tuple(size):
        return
    advice = "paint the mask on the photo itself, or resize the mask without smoothing"
    if (height, width) == tuple(size):
        advice = "the photo is rotated by its EXIF orientation: rotate the mask by 90 degrees"
    raise MaskError(
        f"the mask is {width}x{height} and the photo is {size[0]}x{size[1]}; they must have the same size: {advice}"
    )


def check_max_share(max_share: float) -> None:
    """Raise ValueError unless `max_share` is above 0 and at most 1."""
    if not 0 < max_share <= 1:
        raise ValueError(f"max_share is {max_share}; it must be above 0 and at most 1: try 0.95, or 1 for no limit")


def _array_to_hole(mask: np.ndarray) -> np.ndarray:
    if mask.ndim == 3 and mask.shape[2] == 1:
        mask = mask[..., 0]
    if mask.ndim == 2 and mask.dtype == bool:
        return mask.copy()
    if mask.dtype != np.uint8 or mask.ndim not in (2, 3) or (mask.ndim == 3 and mask.shape[2] not in (3, 4)):
        raise MaskError(
            f"the mask is an array of shape {mask.shape} and type {mask.dtype}; "
            "it must be bool (H, W) with True = hole, or uint8 with 255 = hole: convert it with mask > 0"
        )
    if mask.size and mask.max() == 1 and mask.shape[2:] != (4,):
        raise MaskError(
            "the mask's largest value is 1; in uint8 the hole must be 255: pass mask.astype(bool) or mask * 255"
        )
    return _picture_to_hole(open_photo(mask, what="mask"))


def _picture_to_hole(picture: Image.Image) -> np.ndarray:
    hole = np.empty((picture.height, picture.width), bool)
    if picture.mode in DEEP_MODES:
        _read_deep(picture, hole)
    elif not (_has_alpha(picture) and _read_alpha(picture, hole)):
        _read_values(picture, hole)
    return hole


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info


def _read_alpha(picture: Image.Image, hole: np.ndarray) -> bool:
    """Write where alpha is above 0 into `hole`, and return whether that is the mask: not if all of it is opaque."""
    low, high = 255, 0
    for rows, strip in strips(picture):
        alpha = np.asarray(strip.convert("RGBA").getchannel("A"))
        np.greater(alpha, 0, out=hole[rows])
        low, high = min(low, int(alpha.min())), max(high, int(alpha.max()))
    return low != high or high == 0


def _read_values(picture: Image.Image, hole: np.ndarray) -> None:
    brightest = 0
    for rows, strip in strips(picture):
        if _has_alpha(picture):  # Pillow warns of a palette with transparency that becomes RGB
            strip = strip.convert("RGBA")
        if strip.mode not in ("1", "L"):
            strip = strip.convert("RGB")
        values = np.asarray(strip if strip.mode == "L" else strip.convert("L"))
        np.greater_equal(values, 128, out=hole[rows])
        brightest = max(brightest, int(values.max()))
    if brightest == 1 or 16 <= brightest < 128:  # values from 2 to 15 are the noise of a black JPEG
        raise MaskError(
            f"the mask marks nothing: its largest value is {brightest} of 255; the hole must be white (at least 128): "
            "stretch its values to 0 and 255"
        )


def _read_deep(picture: Image.Image, hole: np.ndarray) -> None:
    highest = np.max([np.asarray(strip).max() for _, strip in strips(picture)])
    if picture.mode == "F" and highest <= 1:
        middle = 0.5
    else:
        middle = 32768 if picture.mode.startswith("I;16") or highest > 255 else 128
    for rows, strip in strips(picture):
        np.greater_equal(np.asarray(strip), middle, out=hole[rows])
