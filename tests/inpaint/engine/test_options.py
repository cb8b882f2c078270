"""Options of a fill: their ranges, and that they reach other processes."""

import pickle

import numpy as np
import pytest

from inpaint.engine.options import MAX_SEED, FillOptions


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, 0.5, True, "1", None])
def test_a_seed_that_is_no_whole_number_in_range_is_refused(seed):
    with pytest.raises(ValueError, match="seed is .*; it must be a whole number from 0 to 2147483647"):
        FillOptions(seed=seed)


@pytest.mark.parametrize("strength", [-0.01, 1.01, float("nan"), True, "1", None])
def test_a_texture_strength_that_is_no_number_in_range_is_refused(strength):
    with pytest.raises(ValueError, match="texture_strength is .*; it must be a number from 0 to 1"):
        FillOptions(texture_strength=strength)


def test_options_take_the_numbers_of_numpy_and_can_be_pickled():
    options = FillOptions(np.int64(MAX_SEED), np.float32(0.5))
    assert pickle.loads(pickle.dumps(options)) == options == FillOptions(MAX_SEED, 0.5)
