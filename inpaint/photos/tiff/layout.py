"""How the samples of a TIFF picture are stored: their type, and the grid of strips or tiles they are in."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .structure import Directory, Structure

MAX_SEGMENTS = 1 << 18
MAX_SEGMENT_BYTES = 1 << 31
MAX_SAMPLES = 32
_SMALLEST_TILE = 8  # TIFF has multiples of 16
_SLACK_BYTES = 1 << 26
_PREDICTED = (5, 8, 32946, 34925, 50000)
"""Compressions for which libtiff looks at the predictor: LZW, deflate, LZMA and Zstandard."""
_UNSIGNED = (*range(1, 33), 64)
_FORMATS = {1: "u", 2: "i", 3: "f", 4: "u"}


class UnsupportedTiffError(Exception):
    """A picture is stored in a way that cannot be read here; the message is the part of a sentence that says why."""


@dataclass(frozen=True)
class Layout:
    """How the samples of a picture are stored.

    Attributes:
        width: of the stored picture, which may lie on its side.
        height: of the stored picture.
        samples: samples per pixel, with those that are not colour.
        bits: bits per sample, of all samples.
        kind: "u" unsigned, "i" signed, "f" floating point.
        photometric: 0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr ...
        extra: meaning of the samples beyond colour: 0 unspecified, 1 associated alpha, 2 unassociated alpha.
        planar: whether each sample has segments of its own.
        segment: (width, height) of a tile; of a strip: the picture's width and the rows per strip.
        tiled: whether segments are tiles, all of one size; strips end with the picture.
        compression: number of the compression; 1 is none.
        predictor: 1 none, 2 differences of neighbours, 3 differences of the bytes of floating-point numbers.
        fill_order: 2 if the bits of each byte are reversed.
        order: "<" or ">", the byte order of numbers.
        offsets: where each segment is in the file; of planar pictures, all of the first sample come first.
        counts: length of each segment in bytes; 0 for one that is not stored, whose samples are 0.
        tables: JPEG tables that the segments share; b"" for none.
        subsampling: of chroma, across and down.
    """

    width: int
    height: int
    samples: int
    bits: int
    kind: str
    photometric: int
    extra: tuple[int, ...]
    planar: bool
    segment: tuple[int, int]
    tiled: bool
    compression: int
    predictor: int
    fill_order: int
    order: Literal["<", ">"]
    offsets: np.ndarray
    counts: np.ndarray
    tables: bytes
    subsampling: tuple[int, int]

    @property
    def grid(self) -> tuple[int, int]:
        """How many segments lie side by side, and how many above each other."""
        return -(-self.width // self.segment[0]), -(-self.height // self.segment[1])

    @property
    def segment_samples(self) -> int:
        """How many samples a pixel of one segment has."""
        return 1 if self.planar else self.samples

    @property
    def row_bytes(self) -> int:
        """Length of a row of a segment, before compression."""
        return -(-self.segment[0] * self.segment_samples * self.bits // 8)

    @property
    def dtype(self) -> np.dtype:
        """The type of unpacked samples, in native byte order."""
        size = next((size for size in (8, 16, 32, 64) if self.bits <= size), 64)
        return np.dtype(f"{self.kind}{size // 8}")

    def with_black_zero(self) -> "Layout":
        """Return the same with the smallest sample black: how samples that are not colour are read."""
        return replace(self, photometric=1)

    def rows_of(self, down: int) -> int:
        """Return how many rows the segments have in a row of the grid."""
        return self.segment[1] if self.tiled else min(self.segment[1], self.height - down * self.segment[1])


def layout_of(structure: Structure, directory: Directory) -> Layout:
    """Return how the picture of a directory is stored.

    Raises:
        PhotoError: the file is damaged.
        UnsupportedTiffError: its samples differ in type, or are of one that is not supported.
    """
    first = structure.first
    width, height, samples = first(directory, 256, 0), first(directory, 257, 0), max(1, first(directory, 277, 1))
    if width < 1 or height < 1:
        raise structure.damaged(f"a picture of it is {width}x{height}")
    if samples > MAX_SAMPLES:
        raise UnsupportedTiffError(f"it has {samples} samples per pixel")
    bits = _of_all(structure, directory, 258, 1, samples, "bits per sample")
    number = _of_all(structure, directory, 339, 1, samples, "sample formats")
    kind = _FORMATS.get(number)
    if kind is None or bits not in ((16, 32, 64) if kind == "f" else (8, 16, 32, 64) if kind == "i" else _UNSIGNED):
        raise UnsupportedTiffError("its samples are of a type that is not supported")
    tiled = 322 in directory.entries
    rows = first(directory, 278, height) or height
    segment = (first(directory, 322, 0), first(directory, 323, 0)) if tiled else (width, min(rows, height))
    if min(segment) < (_SMALLEST_TILE if tiled else 1):
        raise structure.damaged(f"its tiles are {segment[0]}x{segment[1]}")
    sampling = structure.numbers(directory, 530).tolist()
    layout = Layout(
        width, height, samples, bits, kind,
        photometric=first(directory, 262, 1),
        extra=tuple(int(value) for value in structure.numbers(directory, 338)[:MAX_SAMPLES]),
        planar=first(directory, 284, 1) == 2 and samples > 1,
        segment=segment,
        tiled=tiled,
        compression=first(directory, 259, 1),
        predictor=first(directory, 317, 1) if first(directory, 259, 1) in _PREDICTED else 1,
        fill_order=first(directory, 266, 1),
        order=structure.order,
        offsets=structure.numbers(directory, 324 if tiled else 273),
        counts=structure.numbers(directory, 325 if tiled else 279),
        tables=structure.raw(directory, 347),
        subsampling=(int(sampling[0]), int(sampling[1])) if len(sampling) == 2 else (2, 2),
    )  # fmt: skip
    return _checked(structure, layout)


def _of_all(structure: Structure, directory: Directory, tag: int, default: int, samples: int, what: str) -> int:
    values = set(structure.numbers(directory, tag)[:samples].tolist()) or {default}
    if len(values) > 1:
        raise UnsupportedTiffError(f"its {what} differ: {', '.join(map(str, sorted(values)))}")
    return int(values.pop())


def _checked(structure: Structure, layout: Layout) -> Layout:
    across, down = layout.grid
    planes = layout.samples if layout.planar else 1
    segments, size = across * down * planes, layout.row_bytes * layout.segment[1]
    pixels = layout.width * layout.height * layout.samples
    if segments > MAX_SEGMENTS or size > MAX_SEGMENT_BYTES:
        raise UnsupportedTiffError(f"it has {segments} strips or tiles of {size} bytes")
    if segments * size > 4 * pixels * max(1, layout.bits // 8) + _SLACK_BYTES:
        raise structure.damaged(f"its tiles of {layout.segment[0]}x{layout.segment[1]} are larger than the picture")
    if len(layout.offsets) < segments:
        raise structure.damaged(f"it has {len(layout.offsets)} strips or tiles of {segments}")
    counts = layout.counts
    if len(counts) < segments:
        counts = _guessed_counts(structure, layout, segments)
    offsets, counts = layout.offsets[:segments].astype(np.int64), counts[:segments].astype(np.int64)
    if (offsets < 0).any() or (counts < 0).any() or (counts > structure.size).any():
        raise structure.damaged("a strip or tile is outside the file")
    return replace(layout, offsets=offsets, counts=counts)


def _guessed_counts(structure: Structure, layout: Layout, segments: int) -> np.ndarray:
    """Return the lengths of segments, for a file that does not state them."""
    if layout.compression == 1:
        across, down = layout.grid
        return np.array([layout.rows_of(index // across % down) for index in range(segments)]) * layout.row_bytes
    if segments == 1:
        return np.array([structure.size - int(layout.offsets[0])], np.int64)
    raise structure.damaged("the lengths of its strips or tiles are missing")
