"""Fill the holes of a photo of any mode in place."""

import dataclasses
from typing import cast

import numpy as np
from PIL import Image

from inpaint.photos.modes import Patch, PhotoWriter, low_bytes, without_colour
from inpaint.photos.pixels import PhotoPixels
from inpaint.photos.transparency import has_transparency, transparent_pixels

from .fills import FillHoles, without_drafts
from .options import DEFAULT_OPTIONS, FillOptions


def fill_photo(
    photo: Image.Image, mask: np.ndarray, fill_holes: FillHoles, options: FillOptions = DEFAULT_OPTIONS
) -> None:
    """Fill the holes of a photo, in place: nothing else of its size is in memory, and each fill is written at once.

    Pixels outside the mask do not change, and a grey photo stays grey. After an error some holes are filled.

    Args:
        photo: upright, as `open_photo` returns it.
        mask: bool (H, W), True = hole; not modified.
        fill_holes: computes the fills.
        options: how to fill.

    Raises:
        MaskError: the sizes differ, or the mask covers the whole photo.
    """
    pixels, writer = PhotoPixels(photo), PhotoWriter(photo)
    grey = pixels.are_grey()
    # only rectangles of the photo outside the mask are read
    for fill in without_drafts(fill_holes(cast(np.ndarray, pixels), mask, None, for_photo(options, photo), None)):
        patch = Patch(fill.left, fill.top, without_colour(fill.pixels) if grey else fill.pixels)
        writer.write(patch, fill.hole)


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
