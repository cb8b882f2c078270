"""Change parts of a TIFF file in place: segments, values of tags, directories. All else stays where it is."""

import struct
from collections import Counter
from typing import Literal

import numpy as np

from inpaint.photos.tiff.layout import UnsupportedTiffError
from inpaint.photos.tiff.structure import SUB_DIRECTORIES, Directory, Entry, Structure

_SEGMENT_TAGS = ((324, 325), (273, 279))
_LONG, _LONG8 = 4, 16
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}


class TiffFile:
    """A TIFF file that is being changed.

    Bytes that are no longer used are set to 0, so that nothing of what they showed remains. What does not fit into its
    old place goes to one that is free, or to the end of the file.

    Args:
        data: the file; not modified.
        structure: of the file.

    Attributes:
        notes: sentences that say what could not be kept.
    """

    def __init__(self, data: bytes, structure: Structure) -> None:
        self.structure = structure
        self._order: Literal["little", "big"] = "little" if structure.order == "<" else "big"
        self.data = bytearray(data)
        self.notes: set[str] = set()
        self._changed: dict[tuple[int, int], tuple[Entry, np.ndarray]] = {}
        self._removed: list[tuple[Directory, Entry]] = []
        self._free: list[tuple[int, int]] = []  # places of segments that are not used any more: begin and end
        self._uses: Counter[int] = Counter()
        for directory in (*structure.chain, *structure.children):
            self._uses.update((directory.offset, *(entry.offset for entry in directory.entries.values())))
            for offsets, _ in _SEGMENT_TAGS:
                self._uses.update(structure.numbers(directory, offsets).tolist())
        self._places = np.array(sorted(self._uses))

    def write_segment(self, directory: Directory, index: int, segment: bytes, is_compressed: bool) -> None:
        """Replace a strip or tile.

        Args:
            directory: of the picture.
            index: of the segment.
            segment: its new bytes.
            is_compressed: whether the rest of a longer old segment is part of it; of uncompressed ones the stated
                length may be too large, or missing.

        Raises:
            UnsupportedTiffError: the old length is missing, but needed.
        """
        offsets_tag, counts_tag = _tags_of(directory)
        offsets = self._numbers(directory, offsets_tag)
        offset = int(offsets[index])
        shared = self._uses[offset] > 1
        if counts_tag not in directory.entries:
            if is_compressed or shared:
                raise UnsupportedTiffError("the lengths of its strips are missing")
            self.data[offset : offset + len(segment)] = segment
            return
        counts = self._numbers(directory, counts_tag)
        count = int(counts[index])
        if len(segment) <= count and not shared:
            self.data[offset : offset + len(segment)] = segment
            if is_compressed:
                self._release(offset + len(segment), count - len(segment))
                counts[index] = len(segment)
            return
        if not shared:
            self._release(offset, count)
        self._uses[offset] -= 1
        offsets[index], counts[index] = self._place(segment), len(segment)

    def finish(self) -> bytes:
        """Write what is known only at the end, the places and lengths of segments, and return the file."""
        for entry, values in self._changed.values():
            self._write_numbers(entry, values)
        for directory, entry in sorted(self._removed, key=lambda removed: removed[1].position, reverse=True):
            self._remove_entry(directory, entry)
        return bytes(self.data)

    def write_value(self, directory: Directory, tag: int, value: bytes) -> None:
        """Replace the value of a tag by one that is not longer; its type stays."""
        entry = directory.entries[tag]
        size = entry.length // entry.number
        value = value.ljust(-(-len(value) // size) * size, b"\0")
        if len(value) <= self.structure.offset_bytes < entry.length:
            self.clear(entry.offset, entry.length)
            self._put_inline(entry, value)
        else:
            self.data[entry.offset : entry.offset + entry.length] = value.ljust(entry.length, b"\0")
        self._put(entry.position + 4, len(value) // size, self.structure.offset_bytes)

    def remove_tag(self, directory: Directory, tag: int) -> None:
        """Remove a tag with its value. It leaves the directory in `finish`, as others move into its place."""
        entry = directory.entries[tag]
        self.clear(entry.offset, entry.length)
        self._removed.append((directory, entry))

    def unlink(self, directory: Directory) -> None:
        """Remove a directory with its picture. Of several in the main chain, the last one has to be removed first."""
        for offsets, counts in (*_SEGMENT_TAGS, (513, 514)):
            if {offsets, counts} <= directory.entries.keys():
                places = self.structure.numbers(directory, offsets).tolist()
                for place, length in zip(places, self.structure.numbers(directory, counts).tolist(), strict=False):
                    if self._uses[place] <= 1:
                        self._release(int(place), int(length))
        if directory.parent is not None:
            self._unlist(directory.parent, directory)
        else:
            following = bytes(self.data[directory.end : directory.end + self.structure.offset_bytes])
            self.data[directory.link : directory.link + len(following)] = following
        for entry in directory.entries.values():
            if self._uses[entry.offset] <= 1:
                self.clear(entry.offset, entry.length)
        self.clear(directory.offset, directory.end + self.structure.offset_bytes - directory.offset)

    def clear(self, offset: int, length: int) -> None:
        """Set bytes to 0."""
        end = min(offset + length, len(self.data))
        if 0 <= offset < end:
            self.data[offset:end] = bytes(end - offset)

    def append(self, value: bytes) -> int:
        """Append bytes to the file, and return where they are."""
        self.data += bytes(len(self.data) % 2)
        offset = len(self.data)
        self.data += value
        return offset

    def _release(self, offset: int, length: int) -> None:
        """Set bytes of a segment to 0, for another one to take their place; at the end of the file, cut them off."""
        following = np.searchsorted(self._places, offset, "right")
        if following < len(self._places):
            length = min(length, int(self._places[following]) - offset)
        self.clear(offset, length)
        if 0 < offset < len(self.data) <= offset + length + length % 2:
            del self.data[offset:]
            return
        begin, end = offset, min(offset + length, len(self.data))
        for place in [place for place in self._free if begin <= place[1] and place[0] <= end]:
            self._free.remove(place)
            begin, end = min(begin, place[0]), max(end, place[1])
        self._free.append((begin, end))

    def _place(self, segment: bytes) -> int:
        """Write a segment to the first free place that has room, or append it; return where it is."""
        for index, (begin, end) in enumerate(self._free):
            offset = begin + begin % 2
            if offset + len(segment) <= end:
                self.data[offset : offset + len(segment)] = segment
                self._free[index] = offset + len(segment), end
                return offset
        return self.append(segment)

    def _unlist(self, parent: Directory, child: Directory) -> None:
        """Remove a directory from the SubIFDs of another one."""
        key = parent.offset, SUB_DIRECTORIES
        if key not in self._changed:
            self._changed[key] = parent.entries[SUB_DIRECTORIES], self.structure.numbers(parent, SUB_DIRECTORIES)
        entry, values = self._changed[key]
        values = values[values != child.offset]
        self._changed[key] = entry, values
        if not values.size:
            del self._changed[key]
            self.remove_tag(parent, SUB_DIRECTORIES)

    def _numbers(self, directory: Directory, tag: int) -> np.ndarray:
        key = directory.offset, tag
        if key not in self._changed:
            self._changed[key] = directory.entries[tag], self.structure.numbers(directory, tag).astype(np.int64)
        return self._changed[key][1]

    def _remove_entry(self, directory: Directory, entry: Entry) -> None:
        size, head = (20, 8) if self.structure.big else (12, 2)
        end = directory.end + self.structure.offset_bytes
        self.data[entry.position : end] = bytes(self.data[entry.position + size : end]) + bytes(size)
        count = int.from_bytes(self.data[directory.offset : directory.offset + head], self._order)
        self._put(directory.offset, count - 1, head)

    def _write_numbers(self, entry: Entry, values: np.ndarray) -> None:
        """Write the values of a tag, at most as many as it had, of a wider type where its own is too narrow."""
        type_ = entry.type
        if type_ not in _CODES or values.max() >= 1 << 8 * struct.calcsize(_CODES[type_]):
            type_ = _LONG8 if self.structure.big else _LONG
        packed = values.astype(np.dtype(self.structure.order + _CODES[type_])).tobytes()
        self._put(entry.position + 2, type_, 2)
        self._put(entry.position + 4, len(values), self.structure.offset_bytes)
        self.clear(entry.offset, entry.length)
        if len(packed) <= self.structure.offset_bytes:
            self._put_inline(entry, packed)
        elif len(packed) <= entry.length:
            self.data[entry.offset : entry.offset + len(packed)] = packed
        else:
            self._put(
                entry.position + 4 + self.structure.offset_bytes, self.append(packed), self.structure.offset_bytes
            )

    def _put_inline(self, entry: Entry, value: bytes) -> None:
        at = entry.position + 4 + self.structure.offset_bytes
        self.data[at : at + self.structure.offset_bytes] = value.ljust(self.structure.offset_bytes, b"\0")

    def _put(self, position: int, number: int, size: int) -> None:
        self.data[position : position + size] = number.to_bytes(size, self._order)


def _tags_of(directory: Directory) -> tuple[int, int]:
    return _SEGMENT_TAGS[0] if _SEGMENT_TAGS[0][0] in directory.entries else _SEGMENT_TAGS[1]
