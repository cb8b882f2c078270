"""Read the structure of JPEG 2000 files, decode more than 8 bits, and encode codestreams."""

import importlib
import importlib.util
import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from .modes import low_bytes, without_info
from .sixteen_bit import from_deep_array, to_array

CODESTREAM = b"\xff\x4f\xff\x51"
"""What a file without boxes begins with: the markers SOC and SIZ."""
_COD = b"\xff\x52"
_REVERSIBLE = 1


class Coding(NamedTuple):
    """How a codestream is coded.

    Attributes:
        size: (width, height) in pixels.
        channels: the number of components.
        depth: bits per sample; 0 if components differ, are signed or subsampled.
        reversible: whether its wavelet is that of lossless files.
    """

    size: tuple[int, int]
    channels: int
    depth: int
    reversible: bool


class Box(NamedTuple):
    """A box of a JP2 file: its four letters, its header, and its content."""

    kind: bytes
    header: bytes
    content: bytes


def boxes(data: bytes) -> list[Box]:
    """Return the boxes of a JP2 file.

    Raises:
        ValueError: a box is longer than the file.
    """
    return list(_boxes(data))


def _boxes(data: bytes) -> Iterator[Box]:
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + (16 if length == 1 else 8)
        if length == 1 and start <= len(data):
            (length,) = struct.unpack_from(">Q", data, position + 8)
        end = len(data) if length == 0 else position + length
        if end > len(data) or end < start:
            raise ValueError("a box is longer than the file")
        yield Box(kind, data[position:start], data[start:end])
        position = end


def codestream_of(data: bytes) -> bytes:
    """Return the codestream of a file, with or without boxes.

    Raises:
        ValueError: there is none.
    """
    if data.startswith(CODESTREAM):
        return data
    found = next((box.content for box in boxes(data) if box.kind == b"jp2c"), None)
    if found is None:
        raise ValueError("the file has no codestream")
    return found


def coding_of(codestream: bytes) -> Coding:
    """Return how a codestream is coded.

    Raises:
        ValueError: its header is damaged.

    Reference:
        ITU-T T.800, annex A.5.1 and A.6.1.
    """
    try:
        right, bottom, left, top = struct.unpack_from(">4I", codestream, 8)
        (channels,) = struct.unpack_from(">H", codestream, 40)
        parts = {codestream[42 + 3 * index : 45 + 3 * index] for index in range(min(channels, 64))}
        (bits, across, down) = parts.pop() if len(parts) == 1 else (0x80, 0, 0)
        position = 4 + struct.unpack_from(">H", codestream, 4)[0]
        while codestream[position : position + 2] not in (_COD, b""):
            position += 2 + struct.unpack_from(">H", codestream, position + 2)[0]
        reversible = codestream[position + 13] == _REVERSIBLE
    except (struct.error, IndexError, ValueError) as error:
        raise ValueError("the header of the codestream is damaged") from error
    plain = not bits & 0x80 and (across, down) == (1, 1)
    return Coding((right - left, bottom - top), channels, (bits & 0x7F) + 1 if plain else 0, reversible)


def has_full_codec() -> bool:
    """Return whether the optional package imagecodecs is installed, which reads and writes up to 16 bits."""
    return importlib.util.find_spec("imagecodecs") is not None


def decode_deep(data: bytes, size: tuple[int, int]) -> Image.Image | None:
    """Return a picture of 9 to 16 bits as I;16 or 16-bit colour, see `modes.LOW_BYTES`; None for other files.

    Args:
        data: the file.
        size: (width, height), which has been checked; the codestream may say something else.

    Raises:
        Exception: what imagecodecs raises on damaged files.
    """
    coding = coding_of(codestream_of(data))
    if not 8 < coding.depth <= 16 or coding.channels not in (1, 3, 4) or coding.size != size:
        return None
    if not has_full_codec() or _converts(data):
        return None
    values = importlib.import_module("imagecodecs").jpeg2k_decode(data)
    if values.dtype != np.uint16 or values.shape[2:] != (() if coding.channels == 1 else (coding.channels,)):
        return None
    return from_deep_array(values << (16 - coding.depth) | values >> (2 * coding.depth - 16))


def _converts(data: bytes) -> bool:
    """Return whether the samples of a file are no RGB or grey: a palette, or YCC."""
    if data.startswith(CODESTREAM):
        return False
    header = next((box.content for box in boxes(data) if box.kind == b"jp2h"), b"")
    inner = {box.kind: box.content for box in boxes(header)}
    enumerated = inner.get(b"colr", b"")
    return b"pclr" in inner or (enumerated[:1] == b"\1" and enumerated[3:7] not in (b"\0\0\0\x10", b"\0\0\0\x11"))


def encode(photo: Image.Image, coding: Coding, ratio: float) -> bytes:
    """Return the codestream of a photo.

    Args:
        photo: mode L, LA, RGB, RGBA, I;16 or 16-bit colour, with the channels and about the depth of the coding.
        coding: how to code it. With more than 8 bits it is always lossless, and needs imagecodecs.
        ratio: how many times fewer bytes than samples, where the coding is not reversible.
    """
    if coding.depth > 8:
        values = to_array(photo) >> (16 - coding.depth)
        encoder = importlib.import_module("imagecodecs").jpeg2k_encode
        options = {"codecformat": "j2k", "reversible": True, "bitspersample": coding.depth}
        return bytes(encoder(np.ascontiguousarray(values), 0, **options))
    plain = without_info(photo)
    options = {"no_jp2": True, "mct": int(photo.mode == "RGB")}
    if not coding.reversible:
        options |= {"irreversible": True, "quality_mode": "rates", "quality_layers": [max(ratio, 1.0)]}
    plain.save(file := io.BytesIO(), "JPEG2000", **options)
    return file.getvalue()


def fits(photo: Image.Image, coding: Coding) -> bool:
    """Return whether `encode` writes a photo with a coding without a loss of bits or channels."""
    deep = photo.mode == "I;16" or low_bytes(photo) is not None
    if deep != (coding.depth > 8) or (deep and not has_full_codec()):
        return False
    modes = {1: ("L", "I;16"), 2: ("LA",), 3: ("RGB",), 4: ("RGBA",)}
    return coding.depth >= 8 and photo.mode in modes.get(coding.channels, ())
