"""Recognise file formats by their first bytes, where Pillow does not."""

import importlib
import importlib.util
from typing import BinaryIO

FORMAT_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    ".webp": "WEBP",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    **dict.fromkeys((".bmp", ".dib"), "BMP"),
    ".gif": "GIF",
    **dict.fromkeys((".avif", ".avifs"), "AVIF"),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm", ".pam"), "PPM"),
    **dict.fromkeys((".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"), "JPEG2000"),
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
}
"""Pillow's names of the formats; Pillow itself has to import all its plugins to tell them."""
SUFFIXES = tuple(FORMAT_OF_SUFFIX)
_USUAL_NAMES = {"WEBP": "WebP", "PPM": "Netpbm", "JPEG2000": "JPEG 2000", "HEIF": "HEIC"}
"""Names by which readers know a format, where Pillow has another."""
TABLES = (".parquet", ".tar", ".tar.gz", ".tgz")
"""Suffixes of files that hold many photos."""
DEFLATE_LEVEL = 3
"""Of PNG. With level 6, the usual one, photos take 2.5 times as long and are as large within 3 %."""
TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""The first four bytes of TIFF and BigTIFF."""
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")


def is_heic(head: bytes) -> bool:
    """Return whether a file is a HEIC image.

    Args:
        head: the first bytes of the file, up to 256.

    Reference:
        ISO/IEC 23008-12, annex B; the brands are listed in the ftyp box.
    """
    if head[4:8] != b"ftyp":
        return False
    brands = head[8 : max(16, min(int.from_bytes(head[:4], "big"), len(head)))]
    return any(brands[start : start + 4] in _HEIC_BRANDS for start in range(0, len(brands), 4))


def register_heic() -> bool:
    """Register HEIC with Pillow and return True, or return False if the optional package pillow-heif is missing."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True


def readable_formats() -> str:
    """Return the usual names of the formats that can be read here, as "JPEG, PNG or TIFF"."""
    has_heic = importlib.util.find_spec("pillow_heif") is not None
    formats = [name for name in dict.fromkeys(FORMAT_OF_SUFFIX.values()) if name != "HEIF" or has_heic]
    *others, last = [_USUAL_NAMES.get(name, name) for name in formats]
    return f"{', '.join(others)} or {last}"


def is_lossless_webp(file: BinaryIO) -> bool:
    """Return whether a WebP file is lossless: whether its image is in a VP8L chunk. False for animations.

    Args:
        file: at its beginning.

    Reference:
        RFC 9649, sections 2.3 to 2.7.
    """
    file.seek(12)
    while len(header := file.read(8)) == 8:
        if header[:4] in (b"VP8L", b"VP8 "):
            return header[:4] == b"VP8L"
        length = int.from_bytes(header[4:], "little")
        file.seek(length + length % 2, 1)
    return False
