"""Rewrite HEIC files: the picture is encoded anew with the original's coding, metadata and colour space stay."""

from PIL import Image

from inpaint.photos import heif
from inpaint.photos.coded import Coding
from inpaint.photos.isobmff import ItemFile
from inpaint.photos.orientation import transposed
from inpaint.photos.original import Original

from .coded_pictures import rewritten
from .rewrite import Rewritten

_TURNS = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}
"""How to undo the rotations of an irot property."""
_MIRRORS = (Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.FLIP_LEFT_RIGHT)
"""How to undo the reflections of an imir property."""


def rewrite(photo: Image.Image, original: Original, data: bytes, quality: int | None = None) -> Rewritten:
    """Return a HEIC file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Args:
        photo: upright.
        original: the file that it came from.
        data: the bytes of the file.
        quality: 1 to 100; None: that which leads to as many bytes as the original has.
    """
    return rewritten(lambda file: _as_stored(photo, file), data, heif.encode, _losses, quality)


def _as_stored(photo: Image.Image, file: ItemFile) -> Image.Image:
    """Return a photo before the rotation and the reflection that the file declares, in reversed order."""
    for kind, content, _ in reversed(file.items[file.primary].properties):
        if kind == b"irot" and content and content[0] & 3:
            photo = transposed(photo, _TURNS[content[0] & 3])
        elif kind == b"imir" and content:
            photo = transposed(photo, _MIRRORS[content[0] & 1])
    return photo


def _losses(coding: Coding, deep: bool) -> tuple[str, ...]:
    """Return sentences that say what of a coding cannot be kept."""
    return (f"it has {coding.depth} bits per sample, and was saved with 8",) * (coding.depth > 8 and not deep)
