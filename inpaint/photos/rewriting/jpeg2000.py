"""Rewrite JPEG 2000 files: the codestream is encoded anew, all boxes stay, but for previews in metadata."""

import struct

from PIL import Image

from inpaint.photos import jpeg2000
from inpaint.photos.metadata import exif, xmp
from inpaint.photos.metadata.removed import CREDENTIALS, PICTURES, sentences
from inpaint.photos.orientation import stored
from inpaint.photos.original import Original

from .rewrite import CannotRewriteError, Rewritten

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF = b"JpgTiffExif->JP2"
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a JPEG 2000 file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    A file with the reversible wavelet, or with more than 8 bits, is written without losses; another one with as many
    bytes as the original has.

    Reference:
        ITU-T T.800, annex I.
    """
    try:
        boxes = [] if data.startswith(jpeg2000.CODESTREAM) else jpeg2000.boxes(data)
        before = next((box.content for box in boxes if box.kind == b"jp2c"), data)
        coding = jpeg2000.coding_of(before)
    except ValueError:
        raise CannotRewriteError from None
    turned = stored(photo, original.orientation)
    if coding.depth > 8 and not jpeg2000.has_full_codec():
        raise CannotRewriteError(
            f"it has {coding.depth} bits per sample, and was saved with 8: run  pip install imagecodecs  to keep it"
        )
    if not jpeg2000.fits(turned, coding) or any(box.kind == b"pclr" for box in boxes):
        raise CannotRewriteError
    samples = turned.width * turned.height * coding.channels
    codestream = jpeg2000.encode(turned, coding, samples / len(before))
    if not boxes:
        return Rewritten(codestream)
    removed: set[str] = set()
    parts = []
    for box in boxes:
        if box.kind == b"jp2c":
            if box.content is before:
                parts.append(_box(b"jp2c", codestream))
            else:
                removed.add(PICTURES)
        elif box.kind in (b"jumb",) or box.content.startswith(_C2PA):
            removed.add(CREDENTIALS)
        elif box.kind == b"uuid" and box.content.startswith((_XMP, _EXIF)):
            clean = xmp.without_previews if box.content.startswith(_XMP) else exif.without_previews
            cleaned = clean(box.content[16:])
            removed |= cleaned.removed
            parts.append(_box(b"uuid", box.content[:16] + cleaned.data))
        else:
            parts.append(box.header + box.content)
    return Rewritten(b"".join(parts), sentences(removed))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content
