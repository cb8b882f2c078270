"""Rewrite WebP files: the picture is encoded anew, lossless ones exactly; colour profile and metadata stay."""

import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image

from inpaint.photos.metadata import exif, xmp
from inpaint.photos.metadata.removed import CREDENTIALS, TRAILING, Cleaned, sentences
from inpaint.photos.modes import without_info
from inpaint.photos.orientation import stored
from inpaint.photos.original import Original
from inpaint.photos.quality import matching_quality

from .rewrite import CannotRewriteError, Rewritten

_PICTURE = (b"ALPH", b"VP8 ", b"VP8L")
_ANIMATION = (b"ANIM", b"ANMF")
_CLEANERS = {b"EXIF": exif.without_previews, b"XMP ": xmp.without_previews}
_ORDER = (b"ICCP", *_PICTURE, b"EXIF", b"XMP ")
_FLAGS = {b"ICCP": 0x20, b"EXIF": 0x08, b"XMP ": 0x04}
_ALPHA_FLAG = 0x10


class _Chunk(NamedTuple):
    name: bytes
    content: bytes


def rewrite(photo: Image.Image, original: Original, data: bytes, quality: int | None = None) -> Rewritten:
    """Return a WebP file with the pixels of a photo, see `rewriting.rewrite.rewrite`.

    Args:
        photo: upright.
        original: the file that it came from.
        data: the bytes of the file.
        quality: 1 to 100; None: that which leads to as many bytes as the original has, or lossless as the original.

    Reference:
        RFC 9649, section 2.
    """
    try:
        chunks, rest = _chunks(data)
    except struct.error:
        raise CannotRewriteError from None
    if photo.mode not in ("RGB", "RGBA"):
        raise CannotRewriteError
    turned = stored(photo, original.orientation)
    try:
        picture = _encoded(turned, chunks, quality)
    except ValueError:  # an animation may be larger than a picture: 16383 pixels on a side
        raise CannotRewriteError from None
    removed = {TRAILING} if rest.strip(b"\0") else set()
    removed |= {CREDENTIALS} if any(chunk.name == b"C2PA" for chunk in chunks) else set()
    others = []
    for chunk in chunks:
        if chunk.name not in (b"VP8X", b"C2PA", *_PICTURE, *_ANIMATION):
            cleaned = _CLEANERS.get(chunk.name, Cleaned)(chunk.content)
            removed |= cleaned.removed
            others.append(_Chunk(chunk.name, cleaned.data))
    frames = sum(chunk.name == b"ANMF" for chunk in chunks)
    animation = f"it is an animation of {frames} pictures: only the first was filled, and the others were removed"
    return Rewritten(_file(turned, [*others, *picture]), ((animation,) if frames else ()) + sentences(removed))


def _encoded(photo: Image.Image, chunks: list[_Chunk], quality: int | None) -> list[_Chunk]:
    """Return the chunks of a picture, encoded as that of the original file."""
    names = {name for chunk in chunks for name in (chunk.name, _first_in_frame(chunk))}
    if quality is None and b"VP8L" in names and b"VP8 " not in names:
        return _picture_chunks(photo, lossless=True)
    if quality is None:
        wanted = sum(len(chunk.content) for chunk in chunks if chunk.name in _PICTURE)
        first = next((len(chunk.content) for chunk in chunks if chunk.name == b"ANMF"), 0)
        quality = matching_quality(
            photo,
            wanted or first,
            lambda sample, number: sum(len(chunk.content) for chunk in _picture_chunks(sample, quality=number)),
        )
    return _picture_chunks(photo, quality=quality)


def _first_in_frame(chunk: _Chunk) -> bytes:
    """Return the name of the first chunk inside a frame of an animation; b"" for other chunks."""
    return chunk.content[16:20] if chunk.name == b"ANMF" else b""


def _picture_chunks(photo: Image.Image, **options: object) -> list[_Chunk]:
    plain = without_info(photo)
    plain.save(file := io.BytesIO(), "WEBP", exact=True, **options)  # keeps the colours of transparent pixels
    return [chunk for chunk in _chunks(file.getvalue())[0] if chunk.name in _PICTURE]


def _chunks(data: bytes) -> tuple[list[_Chunk], bytes]:
    """Return the chunks of a file, and what follows its end; struct.error if it is cut off."""
    (length,) = struct.unpack_from("<I", data, 4)
    end = min(8 + length, len(data))
    return list(_chunks_until(data, end)), data[end + end % 2 :]


def _chunks_until(data: bytes, end: int) -> Iterator[_Chunk]:
    position = 12
    while position + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, position)
        if position + 8 + length > end:
            raise struct.error("a chunk is longer than the file")
        yield _Chunk(name, data[position + 8 : position + 8 + length])
        position += 8 + length + length % 2


def _file(photo: Image.Image, chunks: list[_Chunk]) -> bytes:
    flags = sum(_FLAGS[name] for name in {chunk.name for chunk in chunks} & set(_FLAGS))
    flags |= _ALPHA_FLAG if photo.mode == "RGBA" else 0
    rank = {name: number for number, name in enumerate(_ORDER)}
    chunks = sorted(chunks, key=lambda chunk: rank.get(chunk.name, len(rank)))
    if flags or any(chunk.name not in _PICTURE for chunk in chunks):
        size = (photo.width - 1).to_bytes(3, "little") + (photo.height - 1).to_bytes(3, "little")
        chunks.insert(0, _Chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size))
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2) for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
