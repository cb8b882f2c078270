"""The compiled kernels between pixels and planes (numba); indices are unsigned, see `kernels`."""

import numpy as np

from inpaint.compiled.jit import njit

from .kernels import INLINE, ONE, OPTIONS

EXACT = {"nogil": True}
_MOST_ROWS = np.uint64(256)  # the sum of that many pixels fits into 16 bits


@njit(**OPTIONS)
def downscale(pixels, hole, factor, image, mask):
    """Write the mean of the known pixels of each block, see `inpaint.pyramid.fills.downscale`.

    Args:
        pixels: uint8 (H, W * 3).
        hole: uint8 (H, W) in {0, 1}.
        factor: int64, side of a block in pixels.
        image: float32 (3, h, w), written.
        mask: float32 (h, w), written.
    """
    height, width = mask.shape
    if factor == 1:
        for y in range(np.uint64(height)):
            _convert_row(pixels, hole, y, image, mask)
        return
    side = np.uint64(factor)
    sums = np.empty(3 * width * factor, np.uint16)
    unknown = np.empty(width * factor, np.uint16)
    totals = np.empty((width, 4), np.int64)
    area = factor * factor
    most_known = 0
    for y in range(np.uint64(height)):
        totals[:] = 0
        for top in range(np.uint64(0), side, _MOST_ROWS):
            sums[:] = 0
            unknown[:] = 0
            for row in range(y * side + top, y * side + min(side, top + _MOST_ROWS)):
                for index in range(np.uint64(len(sums))):
                    sums[index] += pixels[row, index]
                for index in range(np.uint64(len(unknown))):
                    unknown[index] += hole[row, index]
            _add_blocks(sums, unknown, side, totals)
        for x in range(np.uint64(width)):
            known = area - totals[x, 3]
            if 0 < known < area:
                _add_known(pixels, hole, y, x, side, totals)
            scale = np.float32(1) / (np.float32(127.5) * np.float32(max(known, 1)))
            for channel in range(np.uint64(3)):
                value = np.float32(totals[x, channel]) * scale - np.float32(1)
                image[channel, y, x] = value if known > 0 else np.float32(0)
            mask[y, x] = np.float32(known)
            most_known = max(most_known, known)
    _drop_unknown(image, mask, np.float32(0.5 * area if 2 * most_known >= area else 1))


@njit(**INLINE)
def _convert_row(pixels, hole, y, image, mask):
    step = np.uint64(3)
    for x in range(np.uint64(mask.shape[1])):
        known = np.float32(1) - np.float32(hole[y, x])
        mask[y, x] = np.float32(hole[y, x])
        for channel in range(step):
            value = np.float32(pixels[y, x * step + channel]) / np.float32(127.5) - np.float32(1)
            image[channel, y, x] = value * known


@njit(**INLINE)
def _add_blocks(sums, unknown, side, totals):
    """Add the sums of columns to those of their blocks: three colours, and the number of hole pixels."""
    step = np.uint64(3)
    for x in range(np.uint64(len(totals))):
        red, green, blue, count = 0, 0, 0, 0
        for column in range(x * side, x * side + side):
            red += sums[column * step]
            green += sums[column * step + ONE]
            blue += sums[column * step + ONE + ONE]
            count += unknown[column]
        totals[x, 0] += red
        totals[x, 1] += green
        totals[x, 2] += blue
        totals[x, 3] += count


@njit(**INLINE)
def _add_known(pixels, hole, y, x, side, totals):
    """Write the sum of the known pixels of a block that has others too."""
    step = np.uint64(3)
    red, green, blue = np.int32(0), np.int32(0), np.int32(0)
    for row in range(y * side, y * side + side):
        for column in range(x * side, x * side + side):
            known = np.int32(1) - np.int32(hole[row, column])
            red += known * np.int32(pixels[row, column * step])
            green += known * np.int32(pixels[row, column * step + ONE])
            blue += known * np.int32(pixels[row, column * step + ONE + ONE])
    totals[x, 0], totals[x, 1], totals[x, 2] = red, green, blue


@njit(**INLINE)
def _drop_unknown(image, mask, least):
    """Make blocks hole that have fewer than `least` known pixels, of which `mask` gives the number."""
    for y in range(np.uint64(mask.shape[0])):
        for x in range(np.uint64(mask.shape[1])):
            known = np.float32(1) if mask[y, x] >= least else np.float32(0)
            mask[y, x] = np.float32(1) - known
            for channel in range(np.uint64(3)):
                image[channel, y, x] *= known


@njit(**EXACT)
def composite(image, prediction, mask, out):
    """Write the pixels of the prediction inside the hole and of the image outside.

    Args:
        image: float32 (3, h, w).
        prediction: float32 (3, h, w).
        mask: float32 (h, w), the hole is where it exceeds 0.5.
        out: uint8 (h, w, 3), written.
    """
    height, width = mask.shape
    shift = np.float32(2**23)  # from here on float32 has whole numbers only: adding it rounds, half to even
    for y in range(np.uint64(height)):
        for x in range(np.uint64(width)):
            for channel in range(np.uint64(3)):
                value = prediction[channel, y, x] if mask[y, x] > np.float32(0.5) else image[channel, y, x]
                value = (value + np.float32(1)) * np.float32(127.5)
                value = value if value == value else np.float32(127.5)
                value = min(max(value, np.float32(0)), np.float32(255))
                out[y, x, channel] = np.uint8(np.int32((value + shift) - shift))


@njit(**OPTIONS)
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
