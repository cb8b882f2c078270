"""Strips and tiles that are whole JPEG, WebP or JPEG 2000 files."""

import io
from typing import Any

import numpy as np
from PIL import Image, Jpeg2KImagePlugin, JpegImagePlugin, WebPImagePlugin

from inpaint.photos.metadata.jpeg_segments import MOST_SCANS, count_scans

from .layout import Layout, UnsupportedTiffError

JPEG = 7
WEBP = 50001
JPEG_2000 = (33003, 33004, 33005, 34712)
COMPRESSIONS = (JPEG, WEBP, *JPEG_2000)
_READERS = {
    JPEG: JpegImagePlugin.JpegImageFile,
    WEBP: WebPImagePlugin.WebPImageFile,
    **dict.fromkeys(JPEG_2000, Jpeg2KImagePlugin.Jpeg2KImageFile),
}
_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "I;16": 1}
_YCBCR = 6


def decode(layout: Layout, data: bytes, rows: int) -> np.ndarray:
    """Return the samples of a segment, see `segments.decode_segment`. Its size is checked before it is decoded.

    Raises:
        UnsupportedTiffError: the bit depth or the number of samples is not supported.
        ValueError: the picture in the segment has another size.
    """
    with opened(layout, data) as image:
        width, height = image.size
        if width > layout.segment[0] or height > layout.segment[1] or height < 1:
            raise ValueError(f"it has {width}x{height} pixels; a segment has {layout.segment[0]}x{layout.segment[1]}")
        if image.mode == "RGB" and layout.segment_samples == 4:
            image = image.convert("RGBA")  # WebP leaves out an alpha channel that is opaque
        if _MODES.get(image.mode) != layout.segment_samples or layout.bits != (16 if image.mode == "I;16" else 8):
            raise UnsupportedTiffError(f"a strip or tile of it is a picture of mode {image.mode}")
        pixels = np.asarray(image).reshape(height, width, -1)
    if layout.compression == JPEG and layout.segment_samples == 4:
        pixels = 255 - pixels  # Pillow inverts four components, as Photoshop stores them in JPEG files
    if layout.segment_samples > 4 or (height, width) == (rows, layout.segment[0]):
        return pixels[:rows]
    return np.pad(pixels[:rows], ((0, rows - min(rows, height)), (0, layout.segment[0] - width), (0, 0)))


def encode(layout: Layout, values: np.ndarray, before: bytes) -> bytes:
    """Return a segment as it is stored: WebP and JPEG 2000 without loss, JPEG with the tables that it had.

    Args:
        layout: of the picture.
        values: uint8 or uint16 (rows, width of a segment, its samples).
        before: the segment as it was.

    """
    if layout.compression == JPEG:
        return _encode_jpeg(layout, values, before)
    image = Image.fromarray(np.ascontiguousarray(values[..., 0] if values.shape[2] == 1 else values))
    file = io.BytesIO()
    if layout.compression == WEBP:
        image.save(file, "WEBP", lossless=True, exact=True)
    else:
        bare = not before.startswith(b"\0\0\0\x0cjP")
        image.save(file, "JPEG2000", irreversible=False, mct=0 if layout.compression == 33003 else 1, no_jp2=bare)
    return file.getvalue()


def opened(layout: Layout, data: bytes) -> Image.Image:
    """Return the picture of a segment, of which only the header has been read."""
    if layout.compression == JPEG:
        if layout.bits != 8:
            raise UnsupportedTiffError(f"it has JPEG of {layout.bits} bits")
        data = complete_jpeg(layout, data)
        if count_scans(data) > MOST_SCANS:
            raise ValueError(f"it is a JPEG of more than {MOST_SCANS} scans")
    image = _READERS[layout.compression](io.BytesIO(data))
    if layout.compression == 33003:
        raise UnsupportedTiffError("it is JPEG 2000 of YCbCr")
    return image


def complete_jpeg(layout: Layout, data: bytes) -> bytes:
    """Return a JPEG with the tables that all segments share, and a marker that says whether it is YCbCr.

    Reference:
        Adobe, TIFF Technical Note 2 of 1995: JPEG in TIFF.
    """
    if data[:2] != b"\xff\xd8":
        raise ValueError("it does not begin like a JPEG")
    tables = layout.tables[2:-2] if layout.tables[:2] == b"\xff\xd8" else b""
    marker = b""
    if layout.segment_samples == 3:
        transform = 1 if layout.photometric == _YCBCR else 0
        marker = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])
    return data[:2] + marker + tables + data[2:]


def jpeg_image(values: np.ndarray) -> Image.Image:
    """Return the samples of a JPEG segment, uint8 (h, w, samples), as Pillow has the pixels of that JPEG."""
    height, width, samples = values.shape
    if samples == 4:  # Pillow inverts them, see `decode`
        return Image.frombytes("CMYK", (width, height), (255 - values).tobytes())
    return Image.fromarray(np.ascontiguousarray(values[..., 0] if samples == 1 else values))


def _encode_jpeg(layout: Layout, values: np.ndarray, before: bytes) -> bytes:
    old = JpegImagePlugin.JpegImageFile(io.BytesIO(complete_jpeg(layout, before)))
    with old:
        options: dict[str, Any] = {"qtables": old.quantization}
        if layout.segment_samples == 3:
            options["subsampling"] = JpegImagePlugin.get_sampling(old)
            options["keep_rgb"] = layout.photometric != _YCBCR
    file = io.BytesIO()
    jpeg_image(values).save(file, "JPEG", **options)
    return file.getvalue()
