"""Dilation and erosion by squares: equal to scipy's filters, and none of them changes its argument."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from inpaint.morphology.squares import dilate, erode

from .grids import grids, repeatable


@repeatable
@given(grids(), st.integers(0, 12))
def test_a_dilated_grid_is_the_largest_value_of_each_square(grid, radius):
    before = grid.copy()
    expected = ndimage.maximum_filter(grid, 2 * radius + 1, mode="constant")
    assert np.array_equal(dilate(grid, radius), expected)
    assert np.array_equal(grid, before)


@repeatable
@given(grids(), st.integers(0, 12))
def test_an_eroded_grid_is_the_smallest_value_of_each_square_and_nothing_lies_beside_it(grid, radius):
    before = grid.copy()
    expected = ndimage.minimum_filter(grid, 2 * radius + 1, mode="constant")
    assert np.array_equal(erode(grid, radius), expected)
    assert np.array_equal(grid, before)
