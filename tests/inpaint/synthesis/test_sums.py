"""Sums of the weights of equal keys: compared with a dictionary."""

import collections

import numpy as np
import pytest

from inpaint.compiled.jit import njit
from inpaint.synthesis.patch_kernels import OPTIONS, SIDE
from inpaint.synthesis.sum_kernels import LANES, sum_equal

SIZE = 4 * LANES


@njit(**OPTIONS)
def sums_of(keys, weights, count, sums):
    sum_equal(keys, weights, count, sums)


@pytest.mark.parametrize("count", [1, 2, LANES - 1, LANES, LANES + 1, SIDE**2, SIZE])
def test_each_key_has_the_sum_of_the_weights_of_all_equal_keys(count):
    rng = np.random.default_rng(count)
    keys, weights = rng.integers(-3, 4, SIZE, np.int32), rng.random(SIZE, np.float32)
    keys[count:] = keys[0]  # what lies behind does not count
    totals = collections.defaultdict(float)
    for key, weight in zip(keys[:count].tolist(), weights[:count].tolist(), strict=True):
        totals[key] += weight
    sums = np.zeros(SIZE, np.float32)
    sums_of(keys, weights, count, sums)
    assert sums[:count] == pytest.approx([totals[key] for key in keys[:count].tolist()], rel=1e-6)
