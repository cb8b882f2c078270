"""Say what a file is that cannot be read as a photo, and what to do with it."""

import re
from typing import BinaryIO

_HEAD_BYTES = 512
_TGA_FOOTER = b"TRUEVISION-XFILE.\0"
_VIDEO = "a video: export the frame as PNG first"
_TO_PNG = "save it as PNG first"
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"8BPS", "a Photoshop document: export it as TIFF or PNG first"),
    (0, b"gimp xcf", "a GIMP project: export it as PNG first (File > Export As)"),
    (0, b"\xff\x0a", f"a JPEG XL image: {_TO_PNG}"),
    (4, b"JXL \r\n", f"a JPEG XL image: {_TO_PNG}"),
    (0, b"II\xbc", f"a JPEG XR image: {_TO_PNG}"),
    (0, b"\xff\xd8\xff\xf7", f"a JPEG-LS image: {_TO_PNG}"),
    (0, b"BPG\xfb", f"a BPG image: {_TO_PNG}"),
    (0, b"qoif", f"a QOI image: {_TO_PNG}"),
    (0, b"v/1\x01", "an OpenEXR image: tone-map it and save it as 16-bit TIFF or PNG first"),
    (0, b"#?RADIANCE", "a Radiance HDR image: tone-map it and save it as 16-bit TIFF or PNG first"),
    (0, b"#?RGBE", "a Radiance HDR image: tone-map it and save it as 16-bit TIFF or PNG first"),
    (0, b"PF\n", "a float image (PFM): tone-map it and save it as 16-bit TIFF or PNG first"),
    (0, b"Pf\n", "a float image (PFM): tone-map it and save it as 16-bit TIFF or PNG first"),
    (0, b"DDS ", f"a DDS texture: {_TO_PNG}"),
    (0, b"\0\0\1\0", f"an icon file (ICO): {_TO_PNG}"),
    *((0, bytes([0, 0, kind, *bytes(9)]), f"a TGA image: {_TO_PNG}") for kind in (2, 3, 10, 11)),
    (0, b"\0\0\2\0", f"a cursor file (CUR): {_TO_PNG}"),
    (0, b"icns", f"an icon file (ICNS): {_TO_PNG}"),
    (0, b"\xd7\xcd\xc6\x9a", "a WMF drawing: export it as PNG first"),
    (40, b" EMF", "an EMF drawing: export it as PNG first"),
    (128, b"DICM", f"a DICOM image: {_TO_PNG}"),
    (0, b"SIMPLE  =", "a FITS image: save it as 16-bit TIFF first"),
    (0, b"\x01\xda", f"an SGI image: {_TO_PNG}"),
    (0, b"AT&TFORM", "a DjVu document: export its page as PNG first"),
    (0, b"%PDF", "a PDF: export its page as PNG first"),
    (0, b"%!PS", "a PostScript file: export its page as PNG first"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS file: export it as PNG first"),
    (0, b"\x1aE\xdf\xa3", _VIDEO),
    (8, b"AVI ", _VIDEO),
    (0, b"\0\0\1\xba", _VIDEO),
    (0, b"0&\xb2u\x8ef\xcf\x11", _VIDEO),
    (4, b"moov", _VIDEO),
    (4, b"ftyp", _VIDEO),  # photos of this container have been tried before
    (0, b"PK\3\4", "a ZIP archive, or a document that is one: unpack it, or export its picture as PNG"),
    (0, b"Rar!", "a RAR archive: unpack it first"),
    (0, b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (0, b"\x1f\x8b", "a gzip archive: unpack it first"),
    (0, b"\x93NUMPY", "a NumPy array: load it with numpy.load and pass the array, or save it as PNG"),
    (
        0,
        b"\0\5\x16\7",
        "what macOS stores beside a file (AppleDouble), not the photo: use the file without ._ in its name",
    ),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the photo: run  git lfs pull  first"),
    (0, b"\x89PNG", "a PNG whose header is damaged: get the file again"),
    (0, b"GIF8", "a GIF whose header is damaged: get the file again"),
    (0, b"BM", "a BMP that is damaged or of an unusual kind: get the file again, or save it as PNG"),
    (8, b"WEBP", "a WebP whose header is damaged: get the file again"),
)
"""Offset and bytes by which a kind of file is recognised, what it is and what to do; the first match counts."""
_TEXTS = (
    (re.compile(rb"\s*(<\?xml.*)?<svg", re.DOTALL | re.IGNORECASE), "an SVG drawing: export it as PNG first"),
    (re.compile(rb"\s*<(!doctype\s+html|html|head|body)", re.IGNORECASE), "a web page: the download may have failed"),
    (re.compile(rb"\s*[<{\[]"), "a text file"),
    (re.compile(rb"[\t\n\r\x20-\x7e]*$"), "a text file"),
)
_BASELINE_JPEG = "save it as an ordinary JPEG (8 bits, baseline), or as PNG, first"
_JPEG_KINDS = {
    0xC3: "a lossless JPEG",
    **dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG"),
    **dict.fromkeys((0xC9, 0xCA), "a JPEG with arithmetic coding"),
    0xCB: "a lossless JPEG with arithmetic coding",
}


def describe(file: BinaryIO) -> str:
    """Return what a file is that cannot be read, such as "a PDF: export its page as PNG first"; "" if it is unknown.

    Args:
        file: seekable; its position does not count, and is changed.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    words = next((words for start, magic, words in _SIGNATURES if head.startswith(magic, start)), None)
    if words is None and head.startswith(b"\xff\xd8"):
        words = jpeg_kind(file) or "a JPEG whose header is damaged: get the file again"
    if words is None and file.seek(max(0, file.seek(0, 2) - len(_TGA_FOOTER))) >= 0 and file.read() == _TGA_FOOTER:
        words = f"a TGA image: {_TO_PNG}"
    if words is None:
        words = next((words for pattern, words in _TEXTS if pattern.match(head)), None)
    return words or ""


def jpeg_kind(file: BinaryIO) -> str:
    """Return what kind of JPEG a file is that no decoder here can read; "" if it is an ordinary one.

    Args:
        file: seekable; its position does not count, and is changed.

    Reference:
        ITU-T T.81 (1992), tables B.1 and B.2.
    """
    file.seek(2)
    while len(marker := file.read(2)) == 2 and marker[0] == 0xFF:
        if marker[1] == 0xFF:  # a fill byte
            file.seek(-1, 1)
            continue
        length = int.from_bytes(file.read(2), "big")
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            bits, _, _, channels = (int.from_bytes(file.read(count), "big") for count in (1, 2, 2, 1))
            if marker[1] in _JPEG_KINDS:
                return f"{_JPEG_KINDS[marker[1]]}: {_BASELINE_JPEG}"
            if bits != 8:
                return f"a JPEG of {bits} bits per sample: {_BASELINE_JPEG}"
            if channels not in (1, 3, 4):
                return f"a JPEG with {channels} channels: {_BASELINE_JPEG}"
            break
        if length < 2:
            break
        file.seek(length - 2, 1)
    return ""
