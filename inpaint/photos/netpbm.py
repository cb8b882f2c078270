"""Read and write PBM, PGM, PPM and PAM files with any maximal value, at their full depth.

Reference:
    Netpbm, "PBM, PGM, PPM and PAM format specifications"; https://netpbm.sourceforge.net/doc/
"""

import re
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from .modes import low_bytes
from .sixteen_bit import array_strips, from_deep_array

MAGIC = re.compile(rb"P[1-7][\s#]")
_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*([^\s#]+)")
_PLAIN = (1, 2, 3)
_PER_LINE = 11
"""Values of a plain file on a line, which is to have at most 70 characters."""
_CHANNELS = {"1": 1, "L": 1, "I;16": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_TUPLES = {1: b"GRAYSCALE", 2: b"GRAYSCALE_ALPHA", 3: b"RGB", 4: b"RGB_ALPHA"}


class Header(NamedTuple):
    """What the header of a file says.

    Attributes:
        kind: the digit of its magic number, 1 to 7.
        width: in pixels.
        height: in pixels.
        channels: 1 to 4, where 2 and 4 have alpha.
        highest: the value of white: 1 to 65535.
        length: where the pixels begin.
    """

    kind: int
    width: int
    height: int
    channels: int
    highest: int
    length: int

    @property
    def is_bitmap(self) -> bool:
        """Whether it is a PBM, in which 1 is black."""
        return self.kind in (1, 4)

    @property
    def row_bytes(self) -> int:
        """The bytes of a row of a file that is not plain."""
        if self.kind == 4:
            return -(-self.width // 8)
        return self.width * self.channels * (1 if self.highest < 256 else 2)


def read_header(data: bytes) -> Header:
    """Return what the header of a file says.

    Raises:
        ValueError: it is damaged.
    """
    kind = int(data[1:2])
    if kind == 7:
        return _pam_header(data)
    position, numbers = 2, [1]
    for _ in range(2 if kind in (1, 4) else 3):
        match = _TOKEN.match(data, position)
        if match is None or len(match[1]) > 10:
            raise ValueError("the header is cut off")
        position = match.end()
        numbers.append(int(match[1]))
    channels = 3 if kind in (3, 6) else 1
    highest = 1 if kind in (1, 4) else numbers[3]
    return _checked(Header(kind, numbers[1], numbers[2], channels, highest, position + 1))


def _pam_header(data: bytes) -> Header:
    head, end, _ = data[:65536].partition(b"ENDHDR\n")
    words = (line.split() for line in head.splitlines()[1:] if not line.startswith(b"#"))
    fields = {pair[0]: pair[1] for pair in words if len(pair) == 2}
    try:
        width, height, channels, highest = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except KeyError as error:
        raise ValueError(f"the header has no {error}") from error
    return _checked(Header(7, width, height, channels, highest, len(head) + len(end)))


def _checked(header: Header) -> Header:
    if not 1 <= header.highest <= 65535 or not 1 <= header.channels <= 4:
        raise ValueError(f"its largest value is {header.highest} and it has {header.channels} channels")
    return header


def read_pixels(data: bytes, header: Header) -> Image.Image:
    """Return the picture of a file: mode 1, L, LA, RGB or RGBA; above 255, I;16 or 16-bit colour.

    Raises:
        ValueError: pixels are missing.
    """
    values = _values(data, header)
    if header.is_bitmap:
        return Image.fromarray(values[..., 0] == 0)
    if header.highest > 255:
        scaled = ((values.astype(np.uint32) * 65535 + header.highest // 2) // header.highest).astype(np.uint16)
        if header.channels == 2:
            photo = from_deep_array(scaled[..., [0, 0, 0, 1]])
            low = low_bytes(photo)
            grey = photo.convert("LA")
            grey.info = {"low_bytes": low.convert("LA")} if low is not None else {}
            return grey
        return from_deep_array(scaled[..., 0] if header.channels == 1 else scaled)
    scaled = ((values.astype(np.uint16) * 255 + header.highest // 2) // header.highest).clip(0, 255).astype(np.uint8)
    return Image.fromarray(scaled[..., 0] if header.channels == 1 else np.ascontiguousarray(scaled))


def _values(data: bytes, header: Header) -> np.ndarray:
    """Return the values of a file as they are stored: (H, W, channels)."""
    shape = header.height, header.width, header.channels
    count = header.height * header.width * header.channels
    if header.kind in _PLAIN:
        text = re.sub(rb"#[^\r\n]*", b"", data[header.length - 1 :])
        words = list(text.translate(None, b" \t\r\n\v\f")) if header.kind == 1 else text.split()
        if len(words) < count:
            raise ValueError("pixels are missing")
        numbers = np.array(words[:count], np.uint8) - 48 if header.kind == 1 else np.array(words[:count]).astype(int)
        return np.clip(numbers, 0, header.highest).astype(np.uint16).reshape(shape)
    stored = np.frombuffer(data, np.uint8, header.height * header.row_bytes, header.length)
    if header.kind == 4:
        return np.unpackbits(stored.reshape(header.height, -1), axis=1)[:, : header.width, None]
    if header.highest > 255:
        stored = stored.view(">u2")
    return np.minimum(stored, header.highest).reshape(shape)


def samples(photo: Image.Image, header: Header) -> bytes:
    """Return the pixels of a photo as a file with this header stores them.

    Raises:
        ValueError: the photo has another mode than the file, or fewer bits.
    """
    deep = photo.mode == "I;16" or low_bytes(photo) is not None
    if _CHANNELS.get(photo.mode) != header.channels or header.is_bitmap != (photo.mode == "1"):
        raise ValueError(f"the photo has mode {photo.mode}")
    if deep != (header.highest > 255) and not header.is_bitmap:
        raise ValueError("the photo has another depth")
    white = 65535 if deep else 255
    parts = []
    for _, rows in array_strips(photo):
        if header.is_bitmap:
            values = ~rows
        else:
            values = ((rows.astype(np.uint32) * header.highest + white // 2) // white).reshape(len(rows), -1)
        if header.kind in _PLAIN:
            numbers = values.astype(np.uint16).ravel().astype(str)
            lines = (" ".join(numbers[start : start + _PER_LINE]) for start in range(0, len(numbers), _PER_LINE))
            parts.append("".join(f"{line}\n" for line in lines).encode())
        elif header.kind == 4:
            parts.append(np.packbits(values, axis=1).tobytes())
        else:
            parts.append(values.astype(">u2" if header.highest > 255 else np.uint8).tobytes())
    return b"".join(parts)


def write(photo: Image.Image, target: BinaryIO) -> None:
    """Write a photo: mode 1 as PBM, without alpha as PGM or PPM, with alpha as PAM; 16 bits at full depth.

    Raises:
        ValueError: the photo has another mode.
    """
    if photo.mode not in _CHANNELS:
        raise ValueError(f"cannot write mode {photo.mode} as PPM")
    channels = _CHANNELS[photo.mode]
    highest = 65535 if photo.mode == "I;16" or low_bytes(photo) is not None else 255
    if photo.mode == "1":
        head, kind, highest = b"P4\n%d %d\n" % photo.size, 4, 1
    elif channels in (1, 3):
        kind = 5 if channels == 1 else 6
        head = b"P%d\n%d %d\n%d\n" % (kind, *photo.size, highest)
    else:
        kind, fields = 7, (*photo.size, channels, highest, _TUPLES[channels])
        head = b"P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %b\nENDHDR\n" % fields
    target.write(head)
    target.write(samples(photo, Header(kind, *photo.size, channels, highest, len(head))))
