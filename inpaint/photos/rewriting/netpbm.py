"""Rewrite PBM, PGM, PPM and PAM files: the header stays with its comments, and so does the largest value."""

from PIL import Image

from inpaint.photos.metadata.removed import PICTURES, sentences
from inpaint.photos.netpbm import read_header, samples
from inpaint.photos.original import Original

from .rewrite import CannotRewriteError, Rewritten


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a file with the pixels of a photo, see `rewriting.rewrite.rewrite`."""
    try:
        header = read_header(data)
        written = samples(photo, header)
    except ValueError:
        raise CannotRewriteError from None
    end = header.length + header.height * header.row_bytes
    further = header.kind > 3 and bool(data[end:].strip())
    return Rewritten(data[: header.length] + written, sentences({PICTURES} if further else set()))
