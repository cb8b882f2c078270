"""Crops that are cut on the device: the same as Pillow's, from squares that are distributed as in the stream."""

import numpy as np
import pytest
import torch
from PIL import Image

from train.data.device.pictures import DevicePictures, Squares

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    sizes = [(61, 40), (96, 80), (50, 131)]
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_crops_are_those_of_pillows_lanczos_filter(pictures, resolution):
    boxes = [(0, 0, 0, 40), (0, 21, 3, 37), (1, 10, 0, 80), (1, 5, 7, 33), (2, 0, 81, 50), (2, 17, 40, 20)]
    crops = DevicePictures(pictures, CPU).crops(Squares(*torch.tensor(boxes).T), resolution)
    for (number, top, left, side), crop in zip(boxes, crops, strict=True):
        photo, box = Image.fromarray(pictures[number]), (left, top, left + side, top + side)
        expected = np.asarray(photo.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box), float)
        # Pillow rounds to whole numbers between its two passes
        assert np.abs(crop.permute(1, 2, 0).numpy() - expected).max() < 2.5


def test_a_crop_of_the_same_size_is_the_square_itself(pictures):
    crops = DevicePictures(pictures, CPU).crops(Squares(*torch.tensor([[1, 9, 21, 32]]).T), 32)
    assert np.allclose(crops[0].permute(1, 2, 0).numpy(), pictures[1][9:41, 21:53], atol=1e-3)


def test_squares_lie_in_their_pictures_and_have_log_uniform_sides(pictures):
    number = torch.arange(3).repeat(4000)
    uniform = torch.rand(len(number), 3, generator=torch.Generator().manual_seed(1))
    squares = DevicePictures(pictures, CPU).random_squares(number, uniform, 16, 0.25)
    height, width = torch.tensor([p.shape[:2] for p in pictures])[number].unbind(1)
    assert (squares.top >= 0).all() and (squares.top + squares.side <= height).all()
    assert (squares.left >= 0).all() and (squares.left + squares.side <= width).all()
    sides = squares.side[number == 1]
    assert sides.min() == 20 and sides.max() == 80
    assert torch.median(sides) == pytest.approx((20 * 80) ** 0.5, rel=0.03)
    assert (squares.top[number == 1] + sides).max() == 96  # the last row is reached


def test_a_square_is_not_smaller_than_the_crop_where_the_picture_is_large_enough(pictures):
    squares = DevicePictures(pictures, CPU).random_squares(torch.tensor([0, 1]), torch.zeros(2, 3), 64, 0.25)
    assert squares.side.tolist() == [40, 64]


def test_no_pictures_are_an_error():
    with pytest.raises(ValueError, match="at least one"):
        DevicePictures([], CPU)
