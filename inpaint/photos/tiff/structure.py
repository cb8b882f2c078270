"""Read the directories of a TIFF file, classic or BigTIFF: what tags it has, and where their values are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Literal, NamedTuple

import numpy as np

from inpaint.photos.errors import PhotoError
from inpaint.photos.formats import TIFF_SIGNATURES

SUB_DIRECTORIES = 330
MAX_DIRECTORIES = 4096
MAX_ENTRIES = 4096
_TYPES = {
    1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 10: "i4", 11: "f4", 12: "f8",
    13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
"""Field type -> numpy's type of its numbers."""
_FRACTIONS = (5, 10)


class Entry(NamedTuple):
    """A tag of a directory.

    Attributes:
        position: where the entry is in the file.
        type: its field type, such as 3 for 16-bit numbers.
        number: how many values it has.
        offset: where the values are in the file; within the entry itself if they are short.
        length: of the values, in bytes.
    """

    position: int
    type: int
    number: int
    offset: int
    length: int


@dataclass(frozen=True)
class Directory:
    """A directory (IFD) of a TIFF file: the tags of one picture.

    Attributes:
        offset: where it is in the file.
        entries: number of a tag -> its entry. Of a tag that occurs twice, the first.
        link: position in the file of the offset that leads to this directory.
        end: position of the offset of the directory that follows.
        parent: the directory whose SubIFDs tag leads here; None in the main chain.
    """

    offset: int
    entries: dict[int, Entry]
    link: int
    end: int
    parent: "Directory | None" = field(default=None, repr=False)


class Structure:
    """The directories of a TIFF file, and access to its bytes.

    Args:
        file: open and seekable.
        name: of the file, in messages.

    Attributes:
        order: "<" for little-endian numbers, ">" for big-endian ones.
        big: whether it is a BigTIFF, whose offsets have 64 bits.
        size: length of the file in bytes.
        chain: the main directories, in their order.
        children: those that SubIFDs tags lead to.

    Raises:
        PhotoError: it is damaged: directories in a loop, outside the file, or too many.

    Reference:
        Adobe, TIFF 6.0, section 2, and TIFF Technical Note 1 of 1995 for SubIFDs; BigTIFF as in libtiff 4.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.size = file.seek(0, os.SEEK_END)
        head = self.read(0, 8)
        if head[:4] not in TIFF_SIGNATURES:
            raise self.damaged("it does not begin like a TIFF")
        self.order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
        self.big = b"+" in head[:4]
        self._visited: set[int] = set()
        self.chain = list(self._chain(8 if self.big else 4))
        if not self.chain:
            raise self.damaged("it has no directory")
        self.children = [child for parent in self.chain for child in self._below(parent)]
        self.children += [child for parent in list(self.children) for child in self._below(parent)]

    def damaged(self, reason: str) -> PhotoError:
        """Return an error that says what is wrong with the file."""
        return PhotoError(f"{self.name} is damaged ({reason}); try to save it again as a TIFF with another program")

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file.

        Raises:
            PhotoError: they are not in it.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise self.damaged(f"{length} bytes at {offset} are outside the file of {self.size} bytes")
        self.file.seek(offset)
        return self.file.read(length)

    def number(self, offset: int, bytes_: int) -> int:
        """Return the unsigned number at a position of the file."""
        return int.from_bytes(self.read(offset, bytes_), "little" if self.order == "<" else "big")

    @property
    def offset_bytes(self) -> int:
        """How many bytes an offset has: 4, or 8 in a BigTIFF."""
        return 8 if self.big else 4

    def raw(self, directory: Directory, tag: int) -> bytes:
        """Return the bytes of a tag's values; b"" if it is missing."""
        entry = directory.entries.get(tag)
        return self.read(entry.offset, entry.length) if entry else b""

    def numbers(self, directory: Directory, tag: int) -> np.ndarray:
        """Return the values of a tag as numbers, one-dimensional; empty if it is missing."""
        entry = directory.entries.get(tag)
        if entry is None:
            return np.empty(0, np.int64)
        values = np.frombuffer(self.read(entry.offset, entry.length), self.order + _TYPES[entry.type])
        if entry.type in _FRACTIONS:
            pairs = values.reshape(-1, 2).astype(np.float64)
            return np.divide(pairs[:, 0], pairs[:, 1], out=np.zeros(len(pairs)), where=pairs[:, 1] != 0)
        return values

    def first(self, directory: Directory, tag: int, default: int) -> int:
        """Return the first value of a tag as a whole number."""
        values = self.numbers(directory, tag)
        return int(values[0]) if values.size and np.isfinite(values[0]) else default

    def text(self, directory: Directory, tag: int) -> str:
        """Return a tag's text, up to 200 characters on one line."""
        entry = directory.entries.get(tag)
        raw = self.read(entry.offset, min(entry.length, 200)) if entry else b""
        return " ".join(raw.split(b"\0")[0].decode("latin-1").split())

    def directory_at(self, offset: int) -> Directory:
        """Return a directory that is not one of a picture, such as that of EXIF data."""
        return self._directory(offset, 0, None)

    def _chain(self, link: int) -> Iterator[Directory]:
        while offset := self.number(link, self.offset_bytes):
            directory = self._directory(offset, link, None)
            yield directory
            link = directory.end

    def _below(self, parent: Directory) -> Iterator[Directory]:
        entry = parent.entries.get(SUB_DIRECTORIES)
        if entry is None or entry.type not in (3, 4, 13, 16, 18):
            return
        width = entry.length // max(1, entry.number)
        for index, offset in enumerate(self.numbers(parent, SUB_DIRECTORIES).tolist()):
            if offset and offset not in self._visited:
                yield self._directory(offset, entry.offset + width * index, parent)

    def _directory(self, offset: int, link: int, parent: Directory | None) -> Directory:
        if offset in self._visited:
            raise self.damaged("its directories form a loop")
        if len(self._visited) >= MAX_DIRECTORIES:
            raise self.damaged(f"it has more than {MAX_DIRECTORIES} directories")
        self._visited.add(offset)
        count_bytes, entry_bytes = (8, 20) if self.big else (2, 12)
        count = self.number(offset, count_bytes)
        if count > MAX_ENTRIES:
            raise self.damaged(f"a directory has {count} tags")
        first = offset + count_bytes
        self.read(first, count * entry_bytes)
        entries: dict[int, Entry] = {}
        for index in range(count):
            position = first + index * entry_bytes
            entry = self._entry(position)
            if entry is not None:
                entries.setdefault(self.number(position, 2), entry)
        return Directory(offset, entries, link, first + count * entry_bytes, parent)

    def _entry(self, position: int) -> Entry | None:
        """Return the entry at a position; None if it is of an unknown type or its values are outside the file."""
        type_ = self.number(position + 2, 2)
        count = self.number(position + 4, self.offset_bytes)
        if type_ not in _TYPES:
            return None
        length = count * int(_TYPES[type_][1]) * (2 if type_ in _FRACTIONS else 1)
        value = position + 4 + self.offset_bytes
        offset = value if length <= self.offset_bytes else self.number(value, self.offset_bytes)
        return Entry(position, type_, count, offset, length) if offset + length <= self.size else None
