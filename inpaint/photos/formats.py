"""What a file's first bytes say about it, where Pillow does not say it."""

import importlib
import re
from typing import BinaryIO

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_OTHERS = (
    (re.compile(rb"\s*(<\?xml.*)?<svg", re.DOTALL | re.IGNORECASE), "an SVG drawing: export it as PNG first"),
    (re.compile(rb"\s*<(!doctype\s+html|html|head|body)", re.IGNORECASE), "a web page: the download may have failed"),
    (re.compile(rb"%PDF"), "a PDF: export its page as PNG first"),
    (re.compile(rb"\s*[<{\[]"), "a text file"),
    (re.compile(rb"[\t\n\r\x20-\x7e]*$"), "a text file"),
)


def describe(head: bytes) -> str:
    """ ", it is ..." for the known things that are given a picture's name but are none; "" for others."""
    head = head.removeprefix(b"\xef\xbb\xbf")
    return next((f"; it is {words}" for pattern, words in _OTHERS if pattern.match(head)), "")


def is_heic(head: bytes) -> bool:
    """Whether a file of these first bytes is a HEIC picture.

    Reference: ISO/IEC 23008-12, annex B; the brands are listed in the ftyp box.
    """
    if head[4:8] != b"ftyp":
        return False
    brands = head[8 : max(16, min(int.from_bytes(head[:4], "big"), len(head)))]
    return any(brands[start : start + 4] in _HEIC_BRANDS for start in range(0, len(brands), 4))


def register_heic() -> bool:
    """Teach Pillow to read and write HEIC, with the optional package pillow-heif; False where that is not installed."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True


def is_lossless_webp(file: BinaryIO) -> bool:
    """Whether a WebP file, read from its beginning, holds its picture in a VP8L chunk; False for animations.

    Reference: RFC 9649, sections 2.3 to 2.7.
    """
    file.seek(12)
    while len(header := file.read(8)) == 8:
        if header[:4] in (b"VP8L", b"VP8 "):
            return header[:4] == b"VP8L"
        length = int.from_bytes(header[4:], "little")
        file.seek(length + length % 2, 1)
    return False
