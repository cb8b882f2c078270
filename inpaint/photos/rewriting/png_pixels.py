"""Compress the pixels of a photo as a PNG file of a given bit depth and colour type stores them."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from inpaint.photos import png
from inpaint.photos.modes import low_bytes, without_info
from inpaint.photos.png_compression import png_options
from inpaint.photos.sixteen_bit import array_strips

_MODES = {
    (1, png.GREY): "1",
    **dict.fromkeys(((2, png.GREY), (4, png.GREY), (8, png.GREY)), "L"),
    (16, png.GREY): "I;16",
    (8, png.GREY_ALPHA): "LA",
    (8, png.RGB): "RGB",
    (8, png.RGB_ALPHA): "RGBA",
    **dict.fromkeys(((depth, png.PALETTE) for depth in (1, 2, 4, 8)), "P"),
}
_DEEP_MODES = {png.GREY_ALPHA: "LA", png.RGB: "RGB", png.RGB_ALPHA: "RGBA"}


def idat_chunks(photo: Image.Image, header: png.Header) -> Iterator[png.Chunk]:
    """Yield the IDAT chunks with the pixels of a photo, not interlaced.

    Args:
        photo: in the mode that Pillow, and `open_photo`, give to a file with this header.
        header: of the file; only its depth and colour type count.

    Raises:
        ValueError: the photo is not in that mode, or it has fewer bits.
    """
    if header.depth == 16 and header.colour_type in _DEEP_MODES:
        if photo.mode != _DEEP_MODES[header.colour_type] or low_bytes(photo) is None:
            raise ValueError(f"the photo has 8 bits per sample, mode {photo.mode}, and its file 16")
        return png.deep_idat(rows for _, rows in array_strips(photo))
    if photo.mode != _MODES.get((header.depth, header.colour_type)):
        raise ValueError(f"the photo has mode {photo.mode}; its file has {header.depth} bits")
    bits = header.depth if photo.mode == "P" else None
    if header.colour_type == png.GREY and header.depth in (2, 4):
        photo, bits = _as_indices(photo, header.depth), header.depth
    return _encoded(photo, bits)


def _as_indices(photo: Image.Image, depth: int) -> Image.Image:
    """Return 8-bit greyscale as small numbers in a palette image, as only these can be stored with fewer bits."""
    step = 255 // (2**depth - 1)
    indices = Image.fromarray(((np.asarray(photo).astype(np.uint16) + step // 2) // step).astype(np.uint8))
    indices.putpalette([0, 0, 0] * 2**depth)
    return indices


def _encoded(photo: Image.Image, bits: int | None) -> Iterator[png.Chunk]:
    """Yield the IDAT chunks that Pillow writes.

    Args:
        photo: in a mode that Pillow writes to PNG; its `info` does not count.
        bits: of an index of the palette; None: the photo has no palette.
    """
    plain = without_info(photo)
    options = {} if bits is None else {"bits": bits}
    plain.save(file := io.BytesIO(), "PNG", **png_options(plain), **options)
    _, chunks, _ = png.read_chunks(file.getvalue())
    return (chunk for chunk in chunks if chunk.name == b"IDAT")
