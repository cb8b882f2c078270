"""Masks of thin damage: any size, widths in pixels, and the same mask for the same random numbers."""

import numpy as np
import pytest

from inpaint.morphology.distance import distance_transform
from train.masks.thin import COVERAGE, WIDTHS_PX, thin_damage


def test_pieces_are_thin_whatever_the_size_of_the_image():
    for side in (64, 96, 400):
        masks = [thin_damage(side, side, np.random.default_rng((side, number))) for number in range(60)]
        thickness = [2 * distance_transform(mask).max() for mask in masks]
        assert np.quantile(thickness, 0.1) <= 4 < 10 < np.quantile(thickness, 0.9) <= 1.5 * WIDTHS_PX[1]
        assert all(COVERAGE[0] <= mask.mean() <= 0.5 for mask in masks)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (17, 300)])
def test_any_size_has_a_hole(height, width):
    masks = [thin_damage(height, width, np.random.default_rng(seed)) for seed in range(20)]
    assert all(mask.shape == (height, width) and mask.dtype == bool and mask.any() for mask in masks)


def test_the_same_random_numbers_give_the_same_mask():
    first, second, other = (thin_damage(96, 96, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, second) and not np.array_equal(first, other)


def test_a_size_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0x5: height and width must be at least 1"):
        thin_damage(0, 5, np.random.default_rng(0))
