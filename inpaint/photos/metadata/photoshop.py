"""Photoshop image resources and IPTC records without their previews."""

import hashlib
import struct

from . import exif, xmp
from .removed import PREVIEW, Cleaned

IPTC, IPTC_DIGEST, EXIF, XMP = 0x0404, 0x0425, 0x0422, 0x0424
_THUMBNAILS = (0x0409, 0x040C)
_SIGNATURES = (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_IPTC_PREVIEWS = ((2, 200), (2, 201), (2, 202), (7, 10))  # (record, dataset)


def without_previews(resources: bytes) -> Cleaned:
    """Return Photoshop image resources (8BIM blocks) without thumbnails, also those in their IPTC, EXIF and XMP.

    The other resources stay byte for byte. From a block on that is damaged, nothing is removed.

    Args:
        resources: the blocks, without the "Photoshop 3.0" prefix that they have in a JPEG file.

    Reference:
        Adobe, Photoshop File Formats Specification, "Image Resource Blocks".
    """
    pieces, removed, at = [], set(), 0
    digest: bytes | None = None
    while resources[at : at + 4] in _SIGNATURES and at + 7 < len(resources):
        (number,) = struct.unpack_from(">H", resources, at + 4)
        head = at + 6 + (resources[at + 6] + 2) // 2 * 2  # the name is padded with its length byte to an even number
        if head + 4 > len(resources):
            break
        (length,) = struct.unpack_from(">I", resources, head)
        end = head + 4 + length
        if end > len(resources):
            break
        data = resources[head + 4 : end]
        cleaned = _resource(number, data)
        if number == IPTC and cleaned is not None and cleaned.data != data:
            digest = hashlib.md5(cleaned.data, usedforsecurity=False).digest()
        if number == IPTC_DIGEST and digest is not None:
            cleaned = Cleaned(digest)
        if cleaned is None:
            removed.add(PREVIEW)
        else:
            removed |= cleaned.removed
            changed = cleaned.data != data
            body = struct.pack(">I", len(cleaned.data)) + cleaned.data + b"\0" * (len(cleaned.data) % 2)
            pieces.append(resources[at:head] + body if changed else resources[at : end + length % 2])
        at = end + length % 2
    return Cleaned(b"".join([*pieces, resources[at:]]), frozenset(removed)) if removed else Cleaned(resources)


def _resource(number: int, data: bytes) -> Cleaned | None:
    """Return the data of an image resource without previews, None if it is a preview."""
    if number in _THUMBNAILS:
        return None
    if number == IPTC:
        return iptc_without_previews(data)
    if number == EXIF:
        return exif.without_previews(data)
    return xmp.without_previews(data) if number == XMP else Cleaned(data)


def iptc_without_previews(records: bytes) -> Cleaned:
    """Return IPTC records without the previews of a picture (datasets 2:200 to 2:202 and 7:10).

    Reference:
        IPTC-NAA Information Interchange Model 4.2.
    """
    pieces, at = [], 0
    while records[at : at + 1] == b"\x1c" and at + 5 <= len(records):
        record, dataset, length = struct.unpack_from(">BBH", records, at + 1)
        head = at + 5
        if length & 0x8000:  # the length of the length
            width = length & 0x7FFF
            if width > 8:
                break
            length = int.from_bytes(records[head : head + width], "big")
            head += width
        end = head + length
        if end > len(records):
            break
        if (record, dataset) not in _IPTC_PREVIEWS:
            pieces.append(records[at:end])
        at = end
    cleaned = b"".join([*pieces, records[at:]])
    return Cleaned(cleaned, frozenset({PREVIEW})) if cleaned != records else Cleaned(records)
