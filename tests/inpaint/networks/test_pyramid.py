import pytest
import torch

from inpaint.networks.pyramid import initial_fill, push_pull, shrink


@pytest.mark.parametrize("fill", [push_pull, initial_fill])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (16, 16), (33, 130)])
def test_a_fill_keeps_known_pixels_and_fills_the_rest(fill, size):
    torch.manual_seed(0)
    image = torch.rand(2, 3, *size) * 2 - 1
    mask = (torch.rand(2, 1, *size) > 0.6).float()
    mask[..., 0, 0] = 0
    filled = fill(image * (1 - mask), mask)
    assert torch.equal(filled * (1 - mask), image * (1 - mask))
    assert torch.isfinite(filled).all()
    assert filled.abs().max() <= 1 + 1e-6


@pytest.mark.parametrize("fill", [push_pull, initial_fill])
def test_a_fill_continues_a_plain_colour_exactly(fill):
    image = torch.tensor([0.3, -0.5, 0.9]).view(1, 3, 1, 1).expand(1, 3, 37, 50)
    mask = torch.zeros(1, 1, 37, 50)
    mask[..., 5:30, 10:45] = 1
    assert torch.allclose(fill(image * (1 - mask), mask), image, atol=1e-5)


@pytest.mark.parametrize("fill", [push_pull, initial_fill])
def test_a_fill_ignores_values_in_the_hole(fill):
    torch.manual_seed(0)
    image, mask = torch.rand(1, 3, 24, 24), torch.zeros(1, 1, 24, 24)
    mask[..., 8:16, 8:16] = 1
    assert torch.equal(fill(image, mask), fill(image * (1 - mask) + 9 * mask, mask))


def test_push_pull_fits_a_gradient_better_than_the_mean_colour():
    image = torch.linspace(-1, 1, 64).view(1, 1, 1, 64).expand(1, 3, 64, 64)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    error = (push_pull(image * (1 - mask), mask) - image).abs()[..., 16:48, 16:48].mean()
    assert error < 0.12  # the mean colour is 0, with an error of 0.25


def test_the_initial_fill_continues_a_slope_across_a_scratch():
    image = torch.linspace(-1, 1, 96).view(1, 1, 1, 96).expand(1, 3, 96, 96)
    mask = torch.zeros(1, 1, 96, 96)
    mask[..., 40:46] = 1
    rough, smooth = (
        (fill(image * (1 - mask), mask) - image).abs()[..., 40:46].mean() for fill in (push_pull, initial_fill)
    )
    assert smooth < rough / 3


def test_the_initial_fill_continues_the_curvature_across_a_scratch():
    image = (torch.linspace(-1, 1, 96).view(1, 1, 1, 96) * 3).cos().expand(1, 3, 96, 96)
    mask = torch.zeros(1, 1, 96, 96)
    mask[..., 45:51] = 1
    fill = initial_fill(image * (1 - mask), mask)[..., 45:51]
    linear = image[..., 44:45] + (image[..., 51:52] - image[..., 44:45]) * torch.arange(1, 7) / 7
    assert (fill - image[..., 45:51]).abs().mean() < (linear - image[..., 45:51]).abs().mean() / 1.4


def test_shrinking_averages_known_pixels_only():
    image = torch.full((1, 3, 4, 4), 9.0)
    image[..., :2, :2] = torch.tensor([[0.1, 0.3], [0.5, 7.0]])
    mask = torch.ones(1, 1, 4, 4)
    mask[..., :2, :2] = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    small, small_mask = shrink(image, mask, 2)
    assert torch.allclose(small[0, :, 0, 0], torch.tensor([0.3, 0.3, 0.3]))
    assert small_mask.tolist() == [[[[0, 1], [1, 1]]]]
    assert (small * small_mask == 0).all()


def test_shrinking_keeps_the_only_known_pixel_of_each_picture():
    mask = torch.ones(2, 1, 64, 64)
    mask[0, 0, 37, 5] = mask[1, 0, 0, :] = 0
    image = torch.full((2, 3, 64, 64), 0.7)
    small, small_mask = shrink(image, mask, 16)
    assert (1 - small_mask).sum((1, 2, 3)).tolist() == [1, 4]
    assert torch.allclose(small[0, :, 2, 0], torch.tensor(0.7))


def test_shrinking_a_picture_without_a_hole_is_averaging():
    image = torch.rand(1, 3, 8, 12)
    small, small_mask = shrink(image, torch.zeros(1, 1, 8, 12), 4)
    assert torch.allclose(small, image.unflatten(3, (3, 4)).unflatten(2, (2, 4)).mean((3, 5)), atol=1e-6)
    assert not small_mask.any()
