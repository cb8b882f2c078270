"""Rewrite TIFF files: only strips and tiles that an edit touches, and previews, which show the photo before it."""

import io

from PIL import Image

from inpaint.photos.errors import PhotoError
from inpaint.photos.metadata.removed import sentences
from inpaint.photos.orientation import stored
from inpaint.photos.original import Original
from inpaint.photos.tiff.layout import UnsupportedTiffError
from inpaint.photos.tiff.naming import describe_tiff
from inpaint.photos.tiff.pages import pages_of
from inpaint.photos.tiff.picture import Picture, picture_of
from inpaint.photos.tiff.rendition import Rendition
from inpaint.photos.tiff.structure import Structure

from .rewrite import CannotRewriteError, Rewritten
from .tiff_file import TiffFile
from .tiff_metadata import clean_metadata
from .tiff_pixels import write_pixels
from .tiff_previews import update_previews

_COUNTS = {273: 279, 324: 325}


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a TIFF file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Sample type, byte order, compression, layout and orientation stay, as do samples that are not shown, such as
    infrared, all pages, and all tags. Reduced copies of the page are filled as well; what cannot be is removed.
    """
    try:
        structure = Structure(io.BytesIO(data), "the file")
        page = pages_of(structure)[original.page]
    except (PhotoError, IndexError):
        raise CannotRewriteError from None
    try:
        picture = picture_of(structure, page)
        rendition = picture.rendition()
        _check_is_of(photo, picture, rendition)
        file = TiffFile(data, structure)
        flat = stored(photo, original.orientation)
        touched = write_pixels(picture, rendition, flat, file)
        if not touched.any():
            return Rewritten(data)
        removed = update_previews(picture, flat, touched, file)
        removed |= clean_metadata(structure, page, file)
        return Rewritten(file.finish(), (*sorted(file.notes), *sentences(removed)))
    except PhotoError:
        raise CannotRewriteError from None
    except UnsupportedTiffError as error:
        raise CannotRewriteError(
            f"it is {describe_tiff(structure, page)}, of which no part can be changed ({error}): all of it was encoded "
            "anew, without its further pages and private tags"
        ) from error


def _check_is_of(photo: Image.Image, picture: Picture, rendition: Rendition) -> None:
    """Raise CannotRewriteError unless a photo has the mode and palette of a picture whose segments can be replaced."""
    entries = picture.directory.entries
    offsets = next(tag for tag in (324, 273) if tag in entries)
    counts = entries.get(_COUNTS[offsets])
    if photo.mode != rendition.mode:
        raise CannotRewriteError
    if counts is not None and counts.number < len(picture.layout.offsets):
        raise UnsupportedTiffError("the lengths of some of its strips are missing")
    if (
        rendition.palette is not None
        and bytes(photo.getpalette() or [])[: rendition.palette.size]
        != (rendition.palette.tobytes()[: len(photo.getpalette() or [])])
    ):
        raise CannotRewriteError
