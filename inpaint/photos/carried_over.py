"""What a photo that is encoded anew, often in another format, keeps of its original file, and what it cannot keep."""

import io

from PIL import Image

from . import png
from .coded import UNSPECIFIED, coding_of
from .isobmff import parse
from .metadata import xmp
from .metadata.jpeg_segments import header_segments, without_previews
from .metadata.removed import captions_lost, sentences
from .modes import low_bytes
from .original import ORIGINAL, Original

_COLOUR_CHUNKS = (b"cICP", b"cHRM", b"gAMA", b"sRGB", b"mDCV", b"cLLI")
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_XMP = b"XML:com.adobe.xmp"
_PRIMARIES = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
_TRANSFERS = {8: "linear", 16: "PQ (HDR)", 18: "HLG (HDR)"}
_SRGB_GAMMA = 45455
_WITHOUT_PROFILES = ("BMP", "GIF", "PPM", "JPEG2000")
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")
_DEEP = ("PNG", "TIFF", "PPM")
_JPEG = ("JPEG", "MPO")
_IPTC = b"8BIM\x04\x04"
"""How the resource of Photoshop with the captions begins in a segment of a JPEG file."""


class CarriedOver:
    """What the original file of a photo holds beside pixels and what `info` has of it.

    Args:
        photo: upright; may have been converted or resized.
    """

    def __init__(self, photo: Image.Image) -> None:
        original = photo.info.get(ORIGINAL)
        self.photo = photo
        self.format = original.format if isinstance(original, Original) else ""
        wanted = self.format in (*_ANIMATED, *_JPEG, "HEIF")
        self.data = (original.read() if isinstance(original, Original) and wanted else None) or b""
        self._chunks = self._colour_chunks()

    def png_chunks(self) -> list[png.Chunk]:
        """Return chunks for a PNG file with the photo: its colour space, XMP, texts and transparent colour."""
        photo, chunks = self.photo, []
        if not photo.info.get("icc_profile"):
            chunks += self._chunks
        if isinstance(photo.info.get("xmp"), bytes):
            packet = xmp.without_previews(photo.info["xmp"]).data
            chunks.append(png.new_chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + packet))
        chunks += [chunk for chunk in self._png() if chunk.name in _TEXT_CHUNKS and not _is_profile(chunk)]
        key = photo.info.get("transparency")
        if photo.mode == "RGB" and isinstance(key, tuple) and low_bytes(photo) is not None:
            chunks.append(png.new_chunk(b"tRNS", b"".join(value.to_bytes(2, "big") for value in key)))
        return chunks

    def losses(self, format: str) -> tuple[str, ...]:
        """Return sentences about what a file of a format cannot keep of the photo.

        Args:
            format: Pillow's name of it.
        """
        found = [] if format in _JPEG else [*self._jpeg_losses(format)]
        if self._is_animated():
            found.append("it is an animation: only its first picture was filled, and the others were removed")
        if self.photo.info.get("icc_profile") and format in _WITHOUT_PROFILES:
            found.append(f"its colour profile was left out, as a {format} file holds none: colours may look different")
        elif not self.photo.info.get("icc_profile") and format != "PNG" and (space := self._colour_space()):
            found.append(
                f"its colours are {space}, which the {format} file does not say, so that they look different: save it "
                "as PNG to keep them"
            )
        if low_bytes(self.photo) is not None and format not in _DEEP:
            found.append(
                f"its 16 bits per sample became 8, as a {format} file holds no more: save it as PNG to keep them"
            )
        return tuple(found)

    def _jpeg_losses(self, format: str) -> tuple[str, ...]:
        """Return sentences about what a JPEG file holds and one of another format does not."""
        segments = list(header_segments(self.data)) if self.format in _JPEG else []
        captions = any(_IPTC in segment.payload for segment in segments)
        return sentences(without_previews(segments).removed) + ((captions_lost(format),) if captions else ())

    def _png(self) -> list[png.Chunk]:
        try:
            return png.read_chunks(self.data)[1] if self.format == "PNG" else []
        except ValueError:
            return []

    def _colour_chunks(self) -> list[png.Chunk]:
        """Return the chunks of a PNG file that declare the original's colour space."""
        if self.format not in ("AVIF", "HEIF"):
            return [chunk for chunk in self._png() if chunk.name in _COLOUR_CHUNKS]
        try:
            coding = coding_of(parse(self.data))
        except ValueError:
            return []
        if UNSPECIFIED in (coding.primaries, coding.transfer) or max(coding.primaries, coding.transfer) > 255:
            return []
        return [png.new_chunk(b"cICP", bytes([coding.primaries, coding.transfer, 0, 1]))]

    def _colour_space(self) -> str:
        """Return the name of the original's colour space; "" if it is sRGB or unknown."""
        contents = {chunk.name: chunk.content for chunk in self._chunks}
        if len(codes := contents.get(b"cICP", b"")) >= 2:
            return " ".join(filter(None, [_PRIMARIES.get(codes[0]), _TRANSFERS.get(codes[1])]))
        gamma = int.from_bytes(contents.get(b"gAMA", b""), "big")
        if b"sRGB" in contents or not gamma or abs(gamma - _SRGB_GAMMA) < 1000:
            return ""
        return f"those of a gamma of {gamma / 100_000:g}"

    def _is_animated(self) -> bool:
        if not self.data or self.format not in _ANIMATED:
            return False
        try:
            image = Image.OPEN[self.format][0](io.BytesIO(self.data), "")  # without a limit: it was read before
            return bool(getattr(image, "is_animated", False))
        except Exception:  # a decoder that has read the first picture already
            return False


def _is_profile(chunk: png.Chunk) -> bool:
    """Return whether a text holds metadata that `info` has already, or that may show the photo before the edit."""
    return chunk.content.startswith((_XMP, b"Raw profile type "))


def with_chunks(data: bytes, chunks: list[png.Chunk]) -> bytes:
    """Return a PNG file with more chunks after its header; not those that it has already."""
    _, present, _ = png.read_chunks(data)
    names = {chunk.name for chunk in present}
    new = [chunk for chunk in chunks if chunk.name in _TEXT_CHUNKS or chunk.name not in names]
    return png.SIGNATURE + b"".join(chunk.raw for chunk in [present[0], *new, *present[1:]])
