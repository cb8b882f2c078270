"""Rewrite AVIF files: the picture is encoded anew with the original's coding, metadata and colour space stay."""

from PIL import Image

from inpaint.photos import avif
from inpaint.photos.coded import Coding
from inpaint.photos.orientation import stored
from inpaint.photos.original import Original

from .coded_pictures import rewritten
from .rewrite import Rewritten


def rewrite(photo: Image.Image, original: Original, data: bytes, quality: int | None = None) -> Rewritten:
    """Return an AVIF file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Args:
        photo: upright.
        original: the file that it came from.
        data: the bytes of the file.
        quality: 1 to 100; None: that which leads to as many bytes as the original has, or lossless as the original.
    """
    return rewritten(lambda _: stored(photo, original.orientation), data, avif.encode, _losses, quality)


def _losses(coding: Coding, deep: bool) -> tuple[str, ...]:
    """Return sentences that say what of a coding cannot be kept without imagecodecs."""
    if avif.has_full_codec():
        return ()
    advice = "run  pip install imagecodecs  to keep it"
    lossless = f"it is lossless, and was saved with small losses: {advice}"
    depth = f"it has {coding.depth} bits per sample, and was saved with 8: {advice}"
    return (lossless,) * coding.lossless + (depth,) * (coding.depth > 8 and not deep)
