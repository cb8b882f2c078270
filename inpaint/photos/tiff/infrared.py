"""The infrared channel of a scan, which shows dust and scratches but not the picture."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.formats import TIFF_SIGNATURES
from inpaint.photos.orientation import TURNED_UPRIGHT
from inpaint.photos.original import Original, original_of

from .layout import UnsupportedTiffError
from .pages import pages_of
from .picture import Picture, picture_of
from .reading import orientation_tag
from .rendition import colours_of
from .structure import Structure

_UNSPECIFIED = 0


def infrared_of(photo: Image.Image) -> np.ndarray | None:
    """Return the infrared channel of the scan that a photo came from.

    That is the sample after its colours, if nothing says that it is alpha (VueScan, SilverFast HDRi), or the next page
    of the file that has the same size and a single sample of grey.

    Args:
        photo: as `open_photo` returned it. Its pixels may have been edited since.

    Returns:
        uint16 (H, W), upright; samples of 8 bits are stretched to 16. None if there is none or the file is gone.
    """
    original = original_of(photo)
    if original is None or original.format != "TIFF":
        return None
    data = _scan(original)
    if data is None:
        return None
    try:
        structure = Structure(io.BytesIO(data), "the scan")
        page = picture_of(structure, pages_of(structure)[original.page])
        colours = colours_of(page.layout)
        if colours == 1 and page.layout.photometric == 3:
            return None
        if _has_infrared_sample(page, colours):
            return _channel(page, colours)
        further = _grey_page(structure, original.page, page) if colours > 1 else None
        return None if further is None else _channel(further, 0)
    except (PhotoError, UnsupportedTiffError, IndexError):
        return None


def _scan(original: Original) -> bytes | None:
    """Return the bytes of a TIFF; None for other files, and if it is gone."""
    if isinstance(original.source, Path):
        try:
            with original.source.open("rb") as file:
                if file.read(4) not in TIFF_SIGNATURES:
                    return None
        except OSError:
            return None
    return original.read()


def _has_infrared_sample(page: Picture, colours: int) -> bool:
    layout = page.layout
    declared = layout.extra[0] if layout.extra else _UNSPECIFIED
    return layout.samples == colours + 1 and declared == _UNSPECIFIED and _is_whole(page)


def _is_whole(page: Picture) -> bool:
    return page.layout.kind == "u" and 8 <= page.layout.bits <= 16


def _grey_page(structure: Structure, index: int, photo: Picture) -> Picture | None:
    """Return the first page after a photo that may be its infrared channel."""
    size = photo.layout.width, photo.layout.height
    for directory in pages_of(structure)[index + 1 :]:
        try:
            page = picture_of(structure, directory)
        except UnsupportedTiffError:
            continue
        layout = page.layout
        if (layout.width, layout.height) == size and layout.photometric == 1 and layout.samples == 1:
            return page if _is_whole(page) else None
    return None


def _channel(page: Picture, sample: int) -> np.ndarray:
    """Return a sample of a page: uint16 (H, W), upright."""
    layout = page.layout
    values = np.empty((layout.height, layout.width), np.uint16)
    for cell in page.cells():
        part = page.samples(cell, [sample])[: cell.height, : cell.width, sample]
        values[cell.top : cell.top + cell.height, cell.left : cell.left + cell.width] = part
    if layout.bits < 16:
        top = (1 << layout.bits) - 1
        values = ((2 * values.astype(np.uint32) * 65535 + top) // (2 * top)).astype(np.uint16)
    turn = TURNED_UPRIGHT.get(orientation_tag(page.structure, page.directory))
    return values if turn is None else np.array(Image.fromarray(values).transpose(turn))
