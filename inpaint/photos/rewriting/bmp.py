"""Rewrite BMP files: only the bytes of changed pixels are new; header, palette, masks and row order stay."""

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL import BmpImagePlugin, Image

from inpaint.photos.original import Original

from .rewrite import CannotRewriteError, Rewritten

_RGB, _BITFIELDS = 0, 3
_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}
"""Where red, green and blue are in a pixel, if the file does not say."""


class _Header(NamedTuple):
    start: int  # of the pixels
    width: int
    height: int
    upside_down: bool
    bits: int
    masks: tuple[int, int, int]

    @property
    def row_bytes(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4


def rewrite(photo: Image.Image, original: Original, data: bytes) -> Rewritten:
    """Return a BMP file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Raises:
        CannotRewriteError: it is compressed, or has an unusual header.

    Reference:
        Microsoft, "Bitmap Storage" and BITMAPINFOHEADER.
    """
    try:
        header = _header(data)
        before = np.asarray(BmpImagePlugin.BmpImageFile(io.BytesIO(data)))  # without a limit: it was read before
    except Exception:  # decoders raise nearly any type
        raise CannotRewriteError from None
    after = np.asarray(photo)
    if before.shape != after.shape or before.dtype != after.dtype:
        raise CannotRewriteError
    changed = before != after
    changed = changed.any(axis=2) if changed.ndim == 3 else changed
    end = header.start + header.height * header.row_bytes
    stored = np.frombuffer(data, np.uint8, end - header.start, header.start).reshape(header.height, -1).copy()
    rows = stored[::-1] if header.upside_down else stored
    if header.bits <= 8:
        _write_indices(rows, after, changed, header)
    elif header.bits == 24:
        rows[:, : 3 * header.width].reshape(header.height, -1, 3)[changed] = after[changed][:, 2::-1]
    else:
        _write_masked(rows, after, changed, header)
    return Rewritten(data[: header.start] + stored.tobytes() + data[end:])


def _header(data: bytes) -> _Header:
    """Return what the headers of a file say; ValueError or struct.error if it is unusual or damaged."""
    start, size, width, height, _, bits, compression = struct.unpack_from("<2I2i2HI", data, 10)
    if size < 40 or compression not in (_RGB, _BITFIELDS) or bits not in (1, 4, 8, 16, 24, 32) or width < 1:
        raise ValueError("an unusual BMP")
    masks = struct.unpack_from("<3I", data, 54) if compression == _BITFIELDS else _MASKS.get(bits, (0, 0, 0))
    header = _Header(start, width, abs(height), height > 0, bits, (masks[0], masks[1], masks[2]))
    if start + header.height * header.row_bytes > len(data):
        raise ValueError("pixels are missing")
    return header


def _write_indices(rows: np.ndarray, after: np.ndarray, changed: np.ndarray, header: _Header) -> None:
    """Write the indices of changed pixels of 1, 4 or 8 bits."""
    bits = header.bits
    parts = (rows[..., None] >> np.arange(8 - bits, -1, -bits)) & (2**bits - 1)
    indices = parts.reshape(header.height, -1)
    indices[:, : header.width][changed] = after[changed].astype(np.uint8)
    shifts = np.arange(8 - bits, -1, -bits, dtype=np.uint8)
    rows[:] = (indices.reshape(parts.shape).astype(np.uint8) << shifts).sum(axis=2).astype(np.uint8)


def _write_masked(rows: np.ndarray, after: np.ndarray, changed: np.ndarray, header: _Header) -> None:
    """Write the colours of changed pixels of 16 or 32 bits; bits outside the masks stay."""
    kind = np.dtype("<u2" if header.bits == 16 else "<u4")
    pixels = rows[:, : header.width * kind.itemsize].copy().view(kind)
    new = pixels[changed].astype(np.uint32)
    for channel, mask in enumerate(header.masks):
        if not mask:
            continue
        shift = (mask & -mask).bit_length() - 1
        largest = mask >> shift
        level = (after[changed][:, channel].astype(np.uint32) * min(largest, 0xFFFFFF) + 127) // 255
        new = new & ~np.uint32(mask) | level << np.uint32(shift)
    pixels[changed] = new.astype(kind)
    rows[:, : header.width * kind.itemsize] = pixels.view(np.uint8)
