"""Open TIFF files of any sample type and layout as photos."""

import contextlib
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from PIL import Image, TiffImagePlugin

from inpaint.photos.errors import PhotoTooLargeError, RawPhotoError
from inpaint.photos.modes import GREY_BITS, LOW_BYTES
from inpaint.photos.orientation import TURNED_UPRIGHT, tiff_exif
from inpaint.photos.raw import refusal

from .lab import LabScale
from .layout import UnsupportedTiffError
from .naming import describe_tiff
from .pages import choose_page, pages_of
from .picture import Picture, picture_of
from .raw import camera_of, raw_kind_of_tiff
from .rendition import Pixels, Rendition
from .structure import Directory, Structure


class Read(NamedTuple):
    """A photo that was read from a TIFF file.

    Attributes:
        photo: upright, with `info` and `format`.
        orientation: of the file, 1 to 8.
        page: index of the photo in `pages_of`.
    """

    photo: Image.Image
    orientation: int
    page: int


class TiffFallbackError(Exception):
    """A TIFF is stored in a way that only Pillow might read; the message is a PhotoError's, if it cannot."""


def read_tiff(file: BinaryIO, name: str, max_pixels: int | None, page: int | None = None) -> Read:
    """Read a page of a TIFF file completely.

    Args:
        file: open and seekable.
        name: of the file, in messages.
        max_pixels: largest number of pixels; None: any.
        page: counted from 1; None: the photo, see `pages.choose_page`.

    Raises:
        PhotoTooLargeError: it has more pixels than allowed.
        PhotoError: it is damaged, a raw photo, or has no such page.
        TiffFallbackError: it has to be read by Pillow.
    """
    structure = Structure(file, name)
    index = choose_readable_page(structure, name, page)
    directory = pages_of(structure)[index]
    width, height = structure.first(directory, 256, 0), structure.first(directory, 257, 0)
    if max_pixels is not None and width * height > max_pixels:
        raise PhotoTooLargeError(
            f"{name} has too many pixels: it is {width}x{height} and the limit is {max_pixels / 1e6:g} million; shrink "
            "it, or raise the limit if you trust the file (--max-megapixels, or max_pixels in Python)"
        )
    try:
        picture = picture_of(structure, directory).in_blocks()
        rendition = picture.rendition()
        photo = shown(picture, rendition)
    except UnsupportedTiffError as error:
        raise TiffFallbackError(
            f"{name} is {describe_tiff(structure, directory)}, which cannot be read: {error}; save it as an RGB TIFF "
            "of 8 or 16 bits, or as PNG"
        ) from error
    orientation = orientation_tag(structure, directory)
    low = photo.info.get(LOW_BYTES)
    photo = turned(photo, orientation)
    photo.format = "TIFF"
    photo.info = _info(structure, directory)
    if isinstance(rendition.scale, LabScale):
        photo.info.pop("icc_profile", None)  # of L*a*b* colours
    if photo.mode == "L" and picture.layout.bits in (2, 4):
        photo.info[GREY_BITS] = picture.layout.bits
    if low is not None:
        photo.info[LOW_BYTES] = turned(low, orientation)
    return Read(photo, orientation, index)


def choose_readable_page(structure: Structure, name: str, page: int | None) -> int:
    """Return the index of the page to read, as `pages.choose_page`; RawPhotoError if it is a camera's raw photo."""
    if kind := raw_kind_of_tiff(structure):
        raise RawPhotoError(refusal(name, kind, camera_of(structure)))
    return choose_page(structure, page)


def orientation_tag(structure: Structure, directory: Directory) -> int:
    """Return the orientation of a picture, 1 to 8."""
    orientation = structure.first(directory, 274, 1)
    return orientation if orientation in TURNED_UPRIGHT else 1


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return an image turned upright by an orientation, 1 to 8; `orientation.stored` turns it back."""
    return image.transpose(TURNED_UPRIGHT[orientation]) if orientation in TURNED_UPRIGHT else image


def shown(picture: Picture, rendition: Rendition) -> Image.Image:
    """Return the pixels of a picture as they are stored, not turned."""
    layout = picture.layout
    photo = rendition.blank((layout.width, layout.height))
    low = photo.info.get(LOW_BYTES)
    planes = rendition.channels if layout.planar else None
    for cell in picture.cells():
        for rows, samples in picture.blocks(cell, planes):
            pixels = rendition.show(samples)
            place = (cell.left, cell.top + rows.start)
            photo.paste(image_of(rendition, pixels.upper), place)
            if low is not None and pixels.lower is not None:
                low.paste(image_of(rendition, pixels.lower), place)
    return photo


def image_of(rendition: Rendition, values: np.ndarray) -> Image.Image:
    """Return values as an image of the rendition's mode, see `rendition.Pixels`."""
    if rendition.mode == "1":
        return Image.fromarray(np.ascontiguousarray(values))
    height, width = values.shape[:2]
    return Image.frombytes(rendition.mode, (width, height), np.ascontiguousarray(values).tobytes())


def pixels_in(photo: Image.Image, box: tuple[int, int, int, int]) -> Pixels:
    """Return the pixels of a photo in a box (left, top, right, bottom)."""
    low = photo.info.get(LOW_BYTES)
    lower = np.asarray(low.crop(box)) if isinstance(low, Image.Image) and low.size == photo.size else None
    return Pixels(np.asarray(photo.crop(box)), lower)


def _info(structure: Structure, directory: Directory) -> dict[str | tuple[int, int], Any]:
    """Return what Pillow has in the `info` of a TIFF: resolution, profile, XMP, compression and EXIF data."""
    info: dict[str | tuple[int, int], Any] = {}
    info["compression"] = TiffImagePlugin.COMPRESSION_INFO.get(structure.first(directory, 259, 1), "unknown")
    resolution = [float(value) for tag in (282, 283) for value in structure.numbers(directory, tag)[:1]]
    unit = structure.first(directory, 296, 2)
    if len(resolution) == 2 and min(resolution) > 0 and unit in (2, 3):
        info["dpi"] = tuple(value * (2.54 if unit == 3 else 1) for value in resolution)
    for key, tag in (("icc_profile", 34675), ("xmp", 700)):
        if raw := structure.raw(directory, tag):
            info[key] = raw
    with contextlib.suppress(Exception):  # damaged tags
        exif = Image.Exif()
        exif.endian, exif.bigtiff = structure.order, structure.big
        exif.load_from_fp(structure.file, directory.offset)
        info["exif"] = tiff_exif(exif)
    return info
