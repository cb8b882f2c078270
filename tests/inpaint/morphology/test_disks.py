"""Dilation by small discs."""

import numpy as np
import pytest

from inpaint.morphology.disks import MOST_PX, dilate
from inpaint.morphology.distance import distance_transform


@pytest.mark.parametrize("radius", [0, 0.9, 1, 1.4142, 1.5, 2, 2.9, 4, 5, 2**0.5 * 2, 3**0.5, 13**0.5, MOST_PX])
@pytest.mark.parametrize("shape", [(40, 60), (1, 30), (30, 1), (3, 5), (1, 1), (0, 4), (4, 0)])
@pytest.mark.parametrize("share", [0, 0.003, 0.3])
def test_it_is_what_lies_within_that_distance(radius, shape, share):
    grid = np.random.default_rng(0).random(shape) < share
    before = grid.copy()
    expected = distance_transform(~grid) <= radius if grid.any() else grid
    assert np.array_equal(dilate(grid, radius), expected)
    assert np.array_equal(grid, before)
