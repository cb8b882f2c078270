"""Decoding a JPEG file to its coefficients, and encoding them again scan by scan as the file has them."""

from collections.abc import Iterable, Iterator

import numpy as np

from inpaint.photos.metadata.jpeg_segments import Segment

from .jpeg_huffman import HuffmanTable, optimal_table, quick_of, read_tables
from .jpeg_structure import DHT, EOI, SOI, Frame, JpegFile, Scan, damaged

_AC = 16
_BLOCKS_AT_ONCE = 4096
_REASONS = (
    "",
    "a scan has a code that does not exist",
    "a scan is cut off",
    "a restart marker is missing",
    "a coefficient is out of range",
)


def decode(file: JpegFile, data: bytes) -> np.ndarray:
    """Return all quantized coefficients of a JPEG file: int16 (blocks, 64) in zigzag order.

    Args:
        file: its structure.
        data: its bytes.

    Raises:
        CannotRewriteError: it is damaged.
    """
    from . import jpeg_decode_kernels as kernels  # numba

    coefficients = np.zeros((file.frame.blocks, 64), np.int16)
    values = np.frombuffer(data, np.uint8)
    tables: dict[int, HuffmanTable] = {}
    for part in file.parts:
        if isinstance(part, Segment):
            tables |= read_tables(part.payload) if part.marker == DHT else {}
            continue
        names = _tables_of(part)
        if any(name not in tables for name in names):
            raise damaged("a Huffman table is missing")
        lookup = np.stack([tables[name].lookup() for name in names] or [np.zeros(1 << 16, np.uint16)])
        quick = np.stack([quick_of(row) for row in lookup])
        kernel = getattr(kernels, f"decode_{_kind(part)}")
        layout, units = _layout(part, file.frame, names)
        status = kernel(values, part.start, part.end, layout, units, lookup, quick, _band(part), coefficients)
        if status != kernels.OK:
            raise damaged(_REASONS[status])
    return coefficients


def encode(file: JpegFile, parts: list[Segment | Scan], coefficients: np.ndarray) -> bytes:
    """Return a JPEG file with coefficients in the scans, Huffman tables and restart intervals of another file.

    Only where a table has no code for what a scan needs now, a new one is written in front of that scan.

    Args:
        file: structure of the other file.
        parts: its segments and scans, without metadata that is to be left out.
        coefficients: as `decode` returns them.
    """
    pieces = [bytes((0xFF, SOI))]
    tables: dict[int, HuffmanTable] = {}
    for part in parts:
        if isinstance(part, Segment):
            tables |= read_tables(part.payload) if part.marker == DHT else {}
            pieces.append(part.to_bytes())
        else:
            pieces += _scan(part, file.frame, tables, coefficients)
    return b"".join([*pieces, bytes((0xFF, EOI))])


def _scan(scan: Scan, frame: Frame, tables: dict[int, HuffmanTable], coefficients: np.ndarray) -> list[bytes]:
    """Return a scan's new tables, header and data, and add the new tables to those of the file."""
    names = _tables_of(scan)
    data = None
    if not frame.is_progressive:  # whose tables, made for their scan alone, hardly ever have all codes
        data = _written(_tokens(scan, frame, names, coefficients), _codes(names, tables))
    pieces = []
    if data is None:
        counts = _counts(_tokens(scan, frame, names, coefficients))
        for name, row in zip(names, counts, strict=False):
            if (row[tables[name].lengths == 0] > 0).any():
                tables[name] = optimal_table(row)
                pieces.append(Segment(DHT, bytes((name,)) + tables[name].payload).to_bytes())
        data = _written(_tokens(scan, frame, names, coefficients), _codes(names, tables)) or b""
    return [*pieces, scan.header.to_bytes(), data]


def _tokens(scan: Scan, frame: Frame, names: list[int], coefficients: np.ndarray) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the tokens of a scan in parts, each valid until the next one, and whether it is the last one."""
    from . import jpeg_encode_kernels as kernels  # numba

    layout, units = _layout(scan, frame, names)
    total = int(units[0] * units[1])
    step = max(1, _BLOCKS_AT_ONCE // len(layout))
    tokens = np.empty(min(step, total) * (len(layout) * kernels.LARGEST + 2) + kernels.MARGIN, np.uint32)
    state, corrections = np.zeros(6, np.int64), np.zeros(1000, np.uint8)
    kernel = getattr(kernels, f"encode_{_kind(scan)}")
    for start in range(0, total, step):
        stop = min(start + step, total)
        count = kernel(coefficients, layout, units, _band(scan), start, stop, state, corrections, tokens)
        yield tokens[:count], stop == total


def _written(parts: Iterable[tuple[np.ndarray, bool]], codes: np.ndarray) -> bytes | None:
    """Return the bytes of tokens, None if a symbol has no code."""
    from . import jpeg_encode_kernels as kernels  # numba

    pieces, pending = [], np.zeros(2, np.int64)
    for tokens, is_last in parts:
        output = np.empty(8 * len(tokens) + 16, np.uint8)
        length = kernels.write(tokens, codes, pending, is_last, output)
        if length < 0:
            return None
        pieces.append(output[:length].tobytes())
    return b"".join(pieces)


def _counts(parts: Iterable[tuple[np.ndarray, bool]]) -> np.ndarray:
    """Return how often each symbol of each table occurs: int64 (8, 256)."""
    from . import jpeg_encode_kernels as kernels  # numba

    counts = np.zeros((8, 256), np.int64)
    for tokens, _ in parts:
        kernels.count_symbols(tokens, counts)
    return counts


def _codes(names: list[int], tables: dict[int, HuffmanTable]) -> np.ndarray:
    """Return the codes of tables as `jpeg_encode_kernels.write` takes them."""
    codes = [tables[name].codes * 32 + tables[name].lengths for name in names]
    return np.stack(codes) if codes else np.zeros((1, 256), np.int64)


def _kind(scan: Scan) -> str:
    """Return which kernel codes a scan."""
    if scan.first == 0:
        return "dc_bit" if scan.high else "first"
    return "ac_bit" if scan.high else "ac_first"


def _tables_of(scan: Scan) -> list[int]:
    """Return the names of the Huffman tables that a scan uses, as `read_tables` names them."""
    names = []
    if scan.first == 0 and not scan.high:
        names += [direct for _, direct, _ in scan.components]
    if scan.last > 0:
        names += [_AC + alternating for _, _, alternating in scan.components]
    return sorted(set(names))


def _band(scan: Scan) -> np.ndarray:
    return np.array([scan.first, scan.last, scan.low], np.int64)


def _layout(scan: Scan, frame: Frame, names: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the blocks in a unit of a scan, and how many units there are, see `jpeg_decode_kernels`."""
    rows = {name: row for row, name in enumerate(names)}
    parts = []
    for slot, (index, direct, alternating) in enumerate(scan.components):
        component = frame.components[index]
        across, down = (component.across, component.down) if len(scan.components) > 1 else (1, 1)
        tables = rows.get(direct, 0), rows.get(_AC + alternating, 0)
        parts += [
            (slot, *tables, component.first, component.columns, across, down, column, row)
            for row in range(down)
            for column in range(across)
        ]
    if len(scan.components) > 1:
        component = frame.components[0]
        size = component.columns // component.across, component.rows // component.down
    else:
        component = frame.components[scan.components[0][0]]
        size = component.own_columns, component.own_rows
    return np.array(parts, np.int64), np.array([*size, scan.interval], np.int64)
