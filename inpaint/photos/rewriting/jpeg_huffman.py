"""Huffman tables of JPEG files: reading them, and making one for the symbols that a scan needs."""

from typing import NamedTuple

import numpy as np

from .jpeg_structure import damaged

_LONGEST = 16


class HuffmanTable(NamedTuple):
    """A table of codes.

    Attributes:
        payload: how many codes there are of 1 to 16 bits, then the symbols in the order of their codes.
        codes: int64 (256,), the code of each symbol.
        lengths: int64 (256,), bits of it; 0: the table has no code for this symbol.
    """

    payload: bytes
    codes: np.ndarray
    lengths: np.ndarray

    def lookup(self) -> np.ndarray:
        """Return for each 16 bits the length of the code they begin with times 256 plus its symbol: uint16 (65536,)."""
        found, at, code = np.zeros(1 << _LONGEST, np.uint16), _LONGEST, 0
        for length, count in enumerate(self.payload[:_LONGEST], 1):
            width = 1 << (_LONGEST - length)
            for symbol in self.payload[at : at + count]:
                found[code : code + width] = length << 8 | symbol
                code += width
            at += count
        return found


def quick_of(lookup: np.ndarray) -> np.ndarray:
    """Return a lookup for the next 10 bits, 0 where a code is longer: uint16 (1024,)."""
    quick = lookup[::64].copy()
    quick[quick >> 8 > 10] = 0
    return quick


def huffman_table(payload: bytes) -> HuffmanTable:
    """Return a table from its bytes in a DHT segment, without its class and number.

    Raises:
        CannotRewriteError: it has too many codes.

    Reference:
        ITU-T T.81 (1992), Annex C.
    """
    counts, symbols = payload[:_LONGEST], payload[_LONGEST:]
    codes, lengths = np.zeros(256, np.int64), np.zeros(256, np.int64)
    code, at = 0, 0
    for length, count in enumerate(counts, 1):
        if code + count > 1 << length:
            raise damaged("a Huffman table has too many codes")
        for symbol in symbols[at : at + count]:
            if not lengths[symbol]:  # a symbol may have two codes, of which one is enough
                codes[symbol], lengths[symbol] = code, length
            code += 1
        at += count
        code <<= 1
    return HuffmanTable(payload, codes, lengths)


def read_tables(payload: bytes) -> dict[int, HuffmanTable]:
    """Return the tables of a DHT segment, by class (0 for DC, 16 for AC coefficients) plus number.

    Raises:
        CannotRewriteError: they are damaged.
    """
    tables, at = {}, 0
    while at < len(payload):
        end = at + 1 + _LONGEST + sum(payload[at + 1 : at + 1 + _LONGEST])
        if end > len(payload) or payload[at] & 0xEC:
            raise damaged("a Huffman table is cut off")
        tables[payload[at]] = huffman_table(payload[at + 1 : end])
        at = end
    return tables


def optimal_table(counts: np.ndarray) -> HuffmanTable:
    """Return the table with which symbols take the fewest bits.

    Args:
        counts: int64 (256,), how often each symbol occurs; at least one does.

    Reference:
        ITU-T T.81 (1992), Annex K.2, with its limit of 16 bits, and no code of ones alone.
    """
    groups = [(int(counts[symbol]), [symbol]) for symbol in np.flatnonzero(counts).tolist()]
    groups.append((0, [256]))  # takes the code of ones
    depths = dict.fromkeys((symbol for _, members in groups for symbol in members), 0)
    while len(groups) > 1:
        groups.sort(key=lambda group: group[0], reverse=True)
        (first, members), (second, others) = groups.pop(), groups.pop()
        for symbol in members + others:
            depths[symbol] += 1
        groups.append((first + second, members + others))
    of_length = np.bincount(list(depths.values()), minlength=max(_LONGEST, *depths.values()) + 1)
    for length in range(len(of_length) - 1, _LONGEST, -1):
        while of_length[length] > 0:  # two codes become one shorter; another shorter one becomes two
            shorter = max(np.flatnonzero(of_length[: length - 1]).tolist())
            of_length[length] -= 2
            of_length[length - 1] += 1
            of_length[shorter + 1] += 2
            of_length[shorter] -= 1
    longest = int(np.flatnonzero(of_length)[-1])
    of_length[longest] -= 1  # the code of ones
    symbols = sorted((symbol for symbol in depths if symbol < 256), key=lambda symbol: (depths[symbol], symbol))
    return huffman_table(bytes(of_length[1 : _LONGEST + 1].tolist()) + bytes(symbols))
