"""Read the items of AVIF and HEIC files: coded pictures, their properties, and metadata.

Reference:
    ISO/IEC 14496-12 (ISO base media file format), sections 4.2 and 8.11; ISO/IEC 23008-12 (HEIF), section 9.
"""

import dataclasses
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

_MOST_ITEMS = 10_000
CREDENTIALS = b"c2pa"
"""Stands for the box of kind b"uuid" that holds Content Credentials (C2PA)."""
_C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


class Property(NamedTuple):
    """A property of an item, such as its size.

    Attributes:
        kind: its four letters.
        content: what follows its header.
        essential: whether readers that do not know it must not show the item.
    """

    kind: bytes
    content: bytes
    essential: bool = False


class Reference(NamedTuple):
    """A reference between items, such as b"cdsc" from metadata to the picture that they describe."""

    kind: bytes
    source: int
    targets: tuple[int, ...]


@dataclass(frozen=True)
class Item:
    """An item of a file.

    Attributes:
        kind: b"av01" and b"hvc1" for coded pictures, b"grid" for one made of tiles, b"Exif", b"mime" for XMP ...
        payload: its data.
        properties: in their order.
        description: its name and, for b"mime", the content type, each with a zero byte behind it.
        hidden: whether it is part of another picture.
    """

    kind: bytes
    payload: bytes
    properties: tuple[Property, ...] = ()
    description: bytes = b"\0"
    hidden: bool = False

    def first(self, kind: bytes) -> bytes | None:
        """Return the content of the first property of a kind; None if there is none."""
        return next((entry.content for entry in self.properties if entry.kind == kind), None)


@dataclass(frozen=True)
class ItemFile:
    """The items of a file.

    Attributes:
        brands: the content of its ftyp box.
        primary: the number of the item that is shown.
        items: by their numbers.
        references: between items.
        others: the kinds of the other boxes of the file, such as b"moov" of an animation.
    """

    brands: bytes
    primary: int
    items: dict[int, Item]
    references: tuple[Reference, ...] = ()
    others: frozenset[bytes] = field(default=frozenset())

    def targets(self, kind: bytes, source: int) -> tuple[int, ...]:
        """Return the items to which an item has references of a kind."""
        found = (entry.targets for entry in self.references if (entry.kind, entry.source) == (kind, source))
        return tuple(target for targets in found for target in targets)

    def sources(self, kind: bytes, target: int) -> tuple[int, ...]:
        """Return the items that have references of a kind to an item."""
        return tuple(entry.source for entry in self.references if entry.kind == kind and target in entry.targets)


class _Reader:
    """Reads big-endian numbers from a box; struct.error where it is too short."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data, self.position = data, position

    def number(self, size: int) -> int:
        end = self.position + size
        if end > len(self.data):
            raise struct.error("a box is too short")
        value = int.from_bytes(self.data[self.position : end], "big")
        self.position = end
        return value

    def bytes(self, size: int) -> bytes:
        start = self.position
        self.number(size)
        return self.data[start : start + size]


def parse(data: bytes) -> ItemFile:
    """Return the items of a file.

    Raises:
        ValueError: the boxes are damaged, or of a kind that is not supported.
    """
    try:
        top = list(_boxes(data))
        boxes = dict(reversed(top))
        brands = boxes[b"ftyp"]
        meta = dict(reversed(list(_boxes(boxes[b"meta"][4:]))))
        primary = int.from_bytes(meta[b"pitm"][4:], "big")
        infos = _item_infos(meta[b"iinf"])
        payloads = _payloads(meta[b"iloc"], data, meta.get(b"idat", b""))
        properties = _properties(meta.get(b"iprp", b""))
        references = _references(meta.get(b"iref", bytes(4)))
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError(f"the boxes of the file are damaged: {error}") from error
    items = {
        number: dataclasses.replace(info, payload=payloads.get(number, b""), properties=properties.get(number, ()))
        for number, info in infos.items()
    }
    if primary not in items:
        raise ValueError("the file has no primary picture")
    others = frozenset(CREDENTIALS if content.startswith(_C2PA) else kind for kind, content in top)
    return ItemFile(brands, primary, items, references, others - {b"ftyp", b"meta", b"mdat", b"free", b"skip"})


def _boxes(data: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Yield the kind and the content of each box."""
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        header = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, position + 8)
            header = 16
        end = len(data) if length == 0 else position + length
        if end > len(data) or end < position + header:
            raise struct.error("a box is longer than the file")
        yield kind, data[position + header : end]
        position = end


def _item_infos(content: bytes) -> dict[int, Item]:
    """Return the items of an iinf box, without payload and properties."""
    found = {}
    for kind, info in _boxes(content[8 if content[0] else 6 :]):
        version, hidden, size = info[0], bool(info[3] & 1), 4 if info[0] >= 3 else 2
        if kind == b"infe" and version >= 2:
            number = int.from_bytes(info[4 : 4 + size], "big")
            found[number] = Item(info[6 + size : 10 + size], b"", (), info[10 + size :], hidden)
        if len(found) > _MOST_ITEMS:
            raise struct.error("too many items")
    return found


def _payloads(content: bytes, data: bytes, idat: bytes) -> dict[int, bytes]:
    """Return the payloads that an iloc box locates."""
    version, reader = content[0], _Reader(content, 4)
    sizes = reader.number(2)
    offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index_size = sizes & 15 if version else 0
    found: dict[int, bytes] = {}
    total = 0
    for _ in range(reader.number(4 if version >= 2 else 2)):
        number = reader.number(4 if version >= 2 else 2)
        method = reader.number(2) & 15 if version else 0
        if method > 1 or reader.number(2):  # made of other items, or in another file
            raise ValueError("the file refers to data in an unusual place")
        base = reader.number(base_size)
        parts = []
        for _ in range(reader.number(2)):
            reader.number(index_size)
            start, source = base + reader.number(offset_size), idat if method else data
            length = reader.number(length_size) or len(source) - start
            if start + length > len(source):
                raise struct.error("an item is longer than the file")
            total += length
            if total > 4 * len(data):
                raise struct.error("items overlap")
            parts.append(source[start : start + length])
        found[number] = b"".join(parts)
    return found


def _properties(content: bytes) -> dict[int, tuple[Property, ...]]:
    """Return the properties of each item of an iprp box."""
    boxes = list(_boxes(content))
    stored = [pair for kind, inner in boxes if kind == b"ipco" for pair in _boxes(inner)]
    found: dict[int, tuple[Property, ...]] = {}
    for kind, inner in boxes:
        if kind != b"ipma":
            continue
        reader = _Reader(inner, 4)
        wide = inner[3] & 1
        for _ in range(reader.number(4)):
            number = reader.number(4 if inner[0] else 2)
            for _ in range(reader.number(1)):
                value = reader.number(2 if wide else 1)
                top = 0x8000 if wide else 0x80
                if 0 < (index := value & (top - 1)) <= len(stored):
                    found[number] = (*found.get(number, ()), Property(*stored[index - 1], bool(value & top)))
    return found


def _references(content: bytes) -> tuple[Reference, ...]:
    size = 4 if content[0] else 2
    found = []
    for kind, inner in _boxes(content[4:]):
        reader = _Reader(inner)
        source = reader.number(size)
        found.append(Reference(kind, source, tuple(reader.number(size) for _ in range(reader.number(2)))))
    return tuple(found)
