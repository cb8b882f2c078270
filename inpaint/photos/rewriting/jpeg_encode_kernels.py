"""The compiled kernels that encode the scans of a JPEG file with Huffman codes (numba).

A scan is encoded in two steps: its coefficients become tokens, and the tokens become bits. So the symbols can be
counted before there is a Huffman table. A token is a number of 32 bits: 4 for the row of its table in `codes`, or RAW
or RESTART; 8 for its symbol; 4 for how many bits follow the symbol; 16 for these bits.

All numbers are signed but for the tokens.

Arrays of the first step:
    coefficients: int16 (blocks, 64) in zigzag order, at most 8191 in absolute value.
    layout, units, band: as in `jpeg_decode_kernels`; the layout's tables are rows of `codes`.
    start, stop: the range of units to encode.
    state: int64 (6,), what one range leaves for the next: the DC coefficients of the last blocks (4 components); how
        many blocks have ended; how many corrections there are. All are 0 at first.
    corrections: uint8 (1000,), bits of coefficients that are known not to be 0, in blocks that have ended.
    tokens: uint32, long enough: `LARGEST` of a block for each block, and `MARGIN` more.

They return how many tokens there are.

Reference:
    ITU-T T.81 (1992), Annexes F.1 and G.1.
"""

import numpy as np

from inpaint.compiled.jit import njit

from .jpeg_decode_kernels import OPTIONS, block_of

RAW, RESTART = 8, 9
LARGEST, MARGIN = 68, 1100
_MOST_CORRECTIONS = 1000
_SIZES = np.array([value.bit_length() for value in range(1 << 15)], np.uint8)


@njit(**OPTIONS)
def _token(row, symbol, size, value):
    """Return a token; of the value the lower `size` bits."""
    return (row << 28) | (symbol << 20) | (size << 16) | (value & ((1 << size) - 1))


@njit(**OPTIONS)
def encode_first(coefficients, layout, units, band, start, stop, state, corrections, tokens):
    """Encode DC and AC coefficients, or the upper bits of DC coefficients alone."""
    count, last, low = 0, band[1], band[2]
    for unit in range(start, stop):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            tokens[count] = _token(RESTART, 0, 3, unit // units[2] - 1)
            count += 1
            state[:4] = 0
        for part in range(layout.shape[0]):
            block = block_of(layout, part, unit, units[0])
            value = np.int64(coefficients[block, 0]) >> low
            change = value - state[layout[part, 0]]
            state[layout[part, 0]] = value
            size = np.int64(_SIZES[abs(change)])
            tokens[count] = _token(layout[part, 1], size, size, change - (change < 0))
            count += 1
            if last == 0:
                continue
            run, row = 0, layout[part, 2]
            for place in range(1, last + 1):
                value = np.int64(coefficients[block, place])
                if value == 0:
                    run += 1
                    continue
                while run > 15:
                    tokens[count] = _token(row, 0xF0, 0, 0)
                    count += 1
                    run -= 16
                size = np.int64(_SIZES[abs(value)])
                tokens[count] = _token(row, run * 16 + size, size, value - (value < 0))
                count += 1
                run = 0
            if run > 0:
                tokens[count] = _token(row, 0, 0, 0)
                count += 1
    return count


@njit(**OPTIONS)
def encode_dc_bit(coefficients, layout, units, band, start, stop, state, corrections, tokens):
    """Encode one more bit of DC coefficients."""
    count = 0
    for unit in range(start, stop):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            tokens[count] = _token(RESTART, 0, 3, unit // units[2] - 1)
            count += 1
        for part in range(layout.shape[0]):
            value = np.int64(coefficients[block_of(layout, part, unit, units[0]), 0]) >> band[2]
            tokens[count] = _token(RAW, 0, 1, value)
            count += 1
    return count


@njit(**OPTIONS)
def _put_ended(row, state, corrections, tokens, count):
    """Append that blocks have ended, if any have, with their corrections."""
    if state[4] > 0:
        size = np.int64(_SIZES[state[4]]) - 1
        tokens[count] = _token(row, size << 4, size, state[4])
        count += 1
    count = _put_corrections(corrections, 0, state[5], tokens, count)
    state[4], state[5] = 0, 0
    return count


@njit(**OPTIONS)
def _put_corrections(corrections, start, stop, tokens, count):
    """Append correction bits."""
    for index in range(start, stop):
        tokens[count] = _token(RAW, 0, 1, np.int64(corrections[index]))
        count += 1
    return count


@njit(**OPTIONS)
def encode_ac_first(coefficients, layout, units, band, start, stop, state, corrections, tokens):
    """Encode the upper bits of AC coefficients of one component, progressively."""
    count, first, last, low, row = 0, band[0], band[1], band[2], layout[0, 2]
    for unit in range(start, stop):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            count = _put_ended(row, state, corrections, tokens, count)
            tokens[count] = _token(RESTART, 0, 3, unit // units[2] - 1)
            count += 1
        block = block_of(layout, 0, unit, units[0])
        run = 0
        for place in range(first, last + 1):
            value = np.int64(coefficients[block, place])
            value = value >> low if value >= 0 else -(-value >> low)
            if value == 0:
                run += 1
                continue
            if state[4] > 0:
                count = _put_ended(row, state, corrections, tokens, count)
            while run > 15:
                tokens[count] = _token(row, 0xF0, 0, 0)
                count += 1
                run -= 16
            size = np.int64(_SIZES[abs(value)])
            tokens[count] = _token(row, run * 16 + size, size, value - (value < 0))
            count += 1
            run = 0
        if run > 0:
            state[4] += 1
            if state[4] == 0x7FFF:
                count = _put_ended(row, state, corrections, tokens, count)
    if stop == units[0] * units[1]:
        count = _put_ended(row, state, corrections, tokens, count)
    return count


@njit(**OPTIONS)
def encode_ac_bit(coefficients, layout, units, band, start, stop, state, corrections, tokens):
    """Encode one more bit of AC coefficients of one component, progressively."""
    count, first, last, low, row = 0, band[0], band[1], band[2], layout[0, 2]
    for unit in range(start, stop):
        if units[2] > 0 and unit > 0 and unit % units[2] == 0:
            count = _put_ended(row, state, corrections, tokens, count)
            tokens[count] = _token(RESTART, 0, 3, unit // units[2] - 1)
            count += 1
        block = block_of(layout, 0, unit, units[0])
        newest = 0  # the last coefficient that is not 0 for the first time
        for place in range(first, last + 1):
            if abs(np.int64(coefficients[block, place])) >> low == 1:
                newest = place
        run, mine, end = 0, state[5], state[5]  # corrections of this block lie after those that are held
        for place in range(first, last + 1):
            value = np.int64(coefficients[block, place])
            size = abs(value) >> low
            if size == 0:
                run += 1
                continue
            while run > 15 and place <= newest:
                count = _put_ended(row, state, corrections, tokens, count)
                tokens[count] = _token(row, 0xF0, 0, 0)
                count = _put_corrections(corrections, mine, end, tokens, count + 1)
                run, mine, end = run - 16, 0, 0
            if size > 1:
                corrections[end] = size & 1
                end += 1
                continue
            count = _put_ended(row, state, corrections, tokens, count)
            tokens[count] = _token(row, run * 16 + 1, 1, np.int64(value > 0))
            count = _put_corrections(corrections, mine, end, tokens, count + 1)
            run, mine, end = 0, 0, 0
        if run > 0 or end > mine:
            state[4] += 1
            state[5] = end
            if state[4] == 0x7FFF or end > _MOST_CORRECTIONS - 64:
                count = _put_ended(row, state, corrections, tokens, count)
    if stop == units[0] * units[1]:
        count = _put_ended(row, state, corrections, tokens, count)
    return count


@njit(**OPTIONS)
def count_symbols(tokens, counts):
    """Add how often symbols occur to int64 (tables, 256)."""
    for index in range(tokens.size):
        row = np.int64(tokens[index]) >> 28
        if row < RAW:
            counts[row, (np.int64(tokens[index]) >> 20) & 0xFF] += 1


@njit(**OPTIONS)
def write(tokens, codes, pending, is_end, output):
    """Write tokens as bytes.

    Args:
        tokens: uint32.
        codes: int64 (tables, 256), the code of each symbol times 32, plus its length in bits; 0: it has none.
        pending: int64 (2,), bits that are not written yet, and how many: less than 32. Written in place.
        is_end: whether to fill the last byte with ones.
        output: uint8, 8 bytes for each token and 16 more: a byte FF is followed by 00.

    Returns:
        The length of the output; -1: a symbol has no code.
    """
    at, bits, count = 0, pending[0], pending[1]
    for index in range(tokens.size):
        packed = np.int64(tokens[index])
        row, size = packed >> 28, (packed >> 16) & 0xF
        length = np.int64(0)
        if row < RAW:
            code = codes[row, (packed >> 20) & 0xFF]
            length = code & 31
            if length == 0:
                return -1
            bits = (bits << length) | (code >> 5)
        elif row == RESTART:
            fill = -count & 7
            at, bits, count = _write_bytes(output, at, (bits << fill) | ((1 << fill) - 1), count + fill)
            output[at], output[at + 1] = 0xFF, 0xD0 + (packed & 7)
            at += 2
            continue
        bits = (bits << size) | (packed & 0xFFFF)
        count += length + size
        if count >= 32:
            at, bits, count = _write_bytes(output, at, bits, count)
    if is_end:
        fill = -count & 7
        at, bits, count = _write_bytes(output, at, (bits << fill) | ((1 << fill) - 1), count + fill)
    pending[0], pending[1] = bits, count
    return at


@njit(**OPTIONS)
def _write_bytes(output, at, bits, count):
    """Write all whole bytes, and return where the next one goes, the other bits and how many they are."""
    while count >= 8:
        count -= 8
        byte = (bits >> count) & 0xFF
        output[at] = byte
        at += 1
        if byte == 0xFF:
            output[at] = 0
            at += 1
    return at, bits & 0x7F, count
