"""What rewriting AVIF and HEIC files has in common."""

from collections.abc import Callable

from PIL import Image

from inpaint.photos.coded import Coding, coding_of
from inpaint.photos.isobmff import ItemFile, parse
from inpaint.photos.isobmff_writing import serialise
from inpaint.photos.modes import low_bytes
from inpaint.photos.quality import matching_quality

from .picture_items import with_picture
from .rewrite import CannotRewriteError, Rewritten

_MODES = ("L", "RGB", "RGBA")
_CODED = (b"av01", b"hvc1")
_BT601 = 6

Encoder = Callable[[Image.Image, Coding, int], bytes]


def rewritten(
    as_stored: Callable[[ItemFile], Image.Image],
    data: bytes,
    encode: Encoder,
    losses: Callable[[Coding, bool], tuple[str, ...]],
    quality: int | None,
) -> Rewritten:
    """Return a file with the pixels of a photo.

    Args:
        as_stored: returns the photo as a file stores its pixels, before they are turned upright.
        data: the bytes of the original file.
        encode: writes a photo with a coding at a quality.
        losses: returns sentences about what of a coding is lost; also gets whether the photo has 16 bits.
        quality: 1 to 100; None: that of the original.

    Raises:
        CannotRewriteError: the file is damaged or unusual, or the photo is in another mode.
    """
    try:
        file = parse(data)
        coding = coding_of(file)
    except ValueError:
        raise CannotRewriteError from None
    photo = as_stored(file)
    if photo.mode not in _MODES:
        raise CannotRewriteError
    if quality is not None and coding.lossless:
        coding = coding._replace(matrix=_BT601)
    if quality is None:
        quality = 100 if coding.lossless else _quality(photo, file, coding, encode)
    try:
        written, notes = with_picture(file, parse(encode(photo, coding, quality)))
        return Rewritten(serialise(written), (*losses(coding, low_bytes(photo) is not None), *notes))
    except ValueError:
        raise CannotRewriteError from None


def _quality(photo: Image.Image, file: ItemFile, coding: Coding, encode: Encoder) -> int:
    """Return the quality that leads to as many bytes as the pictures of a file have."""
    shown = {file.primary, *file.targets(b"dimg", file.primary), *file.sources(b"auxl", file.primary)}
    alpha = [file.targets(b"dimg", number) for number in file.sources(b"auxl", file.primary)]
    numbers = shown.union(*alpha) if photo.mode == "RGBA" else {file.primary, *file.targets(b"dimg", file.primary)}
    wanted = sum(len(file.items[number].payload) for number in numbers if number in file.items)
    return matching_quality(photo, wanted, lambda sample, quality: _coded_bytes(encode(sample, coding, quality)))


def _coded_bytes(data: bytes) -> int:
    return sum(len(item.payload) for item in parse(data).items.values() if item.kind in _CODED)
