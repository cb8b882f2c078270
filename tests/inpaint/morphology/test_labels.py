"""Connected components: equal to scipy's, in the same order."""

import numpy as np
import pytest
from hypothesis import given
from scipy import ndimage

from inpaint.morphology import labels as module
from inpaint.morphology.labels import bounding_boxes, label, maximum

from .grids import grids, repeatable

NEIGHBOURS = np.ones((3, 3))


@pytest.fixture(autouse=True, scope="module", params=["kernels", "NumPy"])
def implementation(request):
    """All tests run with the kernels and with NumPy alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "are_worth_it", lambda seconds: request.param == "kernels")
        yield request.param


@repeatable
@given(grids())
def test_labels_are_those_of_scipy(grid):
    labels, count = label(grid)
    expected, expected_count = ndimage.label(grid, NEIGHBOURS)
    assert (labels.dtype, count) == (np.int32, expected_count)
    assert np.array_equal(labels, expected)


@pytest.mark.parametrize("seed", range(3))
def test_labels_of_noise_with_many_joined_components_are_those_of_scipy(seed):
    noise = np.random.default_rng(seed).random((300, 500)) < 0.35
    for grid in (noise, noise[::2, ::-1], noise.T):
        labels, count = label(grid)
        expected, expected_count = ndimage.label(grid, NEIGHBOURS)
        assert count == expected_count
        assert np.array_equal(labels, expected)


def test_a_spiral_is_one_component():
    spiral = np.zeros((101, 101), bool)
    for ring in range(0, 50, 4):
        spiral[ring, ring : 101 - ring] = spiral[ring : 101 - ring, 100 - ring] = True
        spiral[100 - ring, ring : 101 - ring] = spiral[ring + 4 : 101 - ring, ring] = True
        spiral[ring + 4, ring : ring + 5] = True
    labels, count = label(spiral)
    assert count == 1
    assert np.array_equal(labels, spiral)


@repeatable
@given(grids())
def test_bounding_boxes_are_those_of_scipy(grid):
    labels, count = label(grid)
    spans = ndimage.find_objects(labels)
    assert bounding_boxes(labels, count).tolist() == [
        [rows.start, rows.stop, columns.start, columns.stop] for rows, columns in spans
    ]


@repeatable
@given(grids())
def test_the_largest_value_of_each_label_is_that_of_scipy(grid):
    labels, count = label(grid)
    values = np.random.default_rng(0).random(grid.shape, np.float32)
    expected = ndimage.maximum(values, labels, np.arange(1, count + 1))
    assert np.array_equal(maximum(values, labels, count)[1:], expected)
