"""Fill the holes of a photo of any mode in place."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import cast

import numpy as np
from PIL import Image

from inpaint.photos.modes import Patch, PhotoWriter, low_bytes
from inpaint.photos.pixels import PhotoPixels
from inpaint.photos.transparency import has_transparency, transparent_pixels

from .fills import FillHoles, grey_fills, without_drafts
from .options import DEFAULT_OPTIONS, FillOptions
from .regions import check_hole
from .toned import tint_of, toned_fills


def fill_photo(
    photo: Image.Image, mask: np.ndarray, fill_holes: FillHoles, options: FillOptions = DEFAULT_OPTIONS
) -> None:
    """Fill the holes of a photo, in place: nothing else of its size is in memory, and each fill is written at once.

    Pixels outside the mask do not change, and a grey photo stays grey, a toned one toned. After an error some holes are
    filled.

    Args:
        photo: upright, as `open_photo` returns it.
        mask: bool (H, W), True = hole; not modified.
        fill_holes: computes the fills.
        options: how to fill.

    Raises:
        MaskError: the sizes differ, or the mask covers the whole photo.
    """
    check_hole(mask, (photo.height, photo.width))
    pixels, writer = PhotoPixels(photo, mask), PhotoWriter(photo, mask)
    fills = coloured_like(photo, mask)(lambda *arguments: without_drafts(fill_holes(*arguments)))
    # only rectangles of the photo outside the mask are read
    for fill in fills(cast(np.ndarray, pixels), mask, None, for_photo(options, photo), None):
        writer.write(Patch(fill.left, fill.top, fill.pixels), fill.hole)


def coloured_like(photo: Image.Image, hole: np.ndarray | None = None) -> Callable[[FillHoles], FillHoles]:
    """Return what turns a function that fills holes into one whose fills are as grey or toned as a photo.

    Args:
        photo: as `open_photo` returns it, without fills.
        hole: bool (H, W), what is to be filled: its colours do not count; None: all do.
    """
    if PhotoPixels(photo).are_grey(hole):
        return grey_fills
    tint = tint_of(photo, hole)
    return (lambda fill_holes: fill_holes) if tint is None else partial(toned_fills, tint=tint)


def for_photo(options: FillOptions, photo: Image.Image) -> FillOptions:
    """Return options by which the hidden colours of a photo's transparent pixels do not flow into fills.

    Args:
        options: how to fill.
        photo: as `open_photo` returns it.
    """
    if not has_transparency(photo):
        return options
    clear = transparent_pixels(photo, low_bytes(photo))
    return dataclasses.replace(options, unknown=clear) if clear.any() else options
