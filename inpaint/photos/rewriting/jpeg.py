"""Write an edited photo into its JPEG file: new coefficients for the blocks that the edit touches, and no others."""

import io

from PIL import Image, JpegImagePlugin

from inpaint.compiled.available import is_available
from inpaint.photos.metadata.jpeg_segments import Segment, without_previews
from inpaint.photos.metadata.removed import TRAILING, sentences
from inpaint.photos.original import Original

from .differences import Change, changes
from .jpeg_blocks import change_blocks, transform_of
from .jpeg_coding import decode, encode
from .jpeg_file import read
from .jpeg_structure import JpegFile, Scan
from .rewrite import CannotRewriteError, Rewritten

_STRIP_PIXELS = 1 << 18
_PADDING = b"\0\xff\r\n "  # after the end of a file


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a JPEG file in which the blocks of changed pixels have new coefficients, see `rewrite.rewrite`.

    Tables, sampling, scans, restart intervals, orientation and metadata stay as they are, and so do all coefficients of
    the other blocks. Previews go, and what follows the end of the picture.

    Args:
        photo: upright, in the mode and size of the original.
        original: the file that it came from.
        data: its bytes.

    Raises:
        CannotRewriteError: it is coded in a way that cannot be edited, or damaged.
    """
    file = read(data)
    rows = max(1, _STRIP_PIXELS // (8 * file.frame.down * file.frame.width)) * 8 * file.frame.down
    found = _changes(photo, original, data, rows, (file.frame.width, file.frame.height))
    if not found:
        return Rewritten(data)
    if not is_available():
        raise CannotRewriteError(
            "numba is not installed, so all of the photo was encoded anew: run  pip install numba  to keep the rest"
        )
    coefficients = decode(file, data)
    transform = transform_of(file)
    for change in found:
        change_blocks(file, transform, coefficients, photo, original.orientation, change)
    parts, removed = _cleaned(file)
    if data[file.end :].strip(_PADDING):
        removed |= {TRAILING}
    return Rewritten(encode(file, parts, coefficients), sentences(removed))


def _changes(photo: Image.Image, original: Original, data: bytes, rows: int, size: tuple[int, int]) -> list[Change]:
    stored = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    stored.load()
    if stored.size != size or stored.mode != photo.mode:
        raise CannotRewriteError("this JPEG has another size than its photo, so all of it was encoded anew")
    return list(changes(photo, original.orientation, stored, rows))


def _cleaned(file: JpegFile) -> tuple[list[Segment | Scan], set[str]]:
    """Return the parts of a file without previews, and what was removed."""
    parts: list[Segment | Scan] = []
    removed: set[str] = set()
    segments: list[Segment] = []
    for part in [*file.parts, None]:
        if isinstance(part, Segment):
            segments.append(part)
            continue
        kept = without_previews(segments)
        removed |= kept.removed
        parts += kept.segments
        parts += [part] if part is not None else []
        segments = []
    return parts, removed
