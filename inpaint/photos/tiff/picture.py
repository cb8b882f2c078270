"""A picture in a TIFF file: its directory, how it is stored, how it is shown, and its samples cell by cell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .layout import Layout, layout_of
from .rendition import Rendition, colours_of, rendition_of, row_blocks
from .scales import needs_range, scale_of
from .segments import DamagedSegmentError, decode_rows, decode_segment
from .structure import Directory, Structure

_COLOR_MAP = 320
_T4_OPTIONS = 292
_ALPHA_RANGE = (0.0, 1.0)


class Cell(NamedTuple):
    """A place in the grid of strips or tiles.

    Attributes:
        left: column of its first pixel.
        top: row of its first pixel.
        width: of the part that is inside the picture.
        height: of that part.
        segments: numbers of its segments; one, or of planar pictures one for each sample.
        rows: how many rows the segments have; those of tiles may be outside the picture.
    """

    left: int
    top: int
    width: int
    height: int
    segments: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class Picture:
    """A picture in a TIFF file.

    Attributes:
        structure: of the file.
        directory: its tags.
        layout: how it is stored.
    """

    structure: Structure
    directory: Directory
    layout: Layout

    @property
    def options(self) -> int:
        """The tag T4Options."""
        return self.structure.first(self.directory, _T4_OPTIONS, 0)

    def cells(self) -> Iterator[Cell]:
        """Yield the cells, row by row."""
        layout = self.layout
        (across, down), (wide, high) = layout.grid, layout.segment
        planes = layout.samples if layout.planar else 1
        for row in range(down):
            for column in range(across):
                first = row * across + column
                segments = tuple(plane * across * down + first for plane in range(planes))
                left, top = column * wide, row * high
                inside = min(wide, layout.width - left), min(high, layout.height - top)
                yield Cell(left, top, *inside, segments, layout.rows_of(row))

    def stored(self, segment: int) -> bytes:
        """Return the bytes of a segment."""
        return self.structure.read(int(self.layout.offsets[segment]), int(self.layout.counts[segment]))

    def samples(self, cell: Cell, planes: Iterable[int] | None = None) -> np.ndarray:
        """Return the samples of a cell, with those outside the picture: (rows, width of a segment, samples).

        Args:
            cell: one of `cells`.
            planes: of a planar picture, the samples to decode, others are 0; None: all.

        Raises:
            PhotoError: they cannot be decoded.
            UnsupportedTiffError: they are stored in a way that is not supported.
        """
        try:
            if not self.layout.planar:
                (segment,) = cell.segments
                return decode_segment(self.layout, self.stored(segment), cell.rows, self.options)
            result = np.zeros((cell.rows, self.layout.segment[0], self.layout.samples), self.layout.dtype)
            for plane in range(self.layout.samples) if planes is None else planes:
                data = self.stored(cell.segments[plane])
                result[..., plane] = decode_segment(self.layout, data, cell.rows, self.options)[..., 0]
            return result
        except DamagedSegmentError as error:
            raise self.structure.damaged(f"a strip or tile of it, {error}") from error

    def blocks(self, cell: Cell, planes: Iterable[int] | None = None) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the samples of a cell that are inside the picture some rows at a time, so that they take little memory.

        Args:
            cell: as for `samples`, as the errors are.
            planes: as there.

        Yields:
            Which rows of the cell, and their samples (rows, width, samples).
        """
        layout, step = self.layout, next(row_blocks(cell.rows, self.layout.segment[0])).stop
        wanted = (0,) if not layout.planar else range(layout.samples) if planes is None else planes
        streams = {
            plane: decode_rows(layout, self.stored(cell.segments[plane]), cell.rows, step, self.options)
            for plane in wanted
        }
        try:
            for top in range(0, cell.height, step):
                rows = slice(top, min(top + step, cell.height))
                inside = slice(rows.stop - top), slice(cell.width)
                if not layout.planar:
                    yield rows, next(streams[0])[inside]
                    continue
                result = np.zeros((rows.stop - top, cell.width, layout.samples), layout.dtype)
                for plane, stream in streams.items():
                    result[..., plane] = next(stream)[inside][..., 0]
                yield rows, result
        except DamagedSegmentError as error:
            raise self.structure.damaged(f"a strip or tile of it, {error}") from error

    def in_blocks(self) -> "Picture":
        """Return the picture with strips of fewer rows where the file has large ones without compression.

        Many programs write one strip for the whole picture, and each step of decoding makes a copy of a strip.
        """
        layout = self.layout
        strip, most = layout.segment[1], next(row_blocks(layout.segment[1], layout.width)).stop
        rows = next(rows for rows in range(most, 0, -1) if strip % rows == 0)
        down = layout.grid[1]
        heights = [layout.rows_of(row) for row in range(down)] * (len(layout.counts) // down)
        complete = (layout.counts >= np.array(heights) * layout.row_bytes).all()
        if layout.tiled or layout.compression != 1 or rows == strip or not complete:
            return self
        offsets, counts = [], []
        for offset, height in zip(layout.offsets.tolist(), heights, strict=True):
            for top in range(0, height, rows):
                offsets.append(offset + top * layout.row_bytes)
                counts.append(min(rows, height - top) * layout.row_bytes)
        segment = layout.segment[0], rows
        return replace(
            self, layout=replace(layout, segment=segment, offsets=np.array(offsets), counts=np.array(counts))
        )

    def rendition(self) -> Rendition:
        """Return how the picture is shown as a photo.

        Raises:
            PhotoError: the file is damaged.
            UnsupportedTiffError: its colours or its samples are of a kind that is not supported.
        """
        colours = colours_of(self.layout)
        low, high = self._range(colours) if needs_range(self.layout) else (0.0, 0.0)
        scale = scale_of(self.layout, colours > 1, low, high)
        alpha_range = _ALPHA_RANGE if self.layout.kind == "f" else (low, high)
        alpha = scale_of(self.layout.with_black_zero(), True, *alpha_range)
        palette = self.structure.numbers(self.directory, _COLOR_MAP)
        return rendition_of(self.layout, scale, alpha, palette)

    def _range(self, colours: int) -> tuple[float, float]:
        """Return the smallest and the largest of the finite colour samples."""
        low, high = np.inf, -np.inf
        for cell in self.cells():
            for _, samples in self.blocks(cell, range(colours)):
                block = samples[..., :colours]
                finite = block[np.isfinite(block)] if block.dtype.kind == "f" else block
                if finite.size:
                    low, high = min(low, float(finite.min())), max(high, float(finite.max()))
        return (low, high) if low <= high else (0.0, 1.0)


def picture_of(structure: Structure, directory: Directory) -> Picture:
    """Return the picture of a directory, see `layout.layout_of` for errors."""
    return Picture(structure, directory, layout_of(structure, directory))
