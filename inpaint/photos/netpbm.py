"""Read and write PBM, PGM, PPM and PAM files with any maximal value, at their full depth.

Reference:
    Netpbm, "PBM, PGM, PPM and PAM format specifications"; https://netpbm.sourceforge.net/doc/
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image

from .modes import LOW_BYTES, low_bytes
from .sixteen_bit import array_strips

MAGIC = re.compile(rb"P[1-7][\s#]")
_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*([^\s#]+)")
_PLAIN = (1, 2, 3)
_PER_LINE = 11
"""Values of a plain file on a line, which is to have at most 70 characters."""
_CHANNELS = {"1": 1, "L": 1, "I;16": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_SPACE = re.compile(rb"\s")
_BLOCK_VALUES, _PART_BYTES = 1 << 20, 1 << 20
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
    mode, deep = mode_of(header), header.highest > 255
    photo = Image.new(mode, (header.width, header.height))
    low = Image.new(mode, photo.size) if deep and header.channels > 1 else None
    for top, values in _rows(data, header):
        if mode == "1":
            photo.paste(Image.fromarray(values[..., 0] == 0), (0, top))
        elif low is not None:
            scaled = _scaled(values, header.highest, 65535)
            photo.paste(_image(mode, (scaled >> 8).astype(np.uint8)), (0, top))
            low.paste(_image(mode, (scaled & 255).astype(np.uint8)), (0, top))
        elif deep:
            photo.paste(_image(mode, _scaled(values, header.highest, 65535).astype("<u2")), (0, top))
        else:
            photo.paste(_image(mode, _scaled(values, header.highest, 255).astype(np.uint8)), (0, top))
    if low is not None:
        photo.info[LOW_BYTES] = low
    return photo


def mode_of(header: Header) -> str:
    """Return Pillow's mode of the photo of a file."""
    if header.is_bitmap:
        return "1"
    return "I;16" if header.highest > 255 and header.channels == 1 else _MODES[header.channels]


def _scaled(values: np.ndarray, highest: int, white: int) -> np.ndarray:
    return (values.astype(np.uint32) * white + highest // 2) // highest


def _image(mode: str, values: np.ndarray) -> Image.Image:
    return Image.frombytes(mode, (values.shape[1], values.shape[0]), values.tobytes())


def _rows(data: bytes, header: Header) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the values of a file as they are stored, in blocks of rows, as each step of a conversion makes a copy.

    Yields:
        The first row, and (rows, W, channels) from 0 to the highest value.
    """
    block = max(1, _BLOCK_VALUES // (header.width * header.channels))
    stored = _plain_values(data, header) if header.kind in _PLAIN else _stored_values(data, header)
    for top in range(0, header.height, block):
        rows = stored[top : top + block]
        if header.kind == 4:
            rows = np.unpackbits(rows, axis=1)[:, : header.width]
        yield top, np.minimum(rows, header.highest).reshape(len(rows), header.width, header.channels)


def _stored_values(data: bytes, header: Header) -> np.ndarray:
    """Return the values of a binary file, (H, ...); of a bitmap, eight pixels are a value."""
    stored = np.frombuffer(data, np.uint8, header.height * header.row_bytes, header.length)
    return (stored.view(">u2") if header.highest > 255 else stored).reshape(header.height, -1)


def _plain_values(data: bytes, header: Header) -> np.ndarray:
    """Return the values of a plain file, (H, W * channels): its text is parsed in parts, as words are large objects."""
    text = re.sub(rb"#[^\r\n]*", b"", data[header.length - 1 :])
    values = np.empty(header.height * header.width * header.channels, np.uint16)
    start = done = 0
    while start < len(text) and done < len(values):
        gap = None if header.kind == 1 else _SPACE.search(text, start + _PART_BYTES)
        end = start + _PART_BYTES if header.kind == 1 else gap.start() if gap else len(text)
        part = text[start:end]
        words = list(part.translate(None, b" \t\r\n\v\f")) if header.kind == 1 else part.split()
        words = words[: len(values) - done]
        numbers = np.array(words, np.uint8) - 48 if header.kind == 1 else np.array(words or [b"0"]).astype(int)
        values[done : done + len(words)] = np.clip(numbers, 0, header.highest)[: len(words)]
        start, done = end, done + len(words)
    if done < len(values):
        raise ValueError("pixels are missing")
    return values.reshape(header.height, -1)


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
