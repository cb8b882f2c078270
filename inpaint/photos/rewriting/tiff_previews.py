"""Fill the reduced copies of an edited TIFF page, or remove them."""

import numpy as np
from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.metadata.removed import PREVIEW
from inpaint.photos.modes import Patch, to_rgb, write_patches
from inpaint.photos.tiff.layout import UnsupportedTiffError
from inpaint.photos.tiff.pages import has_pixels, is_mask, is_reduced, pages_of
from inpaint.photos.tiff.picture import Picture, picture_of
from inpaint.photos.tiff.reading import shown
from inpaint.photos.tiff.structure import Directory

from .tiff_file import TiffFile
from .tiff_pixels import write_pixels

_ASPECT_PX = 2
_SIMILARITY = 0.9
_THUMBNAIL_SHARE = 0.5
_KNOWN = 16


def update_previews(page: Picture, photo: Image.Image, touched: np.ndarray, file: TiffFile) -> set[str]:
    """Fill the reduced copies of a page where it was edited. What cannot be filled is removed.

    Args:
        page: the edited page, before it is changed.
        photo: its edited pixels, turned as they are stored.
        touched: bool (H, W), where they were edited.
        file: written to.

    Returns:
        What was removed, names of `metadata.removed`.
    """
    removed: set[str] = set()
    structure = page.structure
    for directory in reversed((*structure.chain, *structure.children)):
        if directory is page.directory or is_mask(structure, directory):
            continue
        try:
            sure = _is_copy(page, directory)
            if sure or _may_be_copy(page, directory):
                _fill(picture_of(structure, directory), photo, touched, sure, file)
        except (PhotoError, UnsupportedTiffError):
            if not has_pixels(directory) or is_reduced(structure, directory):
                file.unlink(directory)
                removed.add(PREVIEW)
    return removed


def _is_copy(page: Picture, directory: Directory) -> bool:
    """Return whether a directory has a copy of a page: in its SubIFDs, in a file of one page, or a thumbnail."""
    if not has_pixels(directory):
        return 513 in directory.entries  # a JPEG file, as in EXIF data
    alone = len(pages_of(page.structure)) == 1
    return is_reduced(page.structure, directory) and (alone or directory.parent is page.directory)


def _may_be_copy(page: Picture, directory: Directory) -> bool:
    """Return whether a picture in a file of several pages is so small that it may be a copy of one of them."""
    if not has_pixels(directory):
        return False
    small = page.structure.first(directory, 256, 0) <= _THUMBNAIL_SHARE * page.layout.width
    return is_reduced(page.structure, directory) or small


def _fill(copy: Picture, photo: Image.Image, touched: np.ndarray, sure: bool, file: TiffFile) -> None:
    """Fill a reduced copy of a photo; if it is not sure to be one, only if it looks like it.

    Raises:
        UnsupportedTiffError: it is a copy, but of another shape.
    """
    width, height = copy.layout.width, copy.layout.height
    if abs(width * photo.height - height * photo.width) > _ASPECT_PX * max(photo.size):
        if sure:
            raise UnsupportedTiffError("it has another aspect ratio")
        return
    rendition = copy.rendition()
    before = shown(copy, rendition)
    small = np.asarray(Image.fromarray(to_rgb(photo)).resize((width, height), Image.Resampling.BOX))
    hole = _reduced(touched, (width, height))
    if not sure and not _looks_alike(to_rgb(before), small, hole):
        return
    fill = Patch(0, 0, _as_bright(small, to_rgb(before), ~hole))
    write_pixels(copy, rendition, write_patches(before, [fill], hole), file)


def _reduced(touched: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return where a reduced copy shows a touched pixel, with one pixel around it for its filter."""
    rows, columns = np.nonzero(touched)
    small = np.zeros((size[1] + 2, size[0] + 2), bool)
    small[rows * size[1] // touched.shape[0] + 1, columns * size[0] // touched.shape[1] + 1] = True
    wide = small[:-2] | small[1:-1] | small[2:]
    return wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]


def _looks_alike(first: np.ndarray, second: np.ndarray, hole: np.ndarray) -> bool:
    """Return whether two RGB pictures are the same outside a hole: by their correlation."""
    known = ~hole
    if known.sum() < _KNOWN:
        return False
    a, b = (picture[known].mean(axis=-1) for picture in (first, second))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum()) > _SIMILARITY * float(np.sqrt((a**2).sum() * (b**2).sum())) > 0


def _as_bright(small: np.ndarray, before: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return a picture with the brightness and contrast that another one has at known pixels: both RGB uint8."""
    if known.sum() < _KNOWN or small[known].std() == 0:
        return small
    slope, offset = np.polyfit(small[known].astype(np.float64).ravel(), before[known].astype(np.float64).ravel(), 1)
    return np.clip(small * slope + offset, 0, 255).round().astype(np.uint8)
