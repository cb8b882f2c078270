"""What a JPEG file consists of: components, frame, scans and segments."""

from typing import NamedTuple

import numpy as np

from inpaint.photos.metadata.jpeg_segments import Segment

from .rewrite import CannotRewriteError

DHT, DQT, DRI, SOS, EOI, SOI = 0xC4, 0xDB, 0xDD, 0xDA, 0xD9, 0xD8
BASELINE, EXTENDED, PROGRESSIVE = 0xC0, 0xC1, 0xC2


class Component(NamedTuple):
    """A colour channel of a frame.

    Attributes:
        identifier: its number in the file.
        across: horizontal sampling factor.
        down: vertical sampling factor.
        table: which quantization table it uses.
        first: index of its first block among the blocks of all components.
        columns: blocks in a row, in whole interleaved units.
        rows: rows of blocks, in whole interleaved units.
        own_columns: blocks in a row of a scan of this component alone.
        own_rows: rows of blocks in such a scan.
    """

    identifier: int
    across: int
    down: int
    table: int
    first: int
    columns: int
    rows: int
    own_columns: int
    own_rows: int


class Frame(NamedTuple):
    """A frame header.

    Attributes:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        is_progressive: whether several scans may make up a coefficient.
        components: colour channels.
        across: largest horizontal sampling factor.
        down: largest vertical sampling factor.
    """

    width: int
    height: int
    is_progressive: bool
    components: tuple[Component, ...]
    across: int
    down: int

    @property
    def blocks(self) -> int:
        """How many blocks all components have."""
        return sum(component.columns * component.rows for component in self.components)


class Scan(NamedTuple):
    """A scan: its header and where its entropy-coded data lie.

    Attributes:
        header: the SOS segment.
        components: for each of its components the index in the frame, and the DC and AC Huffman tables.
        first: the first coefficient of a block, in zigzag order.
        last: the last one.
        high: bits of the coefficients that earlier scans have left out; 0: this is their first scan.
        low: bits that this scan leaves out.
        start: where the data begin in the file.
        end: where they end.
        interval: units between restart markers, 0: none.
    """

    header: Segment
    components: tuple[tuple[int, int, int], ...]
    first: int
    last: int
    high: int
    low: int
    start: int
    end: int
    interval: int


class JpegFile(NamedTuple):
    """A JPEG file that can be edited.

    Attributes:
        parts: segments and scans in their order, without SOI and EOI.
        frame: the header of its only frame.
        tables: quantization tables of the components, float32 (64,) in zigzag order.
        end: where the picture ends in the file, after EOI.
    """

    parts: list[Segment | Scan]
    frame: Frame
    tables: list[np.ndarray]
    end: int


def damaged(reason: str) -> CannotRewriteError:
    """Return the error of a file that does not follow the standard.

    Args:
        reason: what is wrong, such as "a scan is cut off".
    """
    return CannotRewriteError(f"this JPEG is damaged ({reason}), so all of the photo was encoded anew")
