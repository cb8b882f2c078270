"""From pixels to a masked image of a smaller scale and back: exact, and equal to PyTorch."""

import numpy as np
import pytest
import torch

from inpaint.networks.pyramid import shrink
from inpaint.networks.tensors import to_pixels, to_tensor
from inpaint.pyramid import fills


def photo_of(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(("factor", "size"), [(1, (5, 7)), (2, (16, 24)), (3, (1, 1)), (4, (5, 7)), (8, (3, 4))])
@pytest.mark.parametrize("share", [0, 0.3, 0.5, 0.6, 0.9, 0.999, 1])
def test_a_downscaled_picture_equals_that_of_pytorch(factor, size, share):
    photo = photo_of(size[0] * factor, size[1] * factor)
    hole = np.random.default_rng(1).random(photo.shape[:2]) < share
    image, mask = fills.downscale(photo, hole, factor)
    expected, expected_mask = shrink(to_tensor(photo), torch.from_numpy(hole)[None, None].float(), factor)
    assert np.array_equal(mask, expected_mask[0, 0].numpy())
    assert np.allclose(image, expected[0].numpy(), rtol=0, atol=1e-6)
    assert not image[:, mask > 0].any()


def test_blocks_of_more_pixels_than_16_bits_can_count_have_the_right_mean():
    photo, hole = np.full((600, 300, 3), 255, np.uint8), np.zeros((600, 300), bool)
    photo[:, ::2, 1] = 0
    image, mask = fills.downscale(photo, hole, 300)
    assert not mask.any()
    assert np.allclose(image[:, :, 0], np.array([[1], [0], [1]]), atol=1e-6)


def test_the_only_known_pixel_of_a_picture_is_kept():
    photo, hole = np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), bool)
    photo[37, 5], hole[37, 5] = 255, False
    image, mask = fills.downscale(photo, hole, 16)
    assert np.argwhere(mask == 0).tolist() == [[2, 0]]
    assert (image[:, 2, 0] == 1).all()


@pytest.mark.parametrize(
    "of",
    [
        lambda array: array[3:11, 5:17],
        lambda array: array[10:2:-1, 5:17],
        lambda array: array[3:11, 16:4:-1],
        lambda array: array[:8, ::3][:, :12],
        lambda array: np.asfortranarray(array[3:11, 5:17]),
    ],
)
@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_a_part_of_a_picture_gives_the_same_as_a_copy_of_it(of, writeable, factor):
    photo, hole = photo_of(20, 40), np.random.default_rng(1).random((20, 40)) < 0.4
    photo.flags.writeable = hole.flags.writeable = writeable
    expected = fills.downscale(of(photo).copy(), of(hole).copy(), factor)
    for ours, theirs in zip(fills.downscale(of(photo), of(hole), factor), expected, strict=True):
        assert np.array_equal(ours, theirs)


def test_pixels_that_are_not_downscaled_come_back_exactly():
    photo = np.arange(256 * 3, dtype=np.uint8).reshape(16, 16, 3)
    hole = np.eye(16, dtype=bool)
    pixels = fills.to_pixels(fills.downscale(photo, hole, 1)[0])
    assert np.array_equal(pixels[~hole], photo[~hole])


@pytest.mark.parametrize("compiled", [True, False])
def test_images_are_rounded_and_clipped_as_by_pytorch(monkeypatch, compiled):
    if not compiled:
        monkeypatch.setattr(fills, "is_available", lambda: False)
    image = np.random.default_rng(0).standard_normal((3, 40, 51)).astype(np.float32)
    image[:, 7] = np.arange(51, dtype=np.float32) * 0.5 / 127.5 - 1  # every second one lies between two pixel values
    image[0, :5], image[1, 0], image[2, 1] = np.nan, np.inf, -np.inf
    assert np.array_equal(fills.to_pixels(image), to_pixels(torch.from_numpy(image)))


@pytest.mark.parametrize("compiled", [True, False])
def test_a_composite_has_the_prediction_in_the_hole_and_the_image_outside(monkeypatch, compiled):
    if not compiled:
        monkeypatch.setattr(fills, "is_available", lambda: False)
    image, prediction = np.random.default_rng(0).uniform(-1, 1, (2, 3, 20, 31)).astype(np.float32)
    mask = (np.random.default_rng(1).random((20, 31)) < 0.5).astype(np.float32)
    expected = np.where(mask[..., None] > 0, fills.to_pixels(prediction), fills.to_pixels(image))
    assert np.array_equal(fills.composite_pixels(image, prediction, mask), expected)


def test_without_numba_a_downscaled_picture_is_the_same(monkeypatch):
    photo = photo_of(32, 64)
    hole = np.random.default_rng(1).random((32, 64)) < 0.5
    image, mask = fills.downscale(photo, hole, 4)
    monkeypatch.setattr(fills, "is_available", lambda: False)
    expected, expected_mask = fills.downscale(photo, hole, 4)
    assert np.array_equal(mask, expected_mask)
    assert np.allclose(image, expected, rtol=0, atol=1e-6)
