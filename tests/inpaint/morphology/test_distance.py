"""Distance transforms: equal to scipy's, which are exact, in float32."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from inpaint.compiled import parallel
from inpaint.morphology import distance as module
from inpaint.morphology.distance import distance_transform, nearest_background

from .grids import grids, large_grid, repeatable


def expected_of(grid, border):
    if border:
        return ndimage.distance_transform_edt(np.pad(grid, 1))[1:-1, 1:-1].astype(np.float32)
    if grid.all():
        return np.full(grid.shape, np.inf, np.float32)
    return ndimage.distance_transform_edt(grid).astype(np.float32)


@pytest.fixture(autouse=True, scope="module", params=["kernels", "NumPy"])
def implementation(request):
    """All tests run with the kernels and with NumPy alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "are_worth_it", lambda seconds: request.param == "kernels")
        yield request.param


@repeatable
@given(grids(), st.booleans())
def test_distances_are_those_of_scipy(grid, border):
    distance = distance_transform(grid, border=border)
    assert distance.dtype == np.float32
    assert np.array_equal(distance, expected_of(grid, border))


@pytest.mark.parametrize("border", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_distances_of_few_background_pixels_are_those_of_scipy(seed, border):
    rng = np.random.default_rng(seed)
    grid = np.ones((300, 200), bool)
    grid[rng.integers(0, 300, 5), rng.integers(0, 200, 5)] = False
    for view in (grid, grid.T, grid[::2, ::-1]):
        assert np.array_equal(distance_transform(view, border=border), expected_of(view, border))


def test_one_background_pixel_is_the_origin_of_circles():
    grid = np.ones((41, 61), bool)
    grid[10, 20] = False
    y, x = np.mgrid[:41, :61]
    assert np.array_equal(distance_transform(grid), np.hypot(y - 10, x - 20).astype(np.float32))


def test_a_full_grid_is_infinitely_deep_unless_its_border_is_background():
    full = np.ones((4, 7), bool)
    assert np.isinf(distance_transform(full)).all()
    assert distance_transform(full, border=True).max() == 2


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_a_grid_without_pixels_has_no_distances(shape):
    assert distance_transform(np.zeros(shape, bool)).shape == shape


@repeatable
@given(grids().filter(lambda grid: not grid.all()))
def test_the_nearest_background_is_background_and_at_that_distance(grid):
    rows, columns = nearest_background(grid)
    assert not grid[rows, columns].any()
    y, x = np.indices(grid.shape)
    assert np.array_equal(np.hypot(y - rows, x - columns).astype(np.float32), distance_transform(grid))


@pytest.mark.parametrize("border", [False, True])
def test_any_number_of_threads_computes_the_same(border, monkeypatch):
    grid = large_grid(3)
    results = []
    for threads in (1, 3):
        monkeypatch.setattr(parallel, "threads", lambda threads=threads: threads)
        results.append(distance_transform(grid, border=border))
    assert np.array_equal(*results)
    assert np.array_equal(results[0], expected_of(grid, border))
