"""Rewrite PNG files: the pixels anew, every other chunk as it is, but for those that show the photo before the edit."""

from PIL import Image

from inpaint.photos import png
from inpaint.photos.metadata.removed import CREDENTIALS, TRAILING, sentences
from inpaint.photos.orientation import stored
from inpaint.photos.original import Original

from .png_pixels import idat_chunks
from .png_previews import without_previews
from .rewrite import CannotRewriteError, Rewritten

_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_INDEX = b"iDOT"
"""Where Apple's decoder finds the second half of the IDAT chunks; no longer true for new ones."""
_UNSAFE_KEPT = (
    *(b"PLTE", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi"),
    *(b"bKGD", b"hIST", b"tIME", b"pCAL", b"sCAL"),
)
"""Known chunks that hold after an edit, although their names say that editors which do not know them drop them."""


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a PNG file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Bit depth, colour type, palette and transparent colour are the original's, and so is the EXIF orientation: pixels
    are stored turned as in the original. The result is not interlaced. Of an animation the first picture remains.

    Reference:
        W3C, Portable Network Graphics (PNG) Specification, third edition, sections 5, 11 and 14.2.
    """
    try:
        header, chunks, rest = png.read_chunks(data)
        idat = idat_chunks(stored(photo, original.orientation), header)
    except ValueError:
        raise CannotRewriteError from None
    if photo.mode == "P" and not _same_palette(photo, chunks):
        raise CannotRewriteError
    kept, notes = _kept(chunks, rest)
    first = next((index for index, chunk in enumerate(kept) if chunk.name == b"IDAT"), None)
    if first is None:
        raise CannotRewriteError
    before = [header._replace(interlaced=False).chunk(), *kept[1:first]]
    after = [chunk for chunk in kept[first:] if chunk.name != b"IDAT"]
    return Rewritten(png.SIGNATURE + b"".join(chunk.raw for chunk in [*before, *idat, *after]), notes)


def _kept(chunks: list[png.Chunk], rest: bytes) -> tuple[list[png.Chunk], tuple[str, ...]]:
    """Return the chunks that hold after an edit, IDAT among them, and sentences that say what was left out.

    Args:
        chunks: all of the file.
        rest: the bytes that follow them.
    """
    kept, private = [], set()
    removed = {TRAILING} if rest.strip(b"\0") else set()
    for chunk in chunks:
        if chunk.name == b"caBX":
            removed.add(CREDENTIALS)
        elif _is_unsafe(chunk.name):
            private.add(chunk.name.decode("latin-1"))
        elif chunk.name not in (*_ANIMATION, _INDEX):
            cleaned = without_previews(chunk)
            kept.append(cleaned.chunk)
            removed |= cleaned.removed
    notes = []
    frames = sum(chunk.name == b"fcTL" for chunk in chunks)
    if frames:
        notes.append(f"it is an animation of {frames} pictures: only the first was filled, and the others were removed")
    if private:
        names = ", ".join(sorted(private))
        notes.append(f"private data ({names}) was removed, because it belongs to the pixels before the edit")
    return kept, (*notes, *sentences(removed))


def _is_unsafe(name: bytes) -> bool:
    """Return whether a chunk is ancillary, unknown and not safe to copy: bit 5 of its first and its last letter."""
    return bool(name[0] & 32) and not name[3] & 32 and name not in (*_UNSAFE_KEPT, *_ANIMATION, _INDEX)


def _same_palette(photo: Image.Image, chunks: list[png.Chunk]) -> bool:
    palette = next((chunk.content for chunk in chunks if chunk.name == b"PLTE"), b"")
    return bytes(photo.getpalette() or [])[: len(palette)].ljust(len(palette), b"\0") == palette
