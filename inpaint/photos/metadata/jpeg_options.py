"""The metadata of a JPEG file that Pillow does not write by itself when the photo is encoded anew."""

from typing import Any, NamedTuple

from . import exif
from .jpeg_segments import APP0, APP1, APP2, APP14, APP15, XMP, Segment, header_segments, without_previews

_WRITTEN_BY_PILLOW = ((APP1, exif.PREFIX), (APP1, XMP), (APP2, b"ICC_PROFILE\0"), (APP0, b""), (APP14, b"Adobe"))


class JpegOptions(NamedTuple):
    """What of a file's metadata a JPEG that is encoded anew has.

    Attributes:
        options: of Pillow's `save`.
        removed: what of the file was left out, see `removed`.
    """

    options: dict[str, Any]
    removed: frozenset[str]


def jpeg_options(data: bytes, packet: bytes | None) -> JpegOptions:
    """Return Pillow's options with the application segments of a JPEG file: IPTC, extended XMP, makers' own.

    Args:
        data: the file.
        packet: the XMP of the photo; None: it has none.
    """
    segments = [Segment(APP1, XMP + packet)] if packet is not None else []
    segments += [
        segment
        for segment in header_segments(data)
        if APP0 <= segment.marker <= APP15
        and not any(segment.marker == app and segment.payload.startswith(start) for app, start in _WRITTEN_BY_PILLOW)
    ]
    kept, removed = without_previews(segments)
    options: dict[str, Any] = {}
    if packet is not None:
        options["xmp"] = kept.pop(0).payload[len(XMP) :]
    if kept:
        options["extra"] = b"".join(segment.to_bytes() for segment in kept)
    return JpegOptions(options, removed)
