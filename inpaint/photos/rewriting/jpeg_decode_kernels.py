"""The compiled kernels that decode the Huffman-coded scans of a JPEG file (numba).

Nothing in a file makes them read or write outside of their arrays: each index that depends on the file is checked.

All numbers are signed. Bits of the file are held in the lower `count` bits of an integer; `spare` of them are zeros
that stand for bits after the end of the data.

Arrays of all kernels:
    data: uint8, the file.
    start: where the data of the scan begin.
    end: where they end.
    layout: int64 (blocks in a unit, 9): number of the component in the scan, rows of its DC and AC tables in `lookup`,
        its first block, its blocks in a row, blocks across and down in a unit, and the column and row in the unit.
    units: int64 (3,): units in a row, rows of units, and units between restart markers or 0.
    lookup: uint16 (tables, 65536): for the next 16 bits the length of their code times 256, plus its symbol; 0: none.
    quick: uint16 (tables, 1024): the same for the next 10 bits, 0 for longer codes as well.
    band: int64 (3,): the first and the last coefficient of the scan, and the bits of them that it leaves out.
    coefficients: int16 (blocks, 64) in zigzag order, written in place.

They return a status: OK, or one of the other constants.

Reference:
    ITU-T T.81 (1992), Annexes F.2 and G.2.
"""

import numpy as np

from inpaint.compiled.jit import njit

OK, BAD_CODE, CUT_OFF, NO_RESTART, TOO_LARGE = 0, 1, 2, 3, 4
LARGEST = 8191
"""Of a coefficient, without its sign: eight times what 8 bits per sample need."""
OPTIONS = {"nogil": True, "error_model": "numpy"}


@njit(**OPTIONS)
def _refill(data, at, end, bits, count, spare):
    """Read bytes until there are more than 40 bits; zeros after the end of the data."""
    while count <= 40:
        byte = np.int64(0)
        if at < end and data[at] != 0xFF:
            byte = np.int64(data[at])
            at += 1
        elif at + 1 < end and data[at + 1] == 0:
            byte = np.int64(0xFF)
            at += 2
        else:
            spare += 8
        bits = ((bits & 0xFFFFFFFFFF) << 8) | byte
        count += 8
    return at, bits, count, spare


@njit(**OPTIONS)
def _find_symbol(bits, count, row, lookup, quick):
    """Return the length of the next code times 256 plus its symbol; 0: there is no such code."""
    found = np.int64(quick[row, (bits >> (count - 10)) & 0x3FF])
    if found == 0:
        found = np.int64(lookup[row, (bits >> (count - 16)) & 0xFFFF])
    return found


@njit(**OPTIONS)
def _extend(value, size):
    """Return the signed number that `size` bits stand for."""
    if size > 0 and value < (np.int64(1) << (size - 1)):
        return value - (np.int64(1) << size) + 1
    return value


@njit(**OPTIONS)
def _restart(data, at, end, number):
    """Return where the data go on after the restart marker of a number; -1: there is none."""
    while at + 1 < end and data[at] == 0xFF and data[at + 1] == 0xFF:
        at += 1
    if at + 1 < end and data[at] == 0xFF and data[at + 1] == 0xD0 + (number & 7):
        return at + 2
    return -1


@njit(inline="always", **OPTIONS)
def block_of(layout, part, unit, across):
    """Return the index of a part's block in a unit."""
    row, column = unit // across, unit % across
    down_in, across_in = row * layout[part, 6] + layout[part, 8], column * layout[part, 5] + layout[part, 7]
    return layout[part, 3] + down_in * layout[part, 4] + across_in


@njit(**OPTIONS)
def decode_first(data, start, end, layout, units, lookup, quick, band, coefficients):
    """Decode a scan of DC and AC coefficients, or of the upper bits of DC coefficients alone."""
    at, bits, count, spare = start, np.int64(0), 0, 0
    last, low = band[1], band[2]
    before = np.zeros(4, np.int64)
    for unit in range(units[0] * units[1]):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            if spare > count:
                return CUT_OFF
            at = _restart(data, at, end, unit // units[2] - 1)
            if at < 0 or count - spare >= 8:
                return NO_RESTART
            bits, count, spare = np.int64(0), 0, 0
            before[:] = 0
        for part in range(layout.shape[0]):
            block = block_of(layout, part, unit, units[0])
            if count <= 32:
                at, bits, count, spare = _refill(data, at, end, bits, count, spare)
            found = _find_symbol(bits, count, layout[part, 1], lookup, quick)
            size = found & 15
            if found == 0 or found & 0xF0:
                return BAD_CODE if spare == 0 else CUT_OFF
            count -= (found >> 8) + size
            value = _extend((bits >> count) & ((np.int64(1) << size) - 1), size)
            value += before[layout[part, 0]]
            if abs(value) << low > LARGEST:
                return TOO_LARGE
            before[layout[part, 0]] = value
            coefficients[block, 0] = value << low
            place = 1
            while place <= last:
                if count <= 32:
                    at, bits, count, spare = _refill(data, at, end, bits, count, spare)
                found = _find_symbol(bits, count, layout[part, 2], lookup, quick)
                if found == 0:
                    return BAD_CODE if spare == 0 else CUT_OFF
                size = found & 15
                run = (found >> 4) & 15
                count -= (found >> 8) + size
                if size == 0:
                    if run < 15:
                        break
                    place += 16
                    continue
                place += run
                if place > last:
                    return BAD_CODE
                value = _extend((bits >> count) & ((np.int64(1) << size) - 1), size)
                if abs(value) > LARGEST:
                    return TOO_LARGE
                coefficients[block, place] = value
                place += 1
        if spare > count:
            return CUT_OFF
    return OK


@njit(**OPTIONS)
def decode_dc_bit(data, start, end, layout, units, lookup, quick, band, coefficients):
    """Decode a scan of one more bit of DC coefficients."""
    at, bits, count, spare = start, np.int64(0), 0, 0
    for unit in range(units[0] * units[1]):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            at = _restart(data, at, end, unit // units[2] - 1)
            if at < 0 or count - spare >= 8:
                return NO_RESTART
            bits, count, spare = np.int64(0), 0, 0
        for part in range(layout.shape[0]):
            if count <= 32:
                at, bits, count, spare = _refill(data, at, end, bits, count, spare)
            count -= 1
            if (bits >> count) & 1:
                block = block_of(layout, part, unit, units[0])
                value = np.int64(coefficients[block, 0]) | (np.int64(1) << band[2])
                if abs(value) > LARGEST:
                    return TOO_LARGE
                coefficients[block, 0] = value
        if spare > count:
            return CUT_OFF
    return OK


@njit(**OPTIONS)
def decode_ac_first(data, start, end, layout, units, lookup, quick, band, coefficients):
    """Decode a progressive scan of the upper bits of AC coefficients of one component."""
    at, bits, count, spare = start, np.int64(0), 0, 0
    first, last, low = band[0], band[1], band[2]
    ended = np.int64(0)  # blocks without further coefficients
    for unit in range(units[0] * units[1]):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            at = _restart(data, at, end, unit // units[2] - 1)
            if at < 0 or count - spare >= 8:
                return NO_RESTART
            bits, count, spare, ended = np.int64(0), 0, 0, np.int64(0)
        if ended > 0:
            ended -= 1
            continue
        block = block_of(layout, 0, unit, units[0])
        place = first
        while place <= last:
            if count <= 32:
                at, bits, count, spare = _refill(data, at, end, bits, count, spare)
            found = _find_symbol(bits, count, layout[0, 2], lookup, quick)
            if found == 0:
                return BAD_CODE if spare == 0 else CUT_OFF
            size = found & 15
            run = (found >> 4) & 15
            count -= found >> 8
            if size == 0:
                if run == 15:
                    place += 16
                    continue
                count -= run
                ended = (np.int64(1) << run) - 1 + ((bits >> count) & ((np.int64(1) << run) - 1))
                break
            place += run
            if place > last:
                return BAD_CODE
            count -= size
            value = _extend((bits >> count) & ((np.int64(1) << size) - 1), size)
            if abs(value) << low > LARGEST:
                return TOO_LARGE
            coefficients[block, place] = value << low
            place += 1
        if spare > count:
            return CUT_OFF
    return OK


@njit(**OPTIONS)
def decode_ac_bit(data, start, end, layout, units, lookup, quick, band, coefficients):
    """Decode a progressive scan of one more bit of AC coefficients of one component."""
    at, bits, count, spare = start, np.int64(0), 0, 0
    first, last = band[0], band[1]
    one = np.int64(1) << band[2]
    ended = np.int64(0)
    for unit in range(units[0] * units[1]):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            at = _restart(data, at, end, unit // units[2] - 1)
            if at < 0 or count - spare >= 8:
                return NO_RESTART
            bits, count, spare, ended = np.int64(0), 0, 0, np.int64(0)
        block = block_of(layout, 0, unit, units[0])
        place = first
        while place <= last:
            run, value = np.int64(64), np.int64(0)  # a block that has ended: bits for its coefficients only
            if ended == 0:
                if count <= 32:
                    at, bits, count, spare = _refill(data, at, end, bits, count, spare)
                found = _find_symbol(bits, count, layout[0, 2], lookup, quick)
                if found == 0:
                    return BAD_CODE if spare == 0 else CUT_OFF
                size = found & 15
                run = (found >> 4) & 15
                count -= found >> 8
                if size > 1:
                    return BAD_CODE
                if size == 1:
                    count -= 1
                    value = one if (bits >> count) & 1 else -one
                elif run < 15:
                    count -= run
                    ended = (np.int64(1) << run) + ((bits >> count) & ((np.int64(1) << run) - 1))
                    run = np.int64(64)
            while place <= last:
                known = np.int64(coefficients[block, place])
                if known == 0:
                    if run == 0:
                        break
                    run -= 1
                else:
                    if count <= 32:
                        at, bits, count, spare = _refill(data, at, end, bits, count, spare)
                    count -= 1
                    if (bits >> count) & 1 and abs(known) & one == 0:
                        if abs(known) + one > LARGEST:
                            return TOO_LARGE
                        coefficients[block, place] = known + one if known > 0 else known - one
                place += 1
            if place <= last:
                if one > LARGEST:
                    return TOO_LARGE
                coefficients[block, place] = value  # 0 after a run of 16 zeros
                place += 1
            elif value != 0:
                return BAD_CODE
        if ended > 0:
            ended -= 1
        if spare > count:
            return CUT_OFF
    return OK
