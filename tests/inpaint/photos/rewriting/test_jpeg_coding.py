"""Coefficients are decoded and encoded as libjpeg does it: to the same bytes."""

import numpy as np
import pytest
from PIL import Image

from inpaint.photos.rewriting import jpeg_coding, jpeg_file
from inpaint.photos.rewriting.jpeg_huffman import huffman_table, optimal_table
from tests.inpaint.photos.rewriting.jpegs import NAMES, coefficients, jpeg
from tests.pictures import file_bytes


def encoded_again(data):
    file = jpeg_file.read(data)
    return jpeg_coding.encode(file, file.parts, jpeg_coding.decode(file, data))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at_once", [1, 7, 4096])
def test_without_a_change_the_same_bytes_are_written_whatever_is_encoded_at_once(monkeypatch, name, at_once):
    monkeypatch.setattr(jpeg_coding, "_BLOCKS_AT_ONCE", at_once)
    data = jpeg(name)
    assert encoded_again(data) == data


@pytest.mark.parametrize("name", ["4:4:4", "4:2:0", "progressive", "restarts in rows", "grey", "CMYK"])
def test_coefficients_are_those_that_libjpeg_reads(name):
    data = jpeg(name)
    file = jpeg_file.read(data)
    mine = jpeg_coding.decode(file, data)
    for component, theirs in zip(file.frame.components, coefficients(data), strict=True):
        blocks = mine[component.first :][: component.columns * component.rows]
        grid = blocks.reshape(component.rows, component.columns, 64)[: component.own_rows, : component.own_columns]
        zigzag = np.array([at for line in range(15) for at in diagonal(line)])
        assert np.array_equal(
            grid, theirs[: component.own_rows, : component.own_columns].reshape(*grid.shape)[..., zigzag]
        )


def diagonal(line):
    """Places of a block on one of its diagonals, in zigzag order."""
    places = [8 * row + line - row for row in range(8) if 0 <= line - row < 8]
    return places if line % 2 else places[::-1]


def test_runs_of_more_than_32767_empty_blocks_are_encoded_as_libjpeg_does_it():
    picture = Image.new("L", (1520, 1520), 77)
    picture.putpixel((1519, 1519), 255)
    data = file_bytes(picture, "JPEG", progressive=True)
    assert encoded_again(data) == data


@pytest.mark.parametrize("name", ["fine", "baseline", "restarts in rows"])
def test_dense_coefficients_of_any_size_come_back(name):
    rng, data = np.random.default_rng(0), jpeg(name)
    file = jpeg_file.read(data)
    wild = rng.integers(-1023, 1024, (file.frame.blocks, 64)).astype(np.int16) >> rng.integers(0, 11, (1, 64))
    wild = wild.astype(np.int16)
    again = jpeg_coding.encode(file, file.parts, wild)
    units = jpeg_coding.decode(jpeg_file.read(again), again)
    for component in file.frame.components:  # scans of one component have no blocks beside the picture
        shape = component.rows, component.columns, 64
        pairs = [part[component.first :][: shape[0] * shape[1]].reshape(shape) for part in (wild, units)]
        own = (slice(component.own_rows), slice(component.own_columns))
        assert np.array_equal(pairs[0][own], pairs[1][own])


def test_the_optimal_table_is_a_prefix_code_of_at_most_16_bits():
    counts = np.zeros(256, np.int64)
    counts[:40] = np.array([1, 2, *[0] * 38]).cumsum() + 2 ** np.arange(40)  # a Huffman code of 40 bits
    table = optimal_table(counts)
    assert ((table.lengths > 0) == (counts > 0)).all() and table.lengths.max() == 16
    assert (2.0 ** -table.lengths[counts > 0]).sum() < 1  # the code of ones is free
    one = optimal_table(np.eye(1, 256, 5, dtype=np.int64)[0])
    assert one.lengths[5] == 1 and one.codes[5] == 0


def test_a_symbol_with_two_codes_is_read_by_both_and_written_by_the_shorter():
    table = huffman_table(bytes([1, 1, *[0] * 14, 7, 7]))
    lookup = table.lookup()
    assert (lookup[0], lookup[0x8000], lookup[0xFFFF]) == (1 << 8 | 7, 2 << 8 | 7, 0)
    assert (table.lengths[7], table.codes[7]) == (1, 0)
