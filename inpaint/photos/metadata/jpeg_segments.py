"""The metadata segments of a JPEG file: reading them, and removing what shows the photo before it was edited."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from . import exif, photoshop, xmp
from .removed import CREDENTIALS, GAIN_MAP, PICTURES, PREVIEW

APP0, APP1, APP2, APP11, APP13, APP14, APP15, COM = 0xE0, 0xE1, 0xE2, 0xEB, 0xED, 0xEE, 0xEF, 0xFE
XMP = b"http://ns.adobe.com/xap/1.0/\0"
EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
PHOTOSHOP = b"Photoshop 3.0\0"
_DROPPED = {
    (APP0, b"JFXX\0"): PREVIEW,
    (APP2, b"FPXR\0"): PREVIEW,
    (APP2, b"MPF\0"): PICTURES,
    (APP2, b"urn:iso:std:iso:ts:21496:-1\0"): GAIN_MAP,
}
_WITH_PREVIEWS = range(APP2, APP15 + 1)
"""Cameras store previews in many of these, as a plain JPEG file with a short name in front at most."""
_NO_PREVIEWS = (b"ICC_PROFILE\0", PHOTOSHOP, b"Adobe")
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")  # neither restart nor fill, nor a stuffed zero
MOST_SCANS = 200
"""Pictures of more are not decoded. Encoders write ten or so; each scan takes as long as if there were no others."""
_LARGEST = 65_533  # bytes after the length of a segment
_EXTENSION_HEAD = len(EXTENDED_XMP) + 32 + 8  # its digest, the length of the whole packet, the offset of this part


class Segment(NamedTuple):
    """A marker segment.

    Attributes:
        marker: second byte of the marker, such as 0xE1 for APP1.
        payload: what follows its length.
    """

    marker: int
    payload: bytes

    def to_bytes(self) -> bytes:
        """Return it as it stands in a file."""
        return bytes((0xFF, self.marker)) + (len(self.payload) + 2).to_bytes(2, "big") + self.payload


class CleanedSegments(NamedTuple):
    """Segments without previews.

    Attributes:
        segments: those that stay, in their order.
        removed: what was removed, see `removed`.
    """

    segments: list[Segment]
    removed: frozenset[str]


def header_segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments of a JPEG file before its first scan, as far as they are complete."""
    at = data.find(b"\xff", 2)  # there may be other bytes between segments
    while at >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0, 0xFF):
            at = data.find(b"\xff", at + 1)
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker < 0xC0 or 0xD0 <= marker <= 0xDA or length < 2 or at + 2 + length > len(data):
            return
        yield Segment(marker, data[at + 4 : at + 2 + length])
        at = data.find(b"\xff", at + 2 + length)


def count_scans(data: bytes) -> int:
    """Return how many scans the picture of a JPEG file has; those beyond MOST_SCANS + 1 are not counted.

    Args:
        data: the file. What follows the end of the picture is not read.
    """
    count, at = 0, 2
    while count <= MOST_SCANS and (found := _MARKER.search(data, at)):
        marker, at = data[found.end() - 1], found.end()
        if marker == 0xD9:
            break
        count += marker == 0xDA
        at += int.from_bytes(data[at : at + 2], "big")
    return count


def without_previews(segments: list[Segment]) -> CleanedSegments:
    """Return the segments of a JPEG file without thumbnails, previews and references to further pictures.

    Further pictures and whatever else follows the end of the picture are to be removed with them: gain maps, stereo
    partners, previews, videos. Segments that are no metadata are passed through.

    Reference:
        JFIF 1.02; CIPA DC-008 (Exif), DC-007 (MPF); ISO 16684-1 (XMP); ISO 21496-1 (gain maps); ISO 19566-5 (JUMBF).
    """
    removed: set[str] = set()
    kept = list(_without_dropped(segments, removed))
    for clean in (_clean_exif, _clean_photoshop, _clean_xmp):
        kept = clean(kept, removed)
    return CleanedSegments(kept, frozenset(removed))


def _without_dropped(segments: list[Segment], removed: set[str]) -> Iterator[Segment]:
    has_credentials = any(marker == APP11 and b"c2pa" in payload for marker, payload in segments)
    unfinished = -1  # the marker of a preview that goes on in the next segment
    for segment in segments:
        marker, payload = segment
        kind = next((kind for (app, start), kind in _DROPPED.items() if _is(segment, app, start)), None)
        if marker == APP11:  # JUMBF boxes, each segment a part of one; or the residuals of JPEG XT and JPEG-HDR
            kind = CREDENTIALS if has_credentials else GAIN_MAP
        elif kind is None and marker in _WITH_PREVIEWS and not payload.startswith(_NO_PREVIEWS):
            is_preview = b"\xff\xd8\xff" in payload[:16] or marker == unfinished
            kind = PREVIEW if is_preview else None
            unfinished = marker if is_preview and b"\xff\xd9" not in payload[-64:] else -1
        if kind is not None:
            removed.add(kind)
            continue
        if marker == APP0 and payload.startswith(b"JFIF\0") and len(payload) > 14:  # width and height, then pixels
            removed.add(PREVIEW)
            segment = Segment(APP0, payload[:12] + b"\0\0")
        yield segment


def _clean_exif(segments: list[Segment], removed: set[str]) -> list[Segment]:
    """Clean EXIF data, which may be continued in further segments; its length stays."""
    start = len(exif.PREFIX)
    parts = [segment.payload[start:] for segment in _starting(segments, APP1, exif.PREFIX)]
    cleaned = exif.without_previews(b"".join(parts))
    removed |= cleaned.removed
    result, at = [], 0
    for segment in segments:
        if segment.marker == APP1 and segment.payload.startswith(exif.PREFIX):
            end = at + len(segment.payload) - start
            segment, at = Segment(APP1, exif.PREFIX + cleaned.data[at:end]), end
        result.append(segment)
    return result


def _clean_photoshop(segments: list[Segment], removed: set[str]) -> list[Segment]:
    """Clean Photoshop's image resources, which go on from one segment to the next."""
    parts = [segment.payload[len(PHOTOSHOP) :] for segment in _starting(segments, APP13, PHOTOSHOP)]
    cleaned = photoshop.without_previews(b"".join(parts))
    if not cleaned.removed:
        return segments
    removed |= cleaned.removed
    return _replaced(segments, APP13, PHOTOSHOP, _split(APP13, cleaned.data, lambda _: PHOTOSHOP))


def _clean_xmp(segments: list[Segment], removed: set[str]) -> list[Segment]:
    """Clean XMP and the extended XMP in further segments, which is named by its MD5 digest."""
    result = [*segments]
    digests = {
        segment.payload[len(EXTENDED_XMP) :][:32] for segment in _starting(segments, APP1, EXTENDED_XMP)
    }  # one, in a file that follows the standard
    for digest in sorted(digests):
        start = EXTENDED_XMP + digest
        packet = _extended_packet(_starting(segments, APP1, start))
        if packet is None:
            result = _replaced(result, APP1, start, [])
            continue
        cleaned = xmp.without_previews(packet)
        if not cleaned.removed:
            continue
        removed |= cleaned.removed
        renamed = hashlib.md5(cleaned.data, usedforsecurity=False).hexdigest().upper().encode()
        length = len(cleaned.data).to_bytes(4, "big")
        parts = _split(APP1, cleaned.data, _extension_head(EXTENDED_XMP + renamed + length))
        result = _replaced(result, APP1, start, parts)
        result = [
            segment._replace(payload=segment.payload.replace(digest, renamed)) if _is(segment, APP1, XMP) else segment
            for segment in result
        ]
    for place, segment in enumerate(result):
        if _is(segment, APP1, XMP):
            cleaned = xmp.without_previews(segment.payload[len(XMP) :])
            removed |= cleaned.removed
            result[place] = Segment(APP1, XMP + cleaned.data)
    return result


def _extension_head(start: bytes) -> Callable[[int], bytes]:
    return lambda offset: start + offset.to_bytes(4, "big")


def _extended_packet(parts: list[Segment]) -> bytes | None:
    """Return a packet of extended XMP from all of its parts; None if one is missing."""
    place = _EXTENSION_HEAD - 4
    placed = sorted((part.payload[place : place + 4], part.payload[_EXTENSION_HEAD:]) for part in parts)
    packet = b""
    for offset, data in placed:
        if len(offset) != 4 or int.from_bytes(offset, "big") != len(packet):
            return None
        packet += data
    lengths = {part.payload[place - 4 : place] for part in parts}
    return packet if lengths == {len(packet).to_bytes(4, "big")} else None


def _split(marker: int, data: bytes, head: Callable[[int], bytes]) -> list[Segment]:
    """Return segments that hold data, each after a head that may depend on its offset in the data."""
    size = _LARGEST - _EXTENSION_HEAD
    return [Segment(marker, head(at) + data[at : at + size]) for at in range(0, len(data), size)]


def _replaced(segments: list[Segment], marker: int, start: bytes, replacement: list[Segment]) -> list[Segment]:
    """Return segments with all of a kind replaced by others, at the place of the first one."""
    places = [place for place, segment in enumerate(segments) if _is(segment, marker, start)]
    others = [segment for segment in segments if not _is(segment, marker, start)]
    return others[: places[0]] + replacement + others[places[0] :]


def _starting(segments: list[Segment], marker: int, start: bytes) -> list[Segment]:
    return [segment for segment in segments if _is(segment, marker, start)]


def _is(segment: Segment, marker: int, start: bytes) -> bool:
    return segment.marker == marker and segment.payload.startswith(start)
