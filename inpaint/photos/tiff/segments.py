"""Decode and encode one strip or tile of a TIFF picture."""

import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import embedded, libtiff
from .layout import Layout, UnsupportedTiffError
from .packing import pack, unpack

DEFLATE = (8, 32946)
LZMA = 34925
DEFLATE_LEVEL = 6
STREAMED = (1, *DEFLATE, LZMA)
"""Compressions whose rows can be read one after the other, without the whole strip in memory."""
_CHUNK_BYTES = 1 << 16
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
    return next(decode_rows(layout, data, rows, rows, options))


def decode_rows(layout: Layout, data: bytes, rows: int, step: int, options: int = 0) -> Iterator[np.ndarray]:
    """Yield the samples of a strip or tile `step` rows at a time, the last ones fewer.

    What `STREAMED` names takes the memory of these rows while it is decoded; other compressions take that of all bytes
    of the segment, or of all its samples if it is a JPEG, WebP or JPEG 2000 file.

    Args:
        layout: as for `decode_segment`, as its result and its errors are.
        data: as there.
        rows: of the segment.
        step: at least 1.
        options: the tag T4Options.
    """
    heights = [min(step, rows - top) for top in range(0, rows, step)]
    if not data:
        for height in heights:
            yield np.zeros((height, layout.segment[0], layout.segment_samples), layout.dtype)
        return
    try:
        if layout.compression in embedded.COMPRESSIONS:
            samples = embedded.decode(layout, data, rows)
            yield from (samples[top : top + step] for top in range(0, rows, step))
            return
        read, done = _reader(layout, _in_order(layout, data), rows, options), 0
        for height in heights:
            raw = read(size := height * layout.row_bytes)
            done += len(raw)
            if len(raw) < size:
                raise DamagedSegmentError(f"it has {done} bytes of {rows * layout.row_bytes}")
            yield unpack(layout, raw, height)
    except (UnsupportedTiffError, DamagedSegmentError):
        raise
    except Exception as error:  # decoders raise nearly any type on damaged data
        raise DamagedSegmentError(f"{type(error).__name__}: {error}") from error


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


def _reader(layout: Layout, data: bytes, rows: int, options: int) -> Callable[[int], bytes | memoryview]:
    """Return a function that returns the next bytes of a segment before compression, at most as many as it is asked."""
    compression = layout.compression
    if compression == 1:
        return _slices(data)
    if compression in DEFLATE:
        return _inflated(zlib.decompressobj(), data)
    if compression == LZMA:
        return _inflated(lzma.LZMADecompressor(), data)
    if compression in libtiff.BILEVEL:
        _check_bilevel(layout)
        return _slices(libtiff.decompress(compression, data, layout.segment[0], rows, options))
    if compression in libtiff.NAMES:
        return _slices(libtiff.decompress(compression, data, layout.row_bytes, rows))
    raise UnsupportedTiffError(f"its compression has the number {compression}")


def _slices(data: bytes) -> Callable[[int], memoryview]:
    """Return a function that returns the next bytes of some that are in memory."""
    at = 0

    def read(size: int) -> memoryview:
        nonlocal at
        at += size
        return memoryview(data)[at - size : at]

    return read


def _inflated(decoder: Any, data: bytes) -> Callable[[int], bytes]:
    """Return a function that returns the next decompressed bytes; fewer at the end of the data.

    Args:
        decoder: of zlib, which returns the input that it has not used, or of lzma, which keeps it.
        data: compressed.
    """
    chunks = (data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES))

    def read(size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0 and not decoder.eof:
            needs_input = getattr(decoder, "needs_input", True)
            given = getattr(decoder, "unconsumed_tail", b"") or (next(chunks, b"") if needs_input else b"")
            parts.append(decoder.decompress(given, size))
            size -= len(parts[-1])
            if needs_input and not given and not parts[-1]:
                break
        return b"".join(parts)

    return read


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
