"""Write AVIF and HEIC files of items.

Reference:
    ISO/IEC 14496-12 (ISO base media file format), section 8.11; ISO/IEC 23008-12 (HEIF), section 9.
"""

import struct

from .isobmff import ItemFile

_HANDLER = bytes(4) + b"pict" + bytes(13)


def serialise(file: ItemFile) -> bytes:
    """Return a file with these items; what is in `others` is left out.

    Raises:
        ValueError: a number of an item does not fit 16 bits, or the file 32.
    """
    if max(file.items) > 0xFFFF or sum(len(item.payload) for item in file.items.values()) > 0xFFFF0000:
        raise ValueError("the file is too large")
    head = _box(b"ftyp", file.brands)
    start = len(head) + len(_meta(file, 0)) + 8
    body = _box(b"mdat", b"".join(item.payload for item in file.items.values()))
    return head + _meta(file, start) + body


def _meta(file: ItemFile, start: int) -> bytes:
    """Return the meta box of a file whose payloads follow each other from an offset on."""
    locations = struct.pack(">BxxxHH", 0, 0x4400, len(file.items))
    infos, store, associations = struct.pack(">xxxxH", len(file.items)), b"", struct.pack(">xxxxI", len(file.items))
    stored: dict[tuple[bytes, bytes], int] = {}
    for number, item in file.items.items():
        locations += struct.pack(">HHHII", number, 0, 1, start, len(item.payload))
        start += len(item.payload)
        infos += _box(
            b"infe", bytes([2, 0, 0, item.hidden]) + struct.pack(">HH4s", number, 0, item.kind) + item.description
        )
        associations += struct.pack(">HB", number, len(item.properties))
        for kind, content, essential in item.properties:
            if (kind, content) not in stored:
                stored[kind, content] = len(stored) + 1
                store += _box(kind, content)
            associations += struct.pack(">H", stored[kind, content] | essential << 15)
    references = b"".join(
        _box(kind, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets))
        for kind, source, targets in file.references
    )
    return _box(
        b"meta",
        bytes(4)
        + _box(b"hdlr", bytes(4) + _HANDLER)
        + _box(b"pitm", struct.pack(">xxxxH", file.primary))
        + _box(b"iloc", locations)
        + _box(b"iinf", infos)
        + (_box(b"iref", bytes(4) + references) if references else b"")
        + _box(b"iprp", _box(b"ipco", store) + _box(b"ipma", b"\0\0\0\1" + associations[4:])),
    )


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content
