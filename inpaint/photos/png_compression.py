"""How the pixels of a photo are best compressed as PNG: by runs of bytes, or by repetitions as well."""

import io
import zlib

from PIL import Image

from .formats import DEFLATE_LEVEL
from .modes import without_info

_STRIPS, _SHARE, _LEAST_ROWS = 3, 96, 16
_TOLERANCE = 1.03
"""Runs alone are preferred up to this factor in the number of bytes."""


def png_options(photo: Image.Image) -> dict[str, int]:
    """Return the options with which Pillow compresses a photo quickly and well.

    The filtered rows of a photo hardly repeat: a search for repetitions takes two thirds of the time, and makes as many
    files larger as smaller. Drawings, screenshots and patterns do repeat. Which of them this is, a few rows tell,
    compressed both ways.

    Args:
        photo: in a mode that Pillow writes as PNG.

    Reference:
        RFC 1951, section 3.2.5; a run is a repetition at a distance of one byte, which zlib calls `Z_RLE`.
    """
    runs = {"compress_level": 1, "compress_type": zlib.Z_RLE}
    repetitions = {"compress_level": DEFLATE_LEVEL}
    sample = without_info(_sample(photo))
    return runs if _bytes(sample, runs) <= _TOLERANCE * _bytes(sample, repetitions) else repetitions


def _sample(photo: Image.Image) -> Image.Image:
    """Return strips from top to bottom, one below the other: about a thirtieth of the photo."""
    rows = max(_LEAST_ROWS, photo.height // _SHARE)
    if _STRIPS * rows >= photo.height:
        return photo
    sample = photo.crop((0, 0, photo.width, _STRIPS * rows))
    for number in range(1, _STRIPS):
        top = (photo.height - rows) * number // (_STRIPS - 1)
        sample.paste(photo.crop((0, top, photo.width, top + rows)), (0, number * rows))
    return sample


def _bytes(sample: Image.Image, options: dict[str, int]) -> int:
    sample.save(file := io.BytesIO(), "PNG", **options)
    return file.tell()
