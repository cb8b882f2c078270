"""Decode the pixels of files that Pillow reads at 8 bits although they have more."""

from typing import BinaryIO

from PIL import Image

from . import avif, jpeg2000
from .coded import coding_of
from .isobmff import parse


def load_full_depth(image: Image.Image, file: BinaryIO) -> Image.Image | None:
    """Return the photo of an AVIF, HEIC or JPEG 2000 file of more than 8 bits as 16-bit colour or I;16.

    Args:
        image: opened, but not loaded; its metadata are those of the result.
        file: what it was opened from.

    Returns:
        The photo; None if the file has 8 bits, or the optional package that reads more is missing.
    """
    file.seek(0)
    data = file.read()
    try:
        photo = jpeg2000.decode_deep(data, image.size) if image.format == "JPEG2000" else _coded_picture(image, data)
    except ValueError:  # Pillow may read it nevertheless
        return None
    if photo is None or photo.size != image.size:
        return None
    photo.info = image.info | photo.info
    return photo


def _coded_picture(image: Image.Image, data: bytes) -> Image.Image | None:
    """Return the photo of an AVIF or HEIC file of 10 or 12 bits; ValueError if its structure is damaged."""
    if image.format == "AVIF" and not avif.has_full_codec():
        return None
    depth = coding_of(parse(data)).depth
    if depth not in (10, 12):
        return None
    if image.format == "AVIF":
        return avif.decode_deep(data, depth)
    from . import heif

    return heif.decode_deep(data)
