"""Decode the pixels of files that Pillow reads at 8 bits although they have more."""

from typing import BinaryIO

from PIL import Image

from . import avif
from .coded import coding_of
from .isobmff import parse


def load_full_depth(image: Image.Image, file: BinaryIO) -> Image.Image | None:
    """Return the photo of an AVIF or HEIC file of 10 or 12 bits as 16-bit colour, see `modes.LOW_BYTES`.

    Args:
        image: opened, but not loaded; its metadata are those of the result.
        file: what it was opened from.

    Returns:
        The photo; None if the file has 8 bits, or the optional package that reads more is missing.
    """
    if image.format not in ("AVIF", "HEIF") or (image.format == "AVIF" and not avif.has_full_codec()):
        return None
    file.seek(0)
    data = file.read()
    try:
        depth = coding_of(parse(data)).depth
    except ValueError:
        return None
    if depth not in (10, 12):
        return None
    if image.format == "AVIF":
        photo = avif.decode_deep(data, depth)
    else:
        from . import heif

        photo = heif.decode_deep(data)
    if photo.size != image.size:
        return None
    photo.info = image.info | photo.info
    return photo
