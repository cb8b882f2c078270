"""Write an edited photo by changing its original file only where pixels were changed."""

import importlib
from collections.abc import Callable
from typing import NamedTuple

from PIL import Image

from inpaint.photos.original import Original

_MODULES: dict[str, str] = {
    **dict.fromkeys(("JPEG", "MPO"), "jpeg"),
    "PNG": "png",
    "AVIF": "avif",
    "HEIF": "heif",
    "TIFF": "tiff",
    "WEBP": "webp",
    "PPM": "netpbm",
    "BMP": "bmp",
    "JPEG2000": "jpeg2000",
}
"""Which module of this package rewrites files of a format, by Pillow's name of the format. Each has a function
`rewrite(photo, original, data)` with the arguments and errors of the one below, where `data` are the file's bytes."""
_WITH_QUALITY = ("AVIF", "HEIF", "WEBP")
"""Formats whose function also takes a `quality`, since it encodes the picture anew."""


class Rewritten(NamedTuple):
    """A file with the pixels of an edited photo.

    Attributes:
        data: its bytes.
        notes: sentences that say what could not be kept; none if all of it was.
    """

    data: bytes
    notes: tuple[str, ...] = ()


class CannotRewriteError(Exception):
    """A file cannot be changed in part, and has to be encoded anew.

    The message is a sentence for the photo's owner that says why, and what is lost by it; empty where nothing is.
    """


def rewrite(photo: Image.Image, original: Original, quality: int | None = None) -> Rewritten:
    """Return a photo's original file with the pixels that differ from the photo changed, and nothing else.

    What the file holds beside those pixels stays: metadata, tables, further pictures; previews that show the photo
    before it was edited do not.

    Args:
        photo: upright, in the mode and size of the original.
        original: the file that it came from.
        quality: 1 to 100, to encode the picture with; None: that of the original.

    Raises:
        CannotRewriteError: the file is gone, or it is of a kind that has to be encoded anew.
    """
    if original.format not in _MODULES or (quality is not None and original.format not in _WITH_QUALITY):
        raise CannotRewriteError
    data = original.read()
    if data is None:
        raise CannotRewriteError("the original file is gone or has changed, so all of the photo was encoded anew")
    function: Callable[..., Rewritten] = importlib.import_module(
        f"inpaint.photos.rewriting.{_MODULES[original.format]}"
    ).rewrite
    return function(photo, original, data, **({} if quality is None else {"quality": quality}))
