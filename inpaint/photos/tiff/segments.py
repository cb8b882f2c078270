"""Decode and encode one strip or tile of a TIFF picture."""

import lzma
import zlib

import numpy as np

from . import embedded, libtiff
from .layout import Layout, UnsupportedTiffError
from .packing import pack, unpack

DEFLATE = (8, 32946)
LZMA = 34925
DEFLATE_LEVEL = 6
_REVERSED_BITS = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1).ravel()


class DamagedSegmentError(Exception):
    """A strip or tile cannot be decoded."""


def decode_segment(layout: Layout, data: bytes, rows: int, options: int = 0) -> np.ndarray:
    """Return the samples of a strip or tile.

    Args:
        layout: of the picture.
        data: the stored bytes; b"" for a segment that is not stored, whose samples are 0.
        rows: how many rows it has.
        options: the tag T4Options.

    Returns:
        (rows, width of a segment, its samples) in `layout.dtype`. May be read-only. Chroma is converted to RGB.

    Raises:
        UnsupportedTiffError: the compression is not supported.
        DamagedSegmentError: it cannot be decoded.
    """
    if not data:
        return np.zeros((rows, layout.segment[0], layout.segment_samples), layout.dtype)
    try:
        if layout.compression in embedded.COMPRESSIONS:
            return embedded.decode(layout, data, rows)
        size = rows * layout.row_bytes
        raw = _decompressed(layout, _in_order(layout, data), rows, size, options)
    except UnsupportedTiffError:
        raise
    except Exception as error:  # decoders raise nearly any type on damaged data
        raise DamagedSegmentError(f"{type(error).__name__}: {error}") from error
    if len(raw) < size:
        raise DamagedSegmentError(f"it has {len(raw)} bytes of {size}")
    return unpack(layout, raw, rows)


def encode_segment(layout: Layout, values: np.ndarray, before: bytes, options: int = 0) -> bytes:
    """Return a strip or tile as it is stored, in the compression of its picture.

    Args:
        layout: of the picture.
        values: (rows, width of a segment, its samples) in `layout.dtype`.
        before: the segment as it was stored, whose quality is kept where the compression is lossy.
        options: the tag T4Options.

    Raises:
        UnsupportedTiffError: the compression is not supported, or refuses the segment.
    """
    try:
        if layout.compression in embedded.COMPRESSIONS:
            return embedded.encode(layout, values, before)
        return _in_order(layout, _compressed(layout, values, options))
    except (OSError, ValueError, SyntaxError) as error:  # say tables of a damaged JPEG
        raise UnsupportedTiffError(f"a strip or tile cannot be compressed again: {error}") from error


def _in_order(layout: Layout, data: bytes) -> bytes:
    """Return bytes with their bits reversed if the picture stores them so."""
    if layout.fill_order != 2 or layout.compression in embedded.COMPRESSIONS:
        return data
    return _REVERSED_BITS[np.frombuffer(data, np.uint8)].tobytes()


def _decompressed(layout: Layout, data: bytes, rows: int, size: int, options: int) -> bytes:
    compression = layout.compression
    if compression == 1:
        return data
    if compression in DEFLATE:
        return zlib.decompressobj().decompress(data, size)
    if compression == LZMA:
        return lzma.LZMADecompressor().decompress(data, size)
    if compression in libtiff.BILEVEL:
        _check_bilevel(layout)
        return libtiff.decompress(compression, data, layout.segment[0], rows, options)
    if compression in libtiff.NAMES:
        return libtiff.decompress(compression, data, size, 1)
    raise UnsupportedTiffError(f"its compression has the number {compression}")


def _compressed(layout: Layout, values: np.ndarray, options: int) -> bytes:
    compression = layout.compression
    if compression in libtiff.BILEVEL:
        _check_bilevel(layout)
        return libtiff.compress(compression, values[..., 0].astype(bool), options)
    raw = pack(layout, values)
    if compression == 1:
        return raw
    if compression in DEFLATE:
        return zlib.compress(raw, DEFLATE_LEVEL)
    if compression == LZMA:
        return lzma.compress(raw)
    if compression in libtiff.NAMES:
        return libtiff.compress(compression, np.frombuffer(raw, np.uint8).reshape(len(values), -1))
    raise UnsupportedTiffError(f"its compression has the number {compression}")


def _check_bilevel(layout: Layout) -> None:
    if layout.bits != 1 or layout.segment_samples != 1:
        raise UnsupportedTiffError(f"it has a fax compression of {layout.bits} bits per sample")
