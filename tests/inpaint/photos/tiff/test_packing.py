import dataclasses
import io

import numpy as np
import pytest

from inpaint.photos.tiff import packing
from inpaint.photos.tiff.layout import layout_of
from inpaint.photos.tiff.structure import Structure

from .files import tiff_bytes


@pytest.mark.parametrize("bits", [1, 3, 5, 7, 9, 11, 12, 13, 15, 17, 23, 29, 31])
@pytest.mark.parametrize("block", [8, 16, 1 << 18])
def test_samples_of_any_bit_depth_are_packed_as_a_string_of_bits(bits, block, monkeypatch):
    monkeypatch.setattr(packing, "_BLOCK_SAMPLES", block)
    structure = Structure(io.BytesIO(tiff_bytes(np.zeros((5, 37, 3), np.uint8))), "the file")
    layout = dataclasses.replace(layout_of(structure, structure.chain[0]), bits=bits)
    values = np.random.default_rng(0).integers(0, 1 << bits, (5, 37, 3)).astype(layout.dtype)
    rows = ["".join(f"{value:0{bits}b}" for value in row.ravel()) for row in values]
    expected = b"".join(int(row.ljust(8 * layout.row_bytes, "0"), 2).to_bytes(layout.row_bytes, "big") for row in rows)
    assert packing.pack(layout, values) == expected
    assert np.array_equal(packing.unpack(layout, expected, 5), values)
