"""The compiled kernels that copy runs of pixels into the hole and join them (numba).

Each works on some tiles of the hole, with arrays of its own: what is small stays in the cache, and large holes take
little memory. Values of a tile lie in two arrays, as on a chessboard: those of one colour have all their neighbours in
the other one, so that a whole row of them is relaxed in vectors. Both have a border of zeros.
"""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import INLINE, OPTIONS
from .search_kernels import NEIGHBOURS
from .vote_kernels import copy_colours, vote_offset

_MARGIN = 24  # around a tile; the screened equation carries nothing that far
_REACH = 6  # pixels over which shares are averaged, to all sides


@njit(**OPTIONS)
def paint(start, stop, tiles, picture, hole, rows, columns, offset_at, weight_at):
    """Set the pixels of the hole to those that the strongest votes copy.

    Args:
        tiles: int64 (n, 4), top, bottom, left and right of the tiles.
        picture: uint8 (h, w * 3), changed in the hole.
        hole: bool (h, w).
        rows: of the votes, see `vote_kernels`; also the next three.
        columns: the same.
        offset_at: the same.
        weight_at: the same.
    """
    for tile in range(start, stop):
        top, bottom, left, right = tiles[tile, 0], tiles[tile, 1], tiles[tile, 2], tiles[tile, 3]
        offsets = np.empty((bottom - top, right - left), np.int32)
        share = np.empty((bottom - top, right - left), np.float32)
        vote_offset(np.int64(0), bottom - top, hole, top, left, rows, columns, offset_at, weight_at, offsets, share)
        copy_colours(0, bottom - top, hole, top, left, offsets, picture)


@njit(**OPTIONS)
def join(
    start, stop, tiles, picture, hole, usable, box_top, box_left, rows, columns, offset_at, weight_at, screening,
    overrelaxation, iterations, pixels, agreement,
):  # fmt: skip
    """Copy what the strongest votes say, and solve the screened Poisson equation.

    Args:
        tiles: int64 (n, 4), top, bottom, left and right of the tiles.
        picture: uint8 (h, w * 3).
        hole: bool (h, w).
        usable: bool (h, w), pixels that may be copied; the colours of others do not count.
        box_top: row of the bounding box of the hole.
        box_left: its column.
        rows: of the votes, see `vote_kernels`; also the next three.
        columns: the same.
        offset_at: the same.
        weight_at: the same.
        screening: weight of the copied values.
        overrelaxation: from 1 to 2.
        iterations: of successive over-relaxation.
        pixels: uint8 (height, width, 3) of the box, written in the hole.
        agreement: uint8 (height, width), written in the hole: shares of votes, averaged.
    """
    # the box and what borders on it: beyond that nothing is joined
    first_row, stop_row = max(box_top - 1, 0), min(box_top + pixels.shape[0] + 1, hole.shape[0])
    first_column, stop_column = max(box_left - 1, 0), min(box_left + pixels.shape[1] + 1, hole.shape[1])
    for tile in range(start, stop):
        top, bottom = max(tiles[tile, 0] - _MARGIN, first_row), min(tiles[tile, 1] + _MARGIN, stop_row)
        left, right = max(tiles[tile, 2] - _MARGIN, first_column), min(tiles[tile, 3] + _MARGIN, stop_column)
        height, width = bottom - top, right - left
        offsets, share = np.empty((height, width), np.int32), np.empty((height, width), np.float32)
        vote_offset(np.int64(0), height, hole, top, left, rows, columns, offset_at, weight_at, offsets, share)
        shape = (3, 2, height + 2, (width + 3) // 2)
        values, pull, rate = np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape[1:], np.float32)
        scale = np.zeros(shape[1:], np.float32)
        _set_up(picture, hole, usable, top, left, offsets, screening, overrelaxation, values, pull, rate, scale)
        for channel in range(3):
            for _ in range(iterations):
                for colour in range(2):
                    own, other = values[channel, colour], values[channel, 1 - colour]
                    _relax(own, other, pull[channel, colour], rate[colour], scale[colour], colour, width)
        for y in range(tiles[tile, 0], tiles[tile, 1]):
            for x in range(tiles[tile, 2], tiles[tile, 3]):
                if hole[y, x]:
                    row, column = y - top + 1, x - left + 1
                    for channel in range(3):
                        value = values[channel, (row + column) & 1, row, column >> 1]
                        value = min(max(value, np.float32(0)), np.float32(255))
                        pixels[y - box_top, x - box_left, channel] = np.uint8(value + np.float32(0.5))
        _average(hole, top, left, share, tiles[tile], box_top, box_left, agreement)


@njit(**INLINE)
def _set_up(picture, hole, usable, top, left, offsets, screening, overrelaxation, values, pull, rate, scale):
    """Write the copied values, what pulls them, by which factor they follow (0 outside the hole), and a scale.

    The scale is one divided by the number of neighbours plus the screening.
    """
    height, width = hole.shape
    flat, may_copy = picture.reshape(-1), usable.reshape(-1)
    for row in range(offsets.shape[0]):
        for column in range(offsets.shape[1]):
            y, x = top + row, left + column
            colour, place = (row + column) & 1, (column + 1) >> 1
            own = y * width + x
            source = own + offsets[row, column]
            for channel in range(3):
                values[channel, colour, row + 1, place] = flat[source * 3 + channel]
            if not hole[y, x]:
                continue
            rate[colour, row + 1, place] = overrelaxation
            source_y = source // width
            source_x = source - source_y * width
            for channel in range(3):
                pull[channel, colour, row + 1, place] = screening * flat[source * 3 + channel]
            count = 0
            for direction in range(4):
                down, right = NEIGHBOURS[direction]
                if not (0 <= row + down < offsets.shape[0] and 0 <= column + right < offsets.shape[1]):
                    continue
                count += 1
                step = down * width + right
                is_own = 0 <= source_y + down < height and 0 <= source_x + right < width and may_copy[source + step]
                other = source
                if hole[y + down, x + right] and offsets[row + down, column + right] != offsets[row, column]:
                    other = own + offsets[row + down, column + right]
                    # this pixel, as the neighbour's run would copy it: beside the neighbour's source
                    other_y = (other + step) // width - down
                    other_x = (other + step) - (other_y + down) * width - right
                    if not (0 <= other_y < height and 0 <= other_x < width and may_copy[other]):
                        other = source
                is_second = other != source
                share = np.float32(0.5) if is_own and is_second else np.float32(1)
                for channel in range(3):
                    total = np.float32(0)
                    if is_own:
                        total += np.float32(flat[source * 3 + channel])
                        total -= np.float32(flat[(source + step) * 3 + channel])
                    if is_second:
                        total += np.float32(flat[other * 3 + channel])
                        total -= np.float32(flat[(other + step) * 3 + channel])
                    pull[channel, colour, row + 1, place] += total * share
            scale[colour, row + 1, place] = np.float32(1) / (np.float32(count) + screening)


@njit(**INLINE)
def _relax(own, other, pull, rate, scale, colour, width):
    """Move the pixels of one colour towards the solution."""
    for row in range(1, own.shape[0] - 1):
        parity = (row + colour) & 1
        first, count = 1 - parity, ((width - parity) >> 1) + parity
        middle = other[row, first : first + count]
        beside = other[row, first + 2 * parity - 1 : first + 2 * parity - 1 + count]
        above, below = other[row - 1, first : first + count], other[row + 1, first : first + count]
        value, pulls = own[row, first : first + count], pull[row, first : first + count]
        rates, scales = rate[row, first : first + count], scale[row, first : first + count]
        for place in range(count):
            total = above[place] + below[place] + middle[place] + beside[place] + pulls[place]
            value[place] += rates[place] * (total * scales[place] - value[place])


@njit(**INLINE)
def _average(hole, top, left, share, tile, box_top, box_left, agreement):
    """Write the shares of a tile's pixels, averaged over the pixels of the hole near them."""
    height, width = share.shape
    sums, counts = np.zeros(width, np.float32), np.zeros(width, np.int32)
    first, end = tile[0] - top, tile[1] - top
    for added in range(max(first - _REACH, 0), end + _REACH):
        if added < height:
            for column in range(width):
                sums[column] += share[added, column]
                counts[column] += hole[top + added, left + column]
        row, removed = added - _REACH, added - 2 * _REACH - 1
        if removed >= max(first - _REACH, 0):
            for column in range(width):
                sums[column] -= share[removed, column]
                counts[column] -= hole[top + removed, left + column]
        if row < first:
            continue
        total, count = np.float32(0), 0
        for column in range(max(tile[2] - left - _REACH, 0), tile[3] - left + _REACH):
            if column < width:
                total += sums[column]
                count += counts[column]
            gone = column - 2 * _REACH - 1
            if gone >= max(tile[2] - left - _REACH, 0):
                total -= sums[gone]
                count -= counts[gone]
            x = column - _REACH
            if x >= tile[2] - left and hole[top + row, left + x]:
                value = total / np.float32(max(count, 1)) * np.float32(255) + np.float32(0.5)
                agreement[top + row - box_top, left + x - box_left] = np.uint8(
                    min(max(value, np.float32(0)), np.float32(255))
                )
