"""Convert between the bytes of uncompressed rows and samples: bit depths, byte orders, predictors.

Reference:
    Adobe, TIFF 6.0, section 14 (predictor 2); Photoshop TIFF Technical Note 3 of 2005 (predictor 3).
"""

import numpy as np

from .layout import Layout, UnsupportedTiffError

_BLOCK_SAMPLES = 1 << 18


def unpack(layout: Layout, data: bytes | memoryview, rows: int) -> np.ndarray:
    """Return the samples of a segment.

    Args:
        layout: how they are stored.
        data: at least `rows` times `layout.row_bytes` bytes.
        rows: how many rows to read.

    Returns:
        (rows, width of a segment, its samples) in `layout.dtype`. May be read-only.
    """
    width, samples = layout.segment[0], layout.segment_samples
    lines = np.frombuffer(data, np.uint8, rows * layout.row_bytes).reshape(rows, -1)
    if layout.predictor == 3:
        return _without_float_differences(layout, lines)
    if layout.bits not in (8, 16, 32, 64):
        _check_no_predictor(layout)
        return _from_bits(lines, layout.bits, width * samples, layout.dtype).reshape(rows, width, samples)
    values = lines.view(layout.dtype.newbyteorder(layout.order)).reshape(rows, width, samples)
    if layout.predictor != 2:
        return values.astype(layout.dtype, copy=False)
    _check_whole_numbers(layout)
    return np.cumsum(values, axis=1, dtype=values.dtype.newbyteorder("="))


def pack(layout: Layout, values: np.ndarray) -> bytes:
    """Return the bytes of the samples of a segment, as `unpack` reads them.

    Args:
        layout: how they are to be stored.
        values: (rows, width of a segment, its samples) in `layout.dtype`.
    """
    rows = len(values)
    if layout.predictor == 3:
        return _with_float_differences(layout, values)
    if layout.bits not in (8, 16, 32, 64):
        _check_no_predictor(layout)
        return _to_bits(values.reshape(rows, -1), layout.bits).tobytes()
    if layout.predictor == 2:
        _check_whole_numbers(layout)
        values = values.copy()
        values[:, 1:] -= values[:, :-1].copy()
    return values.astype(layout.dtype.newbyteorder(layout.order), copy=False).tobytes()


def _check_no_predictor(layout: Layout) -> None:
    if layout.predictor != 1:
        raise UnsupportedTiffError(f"it has {layout.bits} bits per sample with predictor {layout.predictor}")


def _check_whole_numbers(layout: Layout) -> None:
    if layout.kind == "f":
        raise UnsupportedTiffError("it has floating-point samples with predictor 2")


def _from_bits(lines: np.ndarray, bits: int, count: int, dtype: np.dtype) -> np.ndarray:
    """Return numbers of any length in bits: (rows, count), from uint8 (rows, bytes)."""
    values = np.empty((len(lines), count), dtype)
    columns = min(count, _BLOCK_SAMPLES)  # of 8 samples, whole bytes
    rows = max(1, _BLOCK_SAMPLES // max(1, columns))
    full = 8 * dtype.itemsize
    for top in range(0, len(lines), rows):
        for left in range(0, count, columns):
            part = values[top : top + rows, left : left + columns]
            packed = lines[top : top + rows, left * bits // 8 : -(-(left + part.shape[1]) * bits // 8)]
            unpacked = np.unpackbits(packed, axis=1, count=part.shape[1] * bits).reshape(-1, bits)
            padded = np.zeros((len(unpacked), full), np.uint8)
            padded[:, full - bits :] = unpacked
            part[:] = np.packbits(padded).view(f">u{dtype.itemsize}").reshape(part.shape)
    return values


def _to_bits(values: np.ndarray, bits: int) -> np.ndarray:
    """Return uint8 (rows, bytes), each row padded with zeros to whole bytes."""
    rows, count = values.shape
    full = 8 * values.dtype.itemsize
    packed = np.empty((rows, -(-count * bits // 8)), np.uint8)
    columns = min(count, _BLOCK_SAMPLES)
    step = max(1, _BLOCK_SAMPLES // max(1, columns))
    for top in range(0, rows, step):
        for left in range(0, count, columns):
            part = np.ascontiguousarray(values[top : top + step, left : left + columns])
            bytes_ = part.astype(f">u{values.dtype.itemsize}").view(np.uint8)
            unpacked = np.unpackbits(bytes_.reshape(-1, values.dtype.itemsize), axis=1)[:, full - bits :]
            lines = np.packbits(unpacked.reshape(len(part), -1), axis=1)
            packed[top : top + step, left * bits // 8 : left * bits // 8 + lines.shape[1]] = lines
    return packed


def _without_float_differences(layout: Layout, lines: np.ndarray) -> np.ndarray:
    """Undo predictor 3: differences of bytes, after all highest bytes of a row, then all second bytes, and so on."""
    width, samples, size = layout.segment[0], layout.segment_samples, layout.dtype.itemsize
    _check_floats(layout)
    summed = np.cumsum(lines.reshape(len(lines), -1, samples), axis=1, dtype=np.uint8)
    planes = summed.reshape(len(lines), size, width * samples)
    values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(f">f{size}")
    return values.reshape(len(lines), width, samples).astype(layout.dtype)


def _with_float_differences(layout: Layout, values: np.ndarray) -> bytes:
    _check_floats(layout)
    rows, size = len(values), layout.dtype.itemsize
    big = np.ascontiguousarray(values.astype(f">f{size}")).view(np.uint8).reshape(rows, -1, size)
    lines = np.ascontiguousarray(big.transpose(0, 2, 1)).reshape(rows, -1, layout.segment_samples)
    lines[:, 1:] -= lines[:, :-1].copy()
    return lines.tobytes()


def _check_floats(layout: Layout) -> None:
    if layout.kind != "f":
        raise UnsupportedTiffError("it has whole numbers with predictor 3")
