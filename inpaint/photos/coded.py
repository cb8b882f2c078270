"""How the picture of an AVIF or HEIC file is coded: bits, chroma subsampling and colour space."""

import struct
from typing import NamedTuple

from .isobmff import Item, ItemFile

_NCLX = b"nclx"
UNSPECIFIED = 2
IDENTITY = 0
"""Matrix coefficients of files that store RGB itself."""


class Coding(NamedTuple):
    """How a picture is coded.

    Attributes:
        depth: bits per sample: 8, 10 or 12.
        subsampling: "4:4:4", "4:2:2", "4:2:0", or "4:0:0" for greyscale.
        primaries: code of the colour primaries, such as 12 for Display P3.
        transfer: code of the transfer characteristics, such as 16 for PQ.
        matrix: code of the matrix coefficients.
        full_range: whether black is 0.

    Reference:
        ITU-T H.273, tables 2 to 4, has the codes.
    """

    depth: int
    subsampling: str
    primaries: int
    transfer: int
    matrix: int
    full_range: bool

    @property
    def lossless(self) -> bool:
        """Whether the file stores RGB itself, as lossless ones do."""
        return self.matrix == IDENTITY and self.subsampling == "4:4:4"


def coding_of(file: ItemFile) -> Coding:
    """Return how the primary picture of a file is coded; of one made of tiles, the first tile.

    Raises:
        ValueError: it is not AV1 or HEVC.
    """
    primary = file.items[file.primary]
    tiles = file.targets(b"dimg", file.primary)
    coded = file.items[tiles[0]] if primary.kind == b"grid" and tiles and tiles[0] in file.items else primary
    depth, subsampling = _depth_and_subsampling(coded)
    colour = nclx_of(primary) or nclx_of(coded)
    if colour is None:
        return Coding(depth, subsampling, UNSPECIFIED, UNSPECIFIED, UNSPECIFIED, True)
    primaries, transfer, matrix, flags = struct.unpack(">3HB", colour)
    return Coding(depth, subsampling, primaries, transfer, matrix, bool(flags & 0x80))


def nclx_of(item: Item) -> bytes | None:
    """Return the colour codes of an item: primaries, transfer and matrix of 2 bytes each, and flags; or None."""
    contents = (entry.content for entry in item.properties if entry.kind == b"colr")
    return next((content[4:11] for content in contents if content[:4] == _NCLX and len(content) >= 11), None)


def with_primaries(colour: bytes, primaries: int, transfer: int) -> bytes:
    """Return the content of a colr box: these primaries and this transfer, all else from the codes of `nclx_of`."""
    return _NCLX + struct.pack(">2H", primaries, transfer) + colour[4:]


def _depth_and_subsampling(item: Item) -> tuple[int, str]:
    """Return bits and subsampling from the decoder configuration.

    Reference:
        AV1 Codec ISO Media File Format Binding 1.2.0, section 2.3.3; ISO/IEC 14496-15, section 8.3.3.1.
    """
    av1, hevc = item.first(b"av1C"), item.first(b"hvcC")
    if av1 is not None and len(av1) >= 4:
        bits = av1[2]
        depth = (12 if bits & 0x20 else 10) if bits & 0x40 else 8
        if bits & 0x10:
            return depth, "4:0:0"
        return depth, ("4:2:0" if bits & 0x04 else "4:2:2") if bits & 0x08 else "4:4:4"
    if hevc is not None and len(hevc) >= 19:
        return 8 + (hevc[17] & 7), ("4:0:0", "4:2:0", "4:2:2", "4:4:4")[hevc[16] & 3]
    raise ValueError("the picture is not coded in AV1 or HEVC")
