"""Edit the JPEG strips and tiles of TIFF files: only the blocks of changed pixels get new coefficients."""

import numpy as np

from inpaint.photos.original import Original
from inpaint.photos.tiff.embedded import complete_jpeg, jpeg_image, opened
from inpaint.photos.tiff.layout import Layout
from inpaint.photos.tiff.segments import encode_segment

from . import jpeg
from .rewrite import CannotRewriteError

RECOMPRESSED = "the JPEG strips or tiles of this TIFF that were edited were compressed again, with their own tables"


def edit_segment(layout: Layout, values: np.ndarray, before: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a JPEG strip or tile with new pixels, and what has to be told.

    Args:
        layout: of the picture.
        values: uint8 (rows, width of a segment, its samples).
        before: the segment as it is stored.

    Raises:
        UnsupportedTiffError: it can neither be edited nor compressed again.
    """
    with opened(layout, before) as old:
        width, height = old.size
    image = jpeg_image(values[:height, :width])
    original = Original(b"", "JPEG", 1, 0, image.size, image.mode, {}, None)
    try:
        return jpeg.rewrite(image, original, complete_jpeg(layout, before)).data, ()
    except CannotRewriteError:
        return encode_segment(layout, values, before), (RECOMPRESSED,)
