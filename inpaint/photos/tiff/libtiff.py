"""Compress and decompress the strips of TIFF files by libtiff, which Pillow brings: one strip is one small file."""

import io
import struct

import numpy as np
from PIL import Image, TiffImagePlugin

NAMES = {2: "tiff_ccitt", 3: "group3", 4: "group4", 5: "tiff_lzw", 32773: "packbits", 50000: "zstd"}
"""Number of a compression -> Pillow's name of it."""
BILEVEL = (2, 3, 4)
_T4_OPTIONS = 292


def decompress(compression: int, data: bytes, width: int, rows: int, options: int = 0) -> bytes:
    """Decompress a strip.

    Args:
        compression: one of NAMES.
        data: the compressed bytes; of bilevel compressions the first bit is the highest one of a byte.
        width: bytes per row, or pixels per row of a bilevel compression.
        rows: rows of the strip.
        options: the tag T4Options, of compression 3.

    Returns:
        The rows; of bilevel compressions eight pixels per byte, black 1.

    Raises:
        OSError: the data are damaged.
    """
    bilevel = compression in BILEVEL
    entries = [(256, width), (257, rows), (258, 1 if bilevel else 8), (259, compression), (262, 1), (273, 0)]
    entries += [(277, 1), (278, rows), (279, len(data))]
    if compression == 3:
        entries.append((_T4_OPTIONS, options))
    head = 8 + 2 + 12 * len(entries) + 4
    entries[5] = (273, head)
    directory = b"".join(struct.pack("<2H2I", tag, 4, 1, value) for tag, value in entries)
    file = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4) + data
    image = TiffImagePlugin.TiffImageFile(io.BytesIO(file))
    with image:
        # Pillow refuses to make an image of 179 million bytes, which a photo of 30 megapixels has in one strip
        image.im = Image.core.new(image.mode, image.size)
        image.load()
        return image.tobytes()


def compress(compression: int, rows: np.ndarray, options: int = 0) -> bytes:
    """Compress a strip.

    Args:
        compression: one of NAMES.
        rows: uint8 (h, bytes per row), or bool (h, pixels per row), True = 1, for a bilevel compression.
        options: the tag T4Options, of compression 3.

    Returns:
        The compressed bytes, the first bit being the highest one of a byte.

    Raises:
        OSError: libtiff refuses.
    """
    file = io.BytesIO()
    tags = {278: len(rows)} | ({_T4_OPTIONS: options} if compression == 3 else {})
    Image.fromarray(rows).save(file, "TIFF", compression=NAMES[compression], tiffinfo=tags)
    file.seek(0)
    image = TiffImagePlugin.TiffImageFile(file)
    with image:
        (offset,), (count,) = image.tag_v2[273], image.tag_v2[279]
    return file.getvalue()[offset : offset + count]
