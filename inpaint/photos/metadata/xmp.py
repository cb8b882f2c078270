"""XMP packets without pictures, and without what refers to pictures that are removed from the file."""

import re
from collections.abc import Iterator

from .removed import CREDENTIALS, DEPTH, GAIN_MAP, PREVIEW, VIDEO, Cleaned

_GOOGLE = rb"http://ns.google.com/photos/1.0/"
_REMOVED = {
    rb"http://ns.adobe.com/xap/1.0/": (rb"Thumbnails", PREVIEW),
    rb"http://ns.adobe.com/xap/1.0/g/img/": (rb"image", PREVIEW),
    _GOOGLE + rb"image/": (rb"[\w.-]+", PREVIEW),
    _GOOGLE + rb"depthmap/": (rb"[\w.-]+", DEPTH),
    _GOOGLE + rb"camera/": (rb"(?:MotionPhoto|MicroVideo)[\w.-]*", VIDEO),
    _GOOGLE + rb"container/": (rb"[\w.-]+", PREVIEW),
    rb"http://ns.google.com/photos/dd/1.0/device/": (rb"[\w.-]+", DEPTH),
    rb"http://ns.adobe.com/hdr-gain-map/1.0/": (rb"[\w.-]+", GAIN_MAP),
    rb"http://ns.apple.com/HDRGainMap/1.0/": (rb"[\w.-]+", GAIN_MAP),
    rb"http://purl.org/dc/terms/": (rb"provenance", CREDENTIALS),
}
"""Namespace -> properties that are removed, and what they are. A directory of the pictures in the file is a PREVIEW."""
_PREFIX = re.compile(rb"""\sxmlns:([\w.-]+)\s*=\s*["']([^"']*)["']""")
_TAG = re.compile(rb"""<(/?)([^\s<>/"']+)(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")


def without_previews(packet: bytes) -> Cleaned:
    """Return an XMP packet without thumbnails, embedded pictures, depth maps, and references to gain maps and videos.

    All else stays byte for byte. A packet in UTF-16 is treated likewise; after a tag that is not well formed, nothing
    is removed.

    Args:
        packet: as it is in a file, with or without its `<?xpacket?>` wrapper.

    Reference:
        ISO 16684-1 (XMP); Android, Ultra HDR Image Format 1.0, and Motion Photo format 1.0; ISO 21496-1.
    """
    codec = _wide_codec(packet)
    if codec is None:
        return _cleaned(packet)
    narrow = packet.decode(codec, "surrogatepass").encode("utf-8", "surrogatepass")
    cleaned = _cleaned(narrow)
    if not cleaned.removed:
        return Cleaned(packet)
    return cleaned._replace(data=cleaned.data.decode("utf-8", "surrogatepass").encode(codec, "surrogatepass"))


def _wide_codec(packet: bytes) -> str | None:
    """Return the codec of a packet in UTF-16 of a whole number of characters, None for one in UTF-8."""
    codecs = {b"<\0": "utf-16-le", b"\xff\xfe": "utf-16-le", b"\0<": "utf-16-be", b"\xfe\xff": "utf-16-be"}
    codec = codecs.get(packet[:2])
    if codec is None or len(packet) % 2:
        return None
    try:
        packet.decode(codec, "surrogatepass")
    except UnicodeDecodeError:
        return None
    return codec


def _cleaned(packet: bytes) -> Cleaned:
    kinds = [
        (re.compile(rb"(?:%b):(?:%b)" % (re.escape(prefix), names)), prefix, kind)
        for prefix, uri in sorted(set(_PREFIX.findall(packet)))
        if uri in _REMOVED
        for names, kind in [_REMOVED[uri]]
    ]
    if not kinds:
        return Cleaned(packet)
    pieces: list[bytes] = []
    removed: set[str] = set()
    at, inside, depth = 0, b"", 0
    for start, end, name, is_end in _tags(packet):
        if depth:
            if name == inside:
                depth += -1 if is_end else packet[end - 2] != ord("/")
                at = end
            continue
        found = [kind for pattern, _, kind in kinds if pattern.fullmatch(name)]
        pieces.append(packet[at:start])
        at = end
        if found and not is_end:
            removed.add(found[0])
            inside, depth = name, int(packet[end - 2] != ord("/"))
        else:
            pieces.append(_without_attributes(packet[start:end], kinds, removed))
    return Cleaned(b"".join([*pieces, packet[at:]]), frozenset(removed)) if removed else Cleaned(packet)


def _without_attributes(tag: bytes, kinds: list[tuple[re.Pattern[bytes], bytes, str]], removed: set[str]) -> bytes:
    for pattern, prefix, kind in kinds:
        if prefix + b":" in tag:
            attribute = rb"""(?<!\s)\s++%b\s*=\s*(?:"[^"]*+"|'[^']*+')""" % pattern.pattern
            tag, count = re.subn(attribute, b"", tag)
            if count:
                removed.add(kind)
    return tag


def _tags(packet: bytes) -> Iterator[tuple[int, int, bytes, bool]]:
    """Yield where a tag begins and ends, its name, and whether it is an end tag; comments are skipped."""
    at = packet.find(b"<")
    while at >= 0:
        if packet.startswith(b"<!--", at):
            end = packet.find(b"-->", at)
            if end < 0:
                return
        else:
            tag = _TAG.match(packet, at)
            if tag is None:
                return
            yield at, tag.end(), tag[2], bool(tag[1])
            end = tag.end()
        at = packet.find(b"<", end)
