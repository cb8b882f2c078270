"""Fills on NumPy arrays: equal to those of PyTorch, with compiled kernels and without."""

import numpy as np
import pytest
import torch

from inpaint.compiled import parallel
from inpaint.compiled.available import is_available
from inpaint.networks import pyramid
from inpaint.pyramid import fills

SIZES = [(1, 1), (1, 2), (2, 1), (1, 7), (9, 1), (2, 2), (5, 3), (16, 16), (33, 130), (50, 37), (3, 200)]
FILLS = ["push_pull", "initial_fill"]


def image_of(size, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (3, *size)).astype(np.float32)


def of_torch(name, image, mask):
    return getattr(pyramid, name)(torch.from_numpy(image)[None], torch.from_numpy(mask)[None, None])[0].numpy()


def box(size, top, bottom, left, right):
    mask = np.zeros(size, np.float32)
    mask[top:bottom, left:right] = 1
    return mask


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize("size", SIZES)
def test_a_fill_of_scattered_pixels_equals_that_of_pytorch(name, size):
    for share in (0, 0.1, 0.5, 0.9, 0.99):
        mask = (np.random.default_rng(1).random(size) < share).astype(np.float32)
        image = image_of(size) * (1 - mask)
        assert np.allclose(getattr(fills, name)(image, mask), of_torch(name, image, mask), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize(
    "edges",
    [
        *[(20, 41, 30, 61), (0, 41, 30, 61), (20, 67, 30, 61), (20, 41, 0, 9), (20, 41, 60, 93), (0, 40, 0, 50)],
        *[(30, 67, 40, 93), (0, 67, 10, 93), (0, 66, 0, 93), (1, 66, 1, 92), (0, 67, 0, 92), (33, 34, 0, 93)],
    ],
)
def test_a_fill_of_a_box_at_any_border_equals_that_of_pytorch(name, edges):
    image, mask = image_of((67, 93)), box((67, 93), *edges)
    assert np.allclose(getattr(fills, name)(image, mask), of_torch(name, image, mask), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", FILLS)
@pytest.mark.parametrize("size", SIZES)
def test_a_fill_is_0_where_nothing_is_known(name, size):
    assert not getattr(fills, name)(image_of(size), np.ones(size, np.float32)).any()


@pytest.mark.parametrize("name", FILLS)
def test_a_fill_keeps_known_pixels_and_its_arguments_and_ignores_the_hole(name):
    image, mask = image_of((70, 90)), box((70, 90), 20, 50, 0, 80)
    before, fill = (image.copy(), mask.copy()), getattr(fills, name)(image, mask)
    assert np.array_equal(before[0], image) and np.array_equal(before[1], mask)
    assert np.array_equal(fill[:, mask == 0], image[:, mask == 0])
    assert np.array_equal(fill, getattr(fills, name)(np.where(mask > 0, np.float32(9), image), mask))


def test_the_initial_fill_stays_in_the_range():
    image = np.full((3, 40, 40), -1, np.float32)
    image[:, :, 20:] = np.linspace(-1, 1, 20, dtype=np.float32)
    fill = fills.initial_fill(image, box((40, 40), 0, 40, 17, 23))
    assert fill.min() == -1 and fill.max() == 1


def test_a_fill_takes_arrays_that_are_read_only_or_not_contiguous():
    image, mask = image_of((30, 40)), box((30, 40), 5, 25, 10, 20)
    expected = fills.initial_fill(image, mask)
    image, mask = np.asfortranarray(image), np.asfortranarray(mask)
    image.flags.writeable = mask.flags.writeable = False
    assert np.array_equal(fills.initial_fill(image, mask), expected)


@pytest.mark.parametrize(
    ("block", "size"), [(16, (16, 16)), (16, (64, 48)), (4, (8, 20)), (5, (10, 15)), (2, (4, 2)), (1, (4, 5))]
)
def test_low_frequencies_are_transferred_as_by_pytorch(block, size):
    image, source = image_of(size), image_of(size, seed=1)
    given = (torch.from_numpy(array)[None] for array in (image, source))
    expected = pyramid.transfer_low_frequencies(*given, block)[0].numpy()
    assert np.allclose(fills.transfer_low_frequencies(image, source, block=block), expected, rtol=0, atol=1e-5)


def test_only_differences_in_the_hole_are_transferred():
    image, source, mask = image_of((32, 48)), image_of((32, 48), seed=1), box((32, 48), 3, 20, 10, 40)
    expected = fills.transfer_low_frequencies(image, np.where(mask > 0, source, image))
    assert np.allclose(fills.transfer_low_frequencies(image, source, mask), expected, rtol=0, atol=1e-6)


def test_without_numba_the_values_are_the_same(monkeypatch):
    image, source, mask = image_of((48, 64)), image_of((48, 64), seed=1), box((48, 64), 3, 20, 10, 64)

    def results():
        yield fills.push_pull(image, mask)
        yield fills.initial_fill(image, mask)
        yield fills.transfer_low_frequencies(image, source)
        yield fills.transfer_low_frequencies(image, source, mask)

    compiled = list(results())
    monkeypatch.setattr(fills, "is_available", lambda: False)
    for ours, expected in zip(compiled, results(), strict=True):
        assert (ours.dtype, ours.shape) == (expected.dtype, expected.shape)
        assert np.allclose(ours, expected, rtol=0, atol=1e-5)


def test_channels_that_are_filled_at_the_same_time_are_the_same(monkeypatch):
    if not is_available():
        pytest.skip("the kernels need numba")
    monkeypatch.setattr(fills, "are_worth_it", lambda seconds: True)
    image, mask = image_of((190, 260)), box((190, 260), 10, 190, 30, 200)
    monkeypatch.setattr(parallel, "threads", lambda: 1)
    alone = fills.initial_fill(image, mask)
    monkeypatch.setattr(parallel, "threads", lambda: 3)
    monkeypatch.setattr(fills, "_PARALLEL_PIXELS", 1)
    started, start = [], parallel._started
    monkeypatch.setattr(parallel, "_started", lambda work, count: started.append(count) or start(work, count))
    for _ in range(20):
        assert np.array_equal(fills.initial_fill(image, mask), alone)
    assert started and max(started) == 2
