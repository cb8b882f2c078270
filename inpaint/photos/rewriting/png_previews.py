"""Remove the previews that chunks of a PNG file hold in their EXIF, XMP and Photoshop data."""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from inpaint.photos import png
from inpaint.photos.metadata import exif, photoshop, xmp
from inpaint.photos.metadata.removed import Cleaned

_XMP = b"XML:com.adobe.xmp"
_PROFILES: dict[bytes, Callable[[bytes], Cleaned]] = {
    b"exif": exif.without_previews,
    b"APP1": lambda data: exif.without_previews(data) if data.startswith(exif.PREFIX) else xmp.without_previews(data),
    b"xmp": xmp.without_previews,
    b"8bim": photoshop.without_previews,
    b"iptc": photoshop.without_previews,
}
"""Metadata that ImageMagick and ExifTool write into texts named "Raw profile type ...", as hexadecimal digits."""
_MOST_BYTES = 1 << 26
"""Of a compressed text; longer ones are kept as they are."""


class CleanedChunk(NamedTuple):
    """A chunk without what shows the photo before it was edited.

    Attributes:
        chunk: the same one if nothing was removed.
        removed: names of `metadata.removed`.
    """

    chunk: png.Chunk
    removed: frozenset[str] = frozenset()


def without_previews(chunk: png.Chunk) -> CleanedChunk:
    """Return a chunk without previews of the photo. One that is damaged stays as it is."""
    try:
        if chunk.name == b"eXIf":
            content, removed = exif.without_previews(chunk.content)
        elif chunk.name == b"iTXt":
            content, removed = _international_text(chunk.content)
        elif chunk.name in (b"tEXt", b"zTXt"):
            content, removed = _raw_profile(chunk.content, chunk.name == b"zTXt")
        else:
            return CleanedChunk(chunk)
    except (ValueError, IndexError, zlib.error):
        return CleanedChunk(chunk)
    return CleanedChunk(png.new_chunk(chunk.name, content), removed) if removed else CleanedChunk(chunk)


def _international_text(content: bytes) -> Cleaned:
    """Return the content of an iTXt chunk, without the previews of XMP."""
    keyword, _, rest = content.partition(b"\0")
    if keyword != _XMP:
        return Cleaned(content)
    compressed, method = rest[0], rest[1]
    language, translated, text = rest[2:].split(b"\0", 2)
    cleaned, removed = xmp.without_previews(_inflated(text) if compressed else text)
    packed = zlib.compress(cleaned) if compressed else cleaned
    return Cleaned(b"\0".join([keyword, bytes([compressed, method]) + language, translated, packed]), removed)


def _raw_profile(content: bytes, compressed: bool) -> Cleaned:
    """Return the content of a tEXt or zTXt chunk, without the previews of a raw profile.

    Its text is an empty line, the name, the length in bytes, and the bytes as hexadecimal digits.
    """
    keyword, _, rest = content.partition(b"\0")
    kind = keyword.removeprefix(b"Raw profile type ")
    if kind == keyword or kind not in _PROFILES:
        return Cleaned(content)
    text = _inflated(rest[1:]) if compressed else rest
    _, name, _, digits = text.split(b"\n", 3)
    cleaned, removed = _PROFILES[kind](bytes.fromhex(digits.decode("ascii")))
    lines = [cleaned.hex()[start : start + 72].encode() for start in range(0, 2 * len(cleaned), 72)]
    written = b"\n".join([b"", name, f"{len(cleaned):8}".encode(), *lines, b""])
    return Cleaned(keyword + b"\0" + (b"\0" + zlib.compress(written) if compressed else written), removed)


def _inflated(data: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(data, _MOST_BYTES)
    if not unpacker.eof:
        raise ValueError("the text is too long, or cut off")
    return plain
