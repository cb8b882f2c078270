"""Read masks from files, images and arrays."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from .errors import MaskError
from .mask_kinds.colours import colours_to_hole, has_colour, is_lossy
from .mask_kinds.copies import ERASED, PAINTED, has_alpha, layer_to_hole, painted_to_hole
from .mask_kinds.files import load_mask_file
from .mask_kinds.values import Plane, levels_of, values_to_hole
from .modes import DEEP_MODES, low_bytes, strips
from .opening import PhotoSource, open_photo
from .original import file_name_of
from .sixteen_bit import array_strips

MAX_SHARE = 0.95
_PLAIN_LEVELS = 2
"""A picture of no more values is a mask, and no copy of the photo."""


class ReadMask(NamedTuple):
    """A mask, and how it was understood.

    Attributes:
        hole: bool (H, W), True = hole.
        notes: sentences for whoever made the mask, where it was understood in an unusual way.
    """

    hole: np.ndarray
    notes: tuple[str, ...] = ()


def to_mask(
    mask: PhotoSource,
    size: tuple[int, int],
    *,
    invert: bool = False,
    max_share: float = MAX_SHARE,
    photo: Image.Image | None = None,
) -> np.ndarray:
    """Return the hole of `read_mask`, which has the same arguments and errors: bool (H, W), True = hole; a copy."""
    return read_mask(mask, size, invert=invert, max_share=max_share, photo=photo).hole


def read_mask(
    mask: PhotoSource,
    size: tuple[int, int],
    *,
    invert: bool = False,
    max_share: float = MAX_SHARE,
    photo: Image.Image | None = None,
) -> ReadMask:
    """Read a mask: the pixels of a photo that are to be filled.

    What is unambiguous is understood, and everything else is refused:

    - one value per pixel: the higher one of two values; labels (0 and a few values that fill areas): all but 0; else
      from half of the range on, see `values_to_hole`;
    - plain colours: all that is not the background, which is black, or white where there is no black;
    - an image whose alpha channel varies: a copy of the photo is hole where it was erased to transparency, and a layer
      of plain colours where it is not transparent;
    - a copy of the photo with a part painted over in a plain colour: that part;
    - annotations in JSON (COCO polygons and run lengths, LabelMe) and NumPy files (.npy, .npz): the union of their
      masks.

    Args:
        mask: a path, bytes, an open binary file, a PIL image or an array, of the photo's size. An array is (H, W) of
            any type of integers or floats, bool with True = hole, or uint8 (H, W, 3) or (H, W, 4).
        size: (width, height) of the photo.
        invert: the mask is black (or 0, False, transparent) where the photo is to be filled. It changes nothing about
            copies of the photo.
        max_share: the largest share of the photo that a mask may mark; 1 allows any. A mask that marks more is
            usually inverted.
        photo: the photo, to recognise copies of it, and by the name of its file the annotations of it; None: unknown.

    Raises:
        MaskError: the size is not the photo's, it cannot be told what the hole is, or more than `max_share` is marked.
        PhotoError: the mask's file cannot be read.
        ValueError: `max_share` is not a share.
    """
    check_max_share(max_share)
    mask, file_notes = load_mask_file(mask, size, None if photo is None else file_name_of(photo))
    if isinstance(mask, np.ndarray) and not _is_colour_array(mask):
        read: tuple[np.ndarray, tuple[str, ...], bool] = _array_to_hole(mask, size), (), invert
    else:
        pixels = max(size[0] * size[1], Image.MAX_IMAGE_PIXELS or 0)
        picture = open_photo(mask, what="mask", max_pixels=pixels, copy=False)
        _check_size(picture.size, size)
        read = _picture_to_hole(picture, photo, invert)
    hole, notes, inverted = read
    if inverted:
        np.logical_not(hole, out=hole)
    _check_share(hole, max_share, invert)
    return ReadMask(hole, file_notes + notes)


def _check_share(hole: np.ndarray, max_share: float, invert: bool) -> None:
    marked = np.count_nonzero(hole)
    if marked > max_share * hole.size:
        filled, other = ("black", "white") if invert else ("white (or True, or opaque)", "black")
        switch = "do not invert the mask" if invert else "invert the mask (invert=True, --invert)"
        raise MaskError(
            f"the mask marks {100 * marked / hole.size:.4g} % of the photo; it may mark at most {100 * max_share:g} %: "
            f"{filled} is where the photo is filled. If {other} is, {switch}; if the mask is right, raise the limit "
            "(max_share=1, --max-share 1)",
            "share",
            percent=round(100 * marked / hole.size),
        )


def _check_size(own: tuple[int, int], size: tuple[int, int]) -> None:
    if own == tuple(size):
        return
    sizes = f"{own[0]}x{own[1]}", f"{size[0]}x{size[1]}"
    advice, kind = "paint the mask on the photo itself, or resize the mask without smoothing", "size"
    if own[::-1] == tuple(size):
        advice, kind = "the photo is rotated by its EXIF orientation: rotate the mask by 90 degrees", "rotated"
    raise MaskError(
        f"the mask is {sizes[0]} and the photo is {sizes[1]}; they must have the same size: {advice}",
        kind,
        mask=sizes[0],
        photo=sizes[1],
    )


def check_max_share(max_share: float) -> None:
    """Raise ValueError unless `max_share` is above 0 and at most 1."""
    if not 0 < max_share <= 1:
        raise ValueError(f"max_share is {max_share}; it must be above 0 and at most 1: try 0.95, or 1 for no limit")


def _is_colour_array(mask: np.ndarray) -> bool:
    return mask.ndim == 3 and mask.shape[2] in (3, 4) and mask.dtype in (np.uint8, np.uint16)


def _array_to_hole(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    values = mask
    if mask.ndim == 3 and 1 in (mask.shape[2], mask.shape[0]):
        values = mask[..., 0] if mask.shape[2] == 1 else mask[0]
    if values.ndim != 2 or values.dtype.kind not in "buif" or values.size == 0:
        raise MaskError(
            f"the mask is an array of shape {mask.shape} and type {mask.dtype}; it must be bool (H, W) with True = "
            "hole, or numbers (H, W) with 0 = no hole: convert it with mask > 0"
        )
    _check_size((values.shape[1], values.shape[0]), size)
    if values.dtype == bool:
        return values.copy()
    plane = Plane.of(values)
    return values_to_hole(plane, levels_of(plane))


def _picture_to_hole(
    picture: Image.Image, photo: Image.Image | None, invert: bool
) -> tuple[np.ndarray, tuple[str, ...], bool]:
    """Return the hole of a picture, notes about it, and whether it still has to be inverted."""
    photo = photo if photo is not None and photo.size == picture.size else None
    if has_alpha(picture) and picture.mode not in DEEP_MODES:
        hole, is_copy = layer_to_hole(picture, photo, invert)
        if hole is not None:
            return hole, (ERASED,) if is_copy else (), False
    plane = None if has_colour(picture) else _plane_of(picture)
    levels = None if plane is None else levels_of(plane)
    is_plain = levels is not None and levels.distinct is not None and len(levels.distinct) <= _PLAIN_LEVELS
    if photo is not None and picture.mode not in DEEP_MODES and not is_plain:
        painted = painted_to_hole(picture, photo)
        if painted is not None:
            return painted, (PAINTED,), False
    if plane is None or levels is None:
        return colours_to_hole(picture), (), invert
    return values_to_hole(plane, levels, is_lossy=is_lossy(picture)), (), invert


def _plane_of(picture: Image.Image) -> Plane:
    """Return the brightness of a grey picture; the indices of a palette picture if its colours are all the same."""
    shape = picture.height, picture.width
    if picture.mode in DEEP_MODES:
        return Plane(shape, lambda: ((rows, np.asarray(strip)) for rows, strip in strips(picture)))
    if low_bytes(picture) is not None:
        return Plane(shape, lambda: ((rows, values[..., 0]) for rows, values in array_strips(picture)))
    if picture.mode == "P" and len({colour for _, colour in picture.convert("RGBA").getcolors(256) or ()}) == 1:
        return Plane(shape, lambda: ((rows, np.asarray(strip)) for rows, strip in strips(picture)))
    return Plane(shape, lambda: ((rows, _grey(strip)) for rows, strip in strips(picture)))


def _grey(strip: Image.Image) -> np.ndarray:
    if has_alpha(strip):  # Pillow warns of a palette with transparency that becomes RGB
        strip = strip.convert("RGBA")
    if strip.mode not in ("1", "L"):
        strip = strip.convert("RGB")
    return np.asarray(strip if strip.mode == "L" else strip.convert("L"))
