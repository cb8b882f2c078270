"""Hysteresis and the surroundings of thick damage, checked against scipy."""

import numpy as np
import pytest
from scipy import ndimage

from inpaint.segmentation import thresholding
from inpaint.segmentation.thresholding import hysteresis, near_thick


@pytest.fixture(params=[True, False], ids=["numba", "without"], autouse=True)
def numba(request, monkeypatch):
    monkeypatch.setattr(thresholding, "is_available", lambda: request.param)


@pytest.mark.parametrize("seed", range(3))
def test_components_that_hold_a_high_value_are_marked(seed):
    values = ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, 1, (90, 120)), 1.2).astype(np.float32)
    low, high = np.quantile(values, 0.8), np.quantile(values, 0.95)
    labels, count = ndimage.label(values > low, np.ones((3, 3)))
    wanted = np.zeros(values.shape, bool)
    for index in range(1, count + 1):
        component = labels == index
        wanted |= component & ((values[component] > high).any() and component.sum() >= 3)
    assert np.array_equal(hysteresis(values, float(low), float(high), 3), wanted)
    assert 0 < wanted.sum() < (values > low).sum()


def test_nothing_is_marked_where_nothing_is_high():
    assert not hysteresis(np.zeros((20, 30), np.float32), -1, 1, 1).any()


def test_components_of_too_few_pixels_are_left_out():
    values = np.zeros((9, 9), np.float32)
    values[1, 1] = values[2, 2] = 5
    values[6, 5:8] = 5
    found = hysteresis(values, 0.5, 1, 3)
    assert found.sum() == 3 and found[6, 5:8].all()
    assert hysteresis(values, 0.5, 1, 2).sum() == 5


def test_around_a_thick_disk_pixels_are_near_and_around_a_line_none():
    rows, columns = np.mgrid[:203, :242]
    radius = np.hypot(rows - 100, columns - 120)
    near = near_thick(radius < 40, 20)
    assert near[radius < 50].all() and not near[radius > 72].any()
    assert near.shape == (203, 242)
    assert near_thick(np.abs(rows - 100) < 6, 20) is None


def test_damage_at_the_edge_of_the_photo_counts_as_continued():
    found = np.zeros((100, 100), bool)
    found[:, :16] = True
    near = near_thick(found, 8)
    assert near[:, :12].all() and not near[:, 40:].any()
