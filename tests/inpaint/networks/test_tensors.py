"""Conversion between pixels and tensors, composites and padding."""

import numpy as np
import pytest
import torch

from inpaint.networks.tensors import composite, pad_to_multiple, to_pixels, to_tensor


def test_pixels_survive_the_conversion_to_a_tensor_and_back():
    pixels = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, 3, 16, 16)
    assert tensor.min() == -1
    assert tensor.max() == 1
    assert np.array_equal(to_pixels(tensor), pixels)


def test_values_out_of_range_are_clipped_and_nan_is_mid_grey():
    assert np.array_equal(to_pixels(torch.tensor([-9.0, 9.0, float("nan")]).view(1, 3, 1, 1)), [[[0, 255, 128]]])


def test_a_composite_is_the_prediction_in_the_hole_and_the_image_outside():
    image, prediction = torch.rand(2, 3, 4, 5), torch.full((2, 3, 4, 5), float("nan"))
    mask = torch.zeros(2, 1, 4, 5)
    mask[:, :, 1] = 1
    result = composite(image, prediction, mask)
    assert torch.equal(result[:, :, 2:], image[:, :, 2:])
    assert result[:, :, 1].isnan().all()


@pytest.mark.parametrize(("height", "width"), [(16, 32), (17, 31), (3, 40), (2, 5), (1, 7), (1, 1)])
def test_padding_to_a_multiple_is_the_reflection_of_the_image(height, width):
    image = torch.rand(2, 3, height, width)
    bottom, right = -height % 16, -width % 16
    mode = "reflect" if min(height, width) > 1 else None
    padded = pad_to_multiple(image, 16)
    assert padded.shape == (2, 3, height + bottom, width + right)
    assert torch.equal(padded[..., :height, :width], image)
    if mode:  # NumPy reflects as often as it takes
        expected = np.pad(image.numpy(), ((0, 0), (0, 0), (0, bottom), (0, right)), mode)
        assert np.array_equal(padded.numpy(), expected)


def test_padding_replicates_a_single_row_or_column():
    image = torch.rand(1, 3, 1, 16)
    assert torch.equal(pad_to_multiple(image, 16), image.expand(1, 3, 16, 16))


def test_an_image_of_the_right_size_is_not_padded():
    image = torch.rand(1, 3, 32, 48)
    assert pad_to_multiple(image, 16) is image
