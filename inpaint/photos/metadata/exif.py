"""EXIF data without its previews, changed in place: all offsets stay, so that maker notes remain readable."""

import struct
from typing import NamedTuple

from .jpeg_streams import jpeg_streams
from .removed import PREVIEW, Cleaned

PREFIX = b"Exif\0\0"
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4}  # bytes of a value, by the type of a field
_PLACES = {0x0201: 0x0202, 0x0111: 0x0117, 0x0144: 0x0145}
"""Tags of where a picture's data are: a JPEG file, strips, tiles; each with the tag of their lengths."""
_MOST_DIRECTORIES = 16
_MOST_VALUES = 65536


class _Directory(NamedTuple):
    start: int
    end: int  # of the fields, where the offset of the next directory is
    values: dict[int, list[int]]


def without_previews(block: bytes) -> Cleaned:
    """Return EXIF data without its thumbnail (IFD1) and without JPEG previews elsewhere, say in the maker notes.

    Directories of previews are unlinked and the bytes of the pictures are set to 0; the length stays the same. EXIF
    data that are damaged lose no more than the JPEG previews that are found in them.

    Args:
        block: a TIFF structure, with or without the "Exif" prefix that it has in a JPEG file.
    """
    start = len(PREFIX) if block.startswith(PREFIX) else 0
    data = bytearray(block[start:])
    order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]))
    if order is not None and len(data) >= 8:
        _unlink_thumbnail(data, order)
    for first, last in jpeg_streams(bytes(data)):
        data[first:last] = bytes(last - first)
    cleaned = block[:start] + bytes(data)
    return Cleaned(cleaned, frozenset({PREVIEW})) if cleaned != block else Cleaned(block)


def _unlink_thumbnail(data: bytearray, order: str) -> None:
    main = _directory(data, order, struct.unpack_from(order + "I", data, 4)[0])
    if main is None or main.end + 4 > len(data):
        return
    (offset,) = struct.unpack_from(order + "I", data, main.end)
    has_picture, seen = False, {main.start}
    while offset not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(offset)
        directory = _directory(data, order, offset)
        if directory is None:
            break
        for place, length in _PLACES.items():
            if place in directory.values:
                has_picture = True
                _blank(data, directory.values[place], directory.values.get(length, []), main)
        if directory.end + 4 > len(data):
            break
        (offset,) = struct.unpack_from(order + "I", data, directory.end)
    if has_picture:
        struct.pack_into(order + "I", data, main.end, 0)


def _blank(data: bytearray, places: list[int], lengths: list[int], main: _Directory) -> None:
    """Set the bytes of a picture to 0; not where a damaged file says that they lie in its main directory."""
    for place, length in zip(places, lengths, strict=False):
        end = min(place + length, len(data))
        if place >= 8 and place < end and (end <= main.start or place >= main.end):
            data[place:end] = bytes(end - place)


def _directory(data: bytearray, order: str, start: int) -> _Directory | None:
    """Return a directory's unsigned values of _PLACES; None if it does not lie in the data."""
    if start < 8 or start + 2 > len(data):
        return None
    (count,) = struct.unpack_from(order + "H", data, start)
    end = start + 2 + 12 * count
    if count == 0 or end > len(data):
        return None
    wanted = {*_PLACES, *_PLACES.values()}
    values = {}
    for at in range(start + 2, end, 12):
        tag, kind, number = struct.unpack_from(order + "HHI", data, at)
        size = _SIZES.get(kind, 0)
        if tag not in wanted or size not in (2, 4) or not 0 < number <= _MOST_VALUES:
            continue
        place = at + 8 if size * number <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if place + size * number <= len(data):
            values[tag] = list(struct.unpack_from(f"{order}{number}{'H' if size == 2 else 'I'}", data, place))
    return _Directory(start, end, values)
