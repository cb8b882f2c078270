"""The compiled kernels of voting: what the patches over a pixel of the hole propose for it (numba).

Arrays of all kernels:
    hole: bool (h, w), what is filled.
    top, left: of the box whose pixels are voted for; a kernel works on its rows from `start` to `stop`.
    rows, columns: int32 (r,) and (c,), where the lattice of the targets' centres lies, ascending.
    offset_at: int32 (r, c), from each target to its source: a difference of positions in the flattened picture.
    weight_at: float32 (r, c), of each target's vote; 0: there is no target.
"""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import CHANNELS, INLINE, OPTIONS, PLANES, RADIUS, SIDE
from .sum_kernels import LANES, sum_equal


@njit(**OPTIONS)
def lay_out(index_at, centres, matches, weight, width, offset_at, weight_at):
    """Write `offset_at` and `weight_at`.

    Args:
        index_at: int32 (r, c), the number of the target at each place of the lattice, -1 for none.
        centres: int32 (n, 2), row and column of each target.
        matches: int32 (n, 2), of each target's source.
        weight: float32 (n,), more than 0.
        width: of the picture.
        offset_at: written.
        weight_at: written.
    """
    for row in range(index_at.shape[0]):
        for column in range(index_at.shape[1]):
            index = index_at[row, column]
            if index < 0:
                offset_at[row, column], weight_at[row, column] = 0, 0
                continue
            down, right = matches[index, 0] - centres[index, 0], matches[index, 1] - centres[index, 1]
            offset_at[row, column], weight_at[row, column] = down * width + right, weight[index]


@njit(**INLINE)
def _advanced(index, places, least):
    """Return the first index, from this one on, of a place that is at least this one; places ascend."""
    while index < len(places) and places[index] < least:
        index += 1
    return index


@njit(**OPTIONS)
def vote_mean(start, stop, hole, top, left, rows, columns, offset_at, weight_at, features):
    """Set each pixel of the hole to the weighted mean of what the patches over it propose.

    Args:
        features: uint8 (PLANES, h, w * CHANNELS), see `Level`; sources lie outside the hole, and are not changed.
    """
    width = hole.shape[1]
    flat = features.reshape(features.shape[0], -1)
    first_row = 0
    for y in range(top + start, top + stop):
        first_row = _advanced(first_row, rows, y - RADIUS)
        stop_row = _advanced(first_row, rows, y + RADIUS + 1)
        first, end = 0, 0
        for x in range(max(left, columns[0] - RADIUS), min(width, columns[len(columns) - 1] + RADIUS + 1)):
            first = _advanced(first, columns, x - RADIUS)
            end = _advanced(end, columns, x + RADIUS + 1)
            if not hole[y, x]:
                continue
            total, across, down = np.float32(0), np.float32(0), np.float32(0)
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            own = y * width + x
            for row in range(np.uint64(first_row), np.uint64(stop_row)):  # see `vote_offset`
                for column in range(np.uint64(first), np.uint64(end)):
                    weight = weight_at[row, column]
                    place = np.uint64((own + offset_at[row, column]) * CHANNELS)
                    total += weight
                    red += weight * flat[0, place]
                    green += weight * flat[0, place + np.uint64(1)]
                    blue += weight * flat[0, place + np.uint64(2)]
                    across += weight * flat[0, place + np.uint64(3)]
                    down += weight * flat[1, place + np.uint64(3)]
            if total == 0:
                continue
            scale, half, place = np.float32(1) / total, np.float32(0.5), np.uint64(own * CHANNELS)
            for plane in range(PLANES):
                flat[plane, place] = np.uint8(red * scale + half)
                flat[plane, place + np.uint64(1)] = np.uint8(green * scale + half)
                flat[plane, place + np.uint64(2)] = np.uint8(blue * scale + half)
            flat[0, place + np.uint64(3)] = np.uint8(across * scale + half)
            flat[1, place + np.uint64(3)] = np.uint8(down * scale + half)


@njit(**OPTIONS)
def vote_offset(start, stop, hole, top, left, rows, columns, offset_at, weight_at, offsets, share):
    """Write the offset with the largest weight among the patches over each pixel, and its share of the weight.

    Args:
        offsets: int32 (height, width) of the box, written where the hole is, else 0.
        share: float32 of the same shape, written: in (0, 1], or 0 where no patch lies.
    """
    width = hole.shape[1]
    size = -(-SIDE * SIDE // LANES) * LANES
    found, votes, sums = np.zeros(size, np.int32), np.empty(size, np.float32), np.empty(size, np.float32)
    first_row = 0
    for box_row in range(start, stop):
        y = top + box_row
        first_row = _advanced(first_row, rows, y - RADIUS)
        stop_row = _advanced(first_row, rows, y + RADIUS + 1)
        first, end = 0, 0
        for box_column in range(offsets.shape[1]):
            x = left + box_column
            offsets[box_row, box_column], share[box_row, box_column] = 0, 0
            if x >= width or not hole[y, x]:
                continue
            first = _advanced(first, columns, x - RADIUS)
            end = _advanced(end, columns, x + RADIUS + 1)
            count, total = np.uint64(0), np.float32(0)  # of signed indices each access would test the sign
            for row in range(np.uint64(first_row), np.uint64(stop_row)):
                for column in range(np.uint64(first), np.uint64(end)):
                    weight = weight_at[row, column]
                    found[count], votes[count] = offset_at[row, column], weight
                    total += weight
                    count += np.uint64(weight != 0)
            if count == 0:
                continue
            sum_equal(found, votes, count, sums)
            best, most = np.uint64(0), sums[0]
            for place in range(np.uint64(1), count):
                if sums[place] > most:
                    best, most = place, sums[place]
            offsets[box_row, box_column], share[box_row, box_column] = found[best], most / total


@njit(**OPTIONS)
def copy_features(start, stop, hole, top, left, offsets, features):
    """Set each pixel of the hole to the one at its offset, in all planes.

    Args:
        offsets: int32 (height, width) of the box, see `vote_offset`.
        features: uint8 (PLANES, h, w * CHANNELS).
    """
    width = hole.shape[1]
    flat = features.reshape(features.shape[0], -1)
    for box_row in range(start, stop):
        for box_column in range(offsets.shape[1]):
            if not hole[top + box_row, left + box_column]:
                continue
            own = (top + box_row) * width + left + box_column
            source = own + offsets[box_row, box_column]
            for plane in range(features.shape[0]):
                for channel in range(CHANNELS):
                    flat[plane, own * CHANNELS + channel] = flat[plane, source * CHANNELS + channel]


@njit(**INLINE)
def copy_colours(start, stop, hole, top, left, offsets, picture):
    """Set each pixel of the hole to the one at its offset.

    Args:
        offsets: int32 (height, width) of the box, see `vote_offset`.
        picture: uint8 (h, w * 3).
    """
    width = hole.shape[1]
    flat = picture.reshape(-1)
    for box_row in range(start, stop):
        for box_column in range(offsets.shape[1]):
            if not hole[top + box_row, left + box_column]:
                continue
            own = (top + box_row) * width + left + box_column
            source = own + offsets[box_row, box_column]
            for channel in range(3):
                flat[own * 3 + channel] = flat[source * 3 + channel]
