"""Grids of the tests: random ones of any shape and density, and the extreme ones."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

repeatable = settings(max_examples=150, deadline=None, database=None, derandomize=True)


@st.composite
def grids(draw):
    """A bool grid of up to 40 x 40 pixels, or one of a few shapes with coarse blobs; empty and full ones too."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share = draw(st.sampled_from([0, 0.02, 0.3, 0.5, 0.7, 0.98, 1]))
    cell = draw(st.sampled_from([1, 1, 3, 8]))
    coarse = rng.random((-(-height // cell), -(-width // cell))) < share
    return coarse.repeat(cell, axis=0).repeat(cell, axis=1)[:height, :width]


def large_grid(seed, height=700, width=900):
    """A grid that several threads share."""
    rng = np.random.default_rng(seed)
    return rng.random((height // 20, width // 20)).repeat(20, axis=0).repeat(20, axis=1) < 0.6
