"""How much memory a photo takes: reckoned from the header of its file before it is opened, and counted afterwards."""

import contextlib
import importlib
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from . import netpbm
from .coded import coding_of
from .decoding import identify
from .errors import PhotoError
from .formats import TIFF_SIGNATURES
from .isobmff import parse
from .original import Original
from .sixteen_bit import is_deep

CANVAS_BYTES = 4
"""Of a session for each pixel: RGB, and the mask."""
_CHECK_BYTES = 4
"""For each pixel while a session is made: another mask, and comparisons of the colours."""
_SLACK_BYTES = 48 << 20
"""Of any photo: strips, blocks of the allocator, tables of the decoders."""
_LAYERS = {"WEBP": 12.0, "GIF": 4.0}
"""For each pixel in the decoder: WebP has two canvases and its own picture, GIF the one before."""
_HEADER_BYTES = 1 << 16
_DEEP_LAYERS = 16.0
"""For each pixel of AVIF and HEIC files of 10 or 12 bits: planes, their colours in 16 bits, and a copy."""
_JPEG_COEFFICIENT_BYTES, _JPEG2000_SAMPLE_BYTES = 2, 7
_TIFF_COPIES, _EMBEDDED_COPIES, _ROWS_COPIES = 3, 4, 6
"""How often the samples of a strip are in memory while it is decoded as a whole; of strips that are JPEG or WebP files
themselves; and those of the rows that are converted at a time.
"""


class Reckoned(NamedTuple):
    """What a file takes.

    Attributes:
        pixels: width times height.
        opening: the most bytes at any time while `open_photo` and `Session` read it.
        open: bytes afterwards, without metadata.
    """

    pixels: int
    opening: int
    open: int


def reckon(file: BinaryIO, name: str) -> Reckoned:
    """Return how much memory a photo takes, of which only the header is read; what it takes is at most this.

    Args:
        file: seekable, at its beginning; it is there again afterwards.
        name: of the file in messages.

    Raises:
        PhotoError: it is not a picture, or its header is damaged: `open_photo` says how.
    """
    head = file.read(4)
    length = file.seek(0, 2)
    file.seek(0)
    try:
        found = _reckon_tiff(file, name, length) if head in TIFF_SIGNATURES else None
        return found or _reckon(file, name, length)
    except PhotoError:
        raise
    except Exception as error:  # of a decoder that reads a damaged header
        raise PhotoError(f"{name} is damaged ({type(error).__name__}: {error})") from error
    finally:
        file.seek(0)


def _reckon(file: BinaryIO, name: str, length: int) -> Reckoned:
    file.seek(0)
    if netpbm.MAGIC.match(head := file.read(_HEADER_BYTES)):
        header = netpbm.read_header(head)
        deep = header.highest > 255
        stored = _pixel_bytes(netpbm.mode_of(header)) * (2 if deep and header.channels > 1 else 1)
        layers = 2.0 * header.channels  # a plain file is text, whose values are 16-bit numbers
        return _reckoned(header.width * header.height, stored, layers, 3 * length)
    file.seek(0)
    image = identify(file, name)
    format, bands = image.format or "", len(image.getbands())
    deep = is_deep(image) or _is_deep_heif(file, format) or format == "JPEG2000"
    stored = _pixel_bytes(image.mode) * (2 if deep and bands > 1 else 1)
    layers = _LAYERS.get(format, 0.0)
    if format in ("JPEG", "MPO"):
        layers = float(_JPEG_COEFFICIENT_BYTES * bands)
    elif format in ("AVIF", "HEIF"):
        layers = _DEEP_LAYERS if deep else 4.0
    elif format == "JPEG2000":
        layers = float(_JPEG2000_SAMPLE_BYTES * bands)
    return _reckoned(image.width * image.height, stored, layers + (stored if deep else 0) / 2, 3 * length)


def _is_deep_heif(file: BinaryIO, format: str) -> bool:
    if format not in ("AVIF", "HEIF"):
        return False
    file.seek(0)
    with contextlib.suppress(ValueError):
        return coding_of(parse(file.read())).depth > 8
    return False


def _reckon_tiff(file: BinaryIO, name: str, length: int) -> Reckoned | None:
    """Return what a TIFF file takes; None if only Pillow might read it."""
    reading = importlib.import_module("inpaint.photos.tiff.reading")  # not before a file needs it
    embedded, rendition, segments = (
        importlib.import_module(f"inpaint.photos.tiff.{name}") for name in ("embedded", "rendition", "segments")
    )
    try:
        structure = reading.Structure(file, name)
        directory = reading.pages_of(structure)[reading.choose_readable_page(structure, name, None)]
        layout = reading.picture_of(structure, directory).in_blocks().layout
    except reading.UnsupportedTiffError:
        return None
    deep = layout.bits > 8 and layout.samples > 1
    stored = 8 if deep else 4
    row = layout.segment[0] * layout.samples * layout.dtype.itemsize
    taken = _ROWS_COPIES * row * next(rendition.row_blocks(layout.segment[1], layout.segment[0])).stop
    if layout.compression in embedded.COMPRESSIONS:
        taken += _EMBEDDED_COPIES * row * layout.segment[1]
    elif layout.compression not in segments.STREAMED:
        taken += _TIFF_COPIES * row * layout.segment[1]
    taken += (layout.samples if layout.planar else 1) * int(layout.counts.max(initial=0))
    return _reckoned(layout.width * layout.height, stored, 0, min(taken, 1 << 40))


def _reckoned(pixels: int, stored: int, layers: float, more: int) -> Reckoned:
    """Return the sum: the decoder's layers are gone when the session is made."""
    opening = pixels * (stored + max(layers, CANVAS_BYTES + _CHECK_BYTES)) + more + _SLACK_BYTES
    return Reckoned(pixels, int(opening), pixels * (stored + CANVAS_BYTES))


def bytes_held(photo: Image.Image) -> int:
    """Return about how many bytes an open photo takes with all of its metadata, without the canvas of a session."""
    return photo.width * photo.height * _pixel_bytes(photo.mode) + sum(map(_size, photo.info.values()))


def metadata_bytes(photo: Image.Image) -> int:
    """Return how many bytes its profile, EXIF, XMP, comments and other metadata take, without pictures and arrays."""
    return sum(_size(value) for value in photo.info.values() if not isinstance(value, Image.Image | np.ndarray))


def _pixel_bytes(mode: str) -> int:
    """Return how many bytes Pillow has for a pixel."""
    return {"1": 1, "L": 1, "P": 1}.get(mode, 2 if mode.startswith("I;16") else 4)


def _size(value: object) -> int:
    """Return about how much memory takes what a photo has in its `info`."""
    if isinstance(value, Original):
        return _size(value.source)
    if isinstance(value, Image.Image):  # the lower bytes of 16-bit colour, or an infrared channel
        return value.width * value.height * _pixel_bytes(value.mode)
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_size, value))
    return len(value) if isinstance(value, bytes | str) else 0
