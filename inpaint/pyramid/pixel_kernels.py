"""The compiled kernels between pixels and planes (numba); indices are unsigned, see `kernels`."""

import numpy as np

from inpaint.compiled.jit import njit

from .kernels import INLINE, ONE, OPTIONS

_MOST_ROWS = np.uint64(256)  # the sum of that many pixels fits into 16 bits
_UNIT = np.float32(1)
_SCALE = np.float32(127.5)


@njit(**OPTIONS)
def downscale(pixels, pitch, hole, hole_pitch, factor, image, mask):
    """Write the mean of the known pixels of each block, see `inpaint.pyramid.fills.downscale`.

    Args:
        pixels: uint8 (n,), the colours of the picture row by row.
        pitch: uint64, distance in `pixels` of one row from the next.
        hole: uint8 (m,) in {0, 1}.
        hole_pitch: uint64, distance in `hole` of one row from the next.
        factor: int64, side of a block in pixels.
        image: float32 (3, h, w), written.
        mask: float32 (h, w), written.
    """
    height, width = mask.shape
    if factor == 1:
        for y in range(np.uint64(height)):
            _convert_row(pixels, y * pitch, hole, y * hole_pitch, y, image, mask)
        return
    side, area = np.uint64(factor), np.float32(factor * factor)
    columns = np.empty(3 * width * factor, np.uint16)
    unknown = np.empty(width * factor, np.uint16)
    sums = np.empty((2, 4, width * factor), np.float32)
    for least in (np.float32(0.5) * area, _UNIT):
        known_blocks = np.float32(0)
        for y in range(np.uint64(height)):
            for channel in range(np.uint64(4)):
                for x in range(np.uint64(width * factor)):
                    sums[np.uint64(0), channel, x] = np.float32(0)
            for top in range(y * side, y * side + side, _MOST_ROWS):
                stop = min(y * side + side, top + _MOST_ROWS)
                _add_rows(pixels, top, stop, pitch, columns)
                _add_rows(hole, top, stop, hole_pitch, unknown)
                _add_colours(columns, unknown, sums)
            used = _add_columns(sums, factor, width)
            for x in range(np.uint64(width)):
                if 0 < sums[used, np.uint64(3), x] < area:
                    _add_known(pixels, pitch, hole, hole_pitch, y, x, side, sums[used])
            known_blocks += _write_means(sums[used], area, least, y, image, mask)
        if known_blocks > 0:  # else those are known that have any known pixel
            return


@njit(**INLINE)
def _convert_row(pixels, start, hole, hole_start, y, image, mask):
    step = np.uint64(3)
    for x in range(np.uint64(mask.shape[1])):
        known = _UNIT - np.float32(hole[hole_start + x])
        mask[y, x] = np.float32(hole[hole_start + x])
        for channel in range(step):
            image[channel, y, x] = (np.float32(pixels[start + x * step + channel]) / _SCALE - _UNIT) * known


@njit(**INLINE)
def _add_rows(values, start, stop, pitch, out):
    """Write the sums of columns of the rows from `start` to `stop` to `out`, uint16 (n,)."""
    for index in range(np.uint64(len(out))):
        out[index] = values[start * pitch + index]
    for row in range(start + ONE, stop):
        for index in range(np.uint64(len(out))):
            out[index] += values[row * pitch + index]


@njit(**INLINE)
def _add_colours(columns, unknown, sums):
    """Add to the sums of each column, float32 (2, 4, W), in the first half: three colours, and the hole pixels."""
    zero, two, three = np.uint64(0), np.uint64(2), np.uint64(3)
    for x in range(np.uint64(len(unknown))):
        sums[zero, zero, x] += np.float32(columns[three * x])
        sums[zero, ONE, x] += np.float32(columns[three * x + ONE])
        sums[zero, two, x] += np.float32(columns[three * x + two])
    for x in range(np.uint64(len(unknown))):
        sums[zero, three, x] += np.float32(unknown[x])


@njit(**INLINE)
def _add_columns(sums, factor, width):
    """Add up the columns of each block, two by two as long as that is possible, and return in which half they are."""
    source, two = 0, np.uint64(2)
    while factor % 2 == 0:
        factor //= 2
        finer, coarser = sums[source], sums[1 - source]
        for channel in range(np.uint64(4)):
            for x in range(np.uint64(width * factor)):
                coarser[channel, x] = finer[channel, two * x] + finer[channel, two * x + ONE]
        source = 1 - source
    if factor == 1:
        return source
    finer, coarser = sums[source], sums[1 - source]
    for channel in range(np.uint64(4)):
        for x in range(np.uint64(width)):
            total = np.float32(0)
            for column in range(x * np.uint64(factor), x * np.uint64(factor) + np.uint64(factor)):
                total += finer[channel, column]
            coarser[channel, x] = total
    return 1 - source


@njit(**INLINE)
def _add_known(pixels, pitch, hole, hole_pitch, y, x, side, sums):
    """Write the sum of the known pixels of a block that has others too."""
    step = np.uint64(3)
    red, green, blue = np.int32(0), np.int32(0), np.int32(0)
    for row in range(y * side, y * side + side):
        start, hole_start = row * pitch + x * side * step, row * hole_pitch + x * side
        for column in range(side):
            known = np.int32(1) - np.int32(hole[hole_start + column])
            red += known * np.int32(pixels[start + column * step])
            green += known * np.int32(pixels[start + column * step + ONE])
            blue += known * np.int32(pixels[start + column * step + ONE + ONE])
    sums[0, x], sums[1, x], sums[2, x] = red, green, blue


@njit(**INLINE)
def _write_means(sums, area, least, y, image, mask):
    """Write a row: blocks are hole that have fewer than `least` known pixels. Return how many are known."""
    known_blocks = np.float32(0)
    for x in range(np.uint64(mask.shape[1])):
        known = area - sums[np.uint64(3), x]
        weight = _UNIT if known >= least else np.float32(0)
        known_blocks += weight
        mask[y, x] = _UNIT - weight
        sums[np.uint64(3), x] = weight / (_SCALE * (known if known > 0 else _UNIT))
    for channel in range(np.uint64(3)):
        for x in range(np.uint64(mask.shape[1])):
            value = sums[channel, x] * sums[np.uint64(3), x] - (_UNIT - mask[y, x])
            image[channel, y, x] = value if value < _UNIT else _UNIT  # rounding may exceed it
    return known_blocks


@njit(**OPTIONS)
def composite(image, prediction, mask, out):
    """Write the pixels of the prediction inside the hole and of the image outside.

    Args:
        image: float32 (3, h, w).
        prediction: float32 (3, h, w).
        mask: float32 (h, w), the hole is where it exceeds 0.5.
        out: uint8 (h, w, 3), written.
    """
    height, width = mask.shape
    row = np.empty((3, width), np.float32)
    bits = row.view(np.int32)
    shift, zero, most = np.float32(2**23), np.float32(0), np.float32(255)
    for y in range(np.uint64(height)):
        for channel in range(np.uint64(3)):
            for x in range(np.uint64(width)):
                outside, inside = image[channel, y, x], prediction[channel, y, x]
                value = inside if mask[y, x] > np.float32(0.5) else outside
                value = (value + _UNIT) * _SCALE
                value = value if value == value else _SCALE  # NaN
                value = value if value > zero else zero
                value = value if value < most else most
                row[channel, x] = value + shift  # rounds half to even; the lowest bits are then the number
        for x in range(np.uint64(width)):
            out[y, x, np.uint64(0)] = np.uint8(bits[np.uint64(0), x] & np.int32(255))
            out[y, x, np.uint64(1)] = np.uint8(bits[np.uint64(1), x] & np.int32(255))
            out[y, x, np.uint64(2)] = np.uint8(bits[np.uint64(2), x] & np.int32(255))


@njit(**OPTIONS, fastmath=True)
def transfer_low_frequencies(image, source, mask, block, taps, out):
    """Write the image plus the difference of the source's and its own low frequencies.

    Args:
        image: float32 (3, H, W); H and W multiples of `block`.
        source: float32 (3, H, W).
        mask: float32 (H, W) in {0, 1}: where the images differ; elsewhere the difference counts as 0.
        block: int64, side in pixels of the blocks whose means are compared.
        taps: float32 (block, 4), the weights of four blocks for each pixel between the middles of the two inner ones.
        out: float32 (3, H, W), written.
    """
    _, height, width = image.shape
    rows, columns, side = height // block, width // block, np.uint64(block)
    differences = np.empty((rows, columns), np.float32)
    mixed = np.empty(columns, np.float32)
    scale = np.float32(1) / np.float32(block * block)
    for channel in range(np.uint64(3)):
        for y in range(np.uint64(rows)):
            for x in range(np.uint64(columns)):
                total = np.float32(0)
                for row in range(y * side, y * side + side):
                    for column in range(x * side, x * side + side):
                        total += mask[row, column] * (source[channel, row, column] - image[channel, row, column])
                differences[y, x] = total * scale
        for row in range(height):
            place = row + block - block // 2  # from the middle of the block above the image
            _mix(differences, place // block - 1, taps[place % block], mixed)
            y = np.uint64(row)
            for group in range(-1, columns):
                first, second, third, fourth = _four(mixed, group)
                start = group * block + block // 2
                shift = max(-start, 0)
                phase = np.uint64(shift)
                left = np.uint64(start + shift)
                for index in range(np.uint64(min(start + block, width) - start - shift)):
                    at = phase + index
                    value = first * taps[at, np.uint64(0)] + second * taps[at, ONE]
                    value += third * taps[at, np.uint64(2)] + fourth * taps[at, np.uint64(3)]
                    out[channel, y, left + index] = image[channel, y, left + index] + value


@njit(**INLINE)
def _mix(differences, row, weights, out):
    """Write the weighted mean of four rows, from the one above `row` on; the outermost ones are repeated."""
    last = len(differences) - 1
    for x in range(np.uint64(differences.shape[1])):
        total = np.float32(0)
        for tap in range(4):
            total += weights[tap] * differences[np.uint64(min(max(row - 1 + tap, 0), last)), x]
        out[x] = total


@njit(**INLINE)
def _four(values, index):
    """Return four values, from the one before `index` on; the outermost ones are repeated."""
    last = len(values) - 1
    return (
        values[np.uint64(min(max(index - 1, 0), last))],
        values[np.uint64(min(max(index, 0), last))],
        values[np.uint64(min(index + 1, last))],
        values[np.uint64(min(index + 2, last))],
    )
