"""Write the changed pixels of a photo into the strips or tiles of its TIFF file."""

import numpy as np
from PIL import Image

from inpaint.photos.tiff.embedded import JPEG
from inpaint.photos.tiff.layout import UnsupportedTiffError
from inpaint.photos.tiff.picture import Cell, Picture
from inpaint.photos.tiff.reading import pixels_in
from inpaint.photos.tiff.rendition import Rendition, row_blocks
from inpaint.photos.tiff.segments import decode_segment, encode_segment

from .tiff_file import TiffFile
from .tiff_jpeg import edit_segment


def write_pixels(picture: Picture, rendition: Rendition, photo: Image.Image, file: TiffFile) -> np.ndarray:
    """Encode the strips or tiles anew in which a photo differs from a picture, with its other samples as they are.

    Args:
        picture: of the file, before it is changed.
        rendition: how it is shown as a photo.
        photo: turned as it is stored.
        file: written to.

    Returns:
        bool (H, W), True where a sample changed.

    Raises:
        UnsupportedTiffError: a strip or tile cannot be encoded.
    """
    layout = picture.layout
    touched = np.zeros((layout.height, layout.width), bool)
    planes = rendition.channels if layout.planar else None
    for cell in picture.cells():
        samples = picture.samples(cell, planes)
        changed = _changed(rendition, photo, cell, samples)
        if changed is None:
            continue
        inside = slice(cell.height), slice(cell.width)
        differ = [changed[inside][..., index] != samples[inside][..., index] for index in rendition.channels]
        place = slice(cell.top, cell.top + cell.height), slice(cell.left, cell.left + cell.width)
        touched[place] = np.logical_or.reduce(differ)
        if not layout.planar:
            _write(picture, cell, cell.segments[0], changed, file)
            continue
        for plane, differs in zip(rendition.channels, differ, strict=True):
            if differs.any():
                _write(picture, cell, cell.segments[plane], changed[..., plane : plane + 1], file)
    return touched


def _changed(rendition: Rendition, photo: Image.Image, cell: Cell, samples: np.ndarray) -> np.ndarray | None:
    """Return the samples of a cell with the pixels of a photo, None if none changed."""
    result: np.ndarray | None = None
    for rows in row_blocks(cell.height, cell.width):
        box = (cell.left, cell.top + rows.start, cell.left + cell.width, cell.top + rows.stop)
        before = samples[rows, : cell.width]
        after = rendition.write(before, pixels_in(photo, box))
        if after is not before:
            result = samples.copy() if result is None else result
            result[rows, : cell.width] = after
    return result


def _write(picture: Picture, cell: Cell, segment: int, values: np.ndarray, file: TiffFile) -> None:
    layout = picture.layout
    before = picture.stored(segment)
    if layout.compression == JPEG and before:
        data, notes = edit_segment(layout, values, before)
        file.notes.update(notes)
    else:
        data = encode_segment(layout, values, before, picture.options)
        read = decode_segment(layout, data, cell.rows, picture.options)
        if not np.array_equal(read, values, equal_nan=values.dtype.kind == "f"):
            raise UnsupportedTiffError("its compression cannot be written")
    file.write_segment(picture.directory, segment, data, layout.compression != 1)
