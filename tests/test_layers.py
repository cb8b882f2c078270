import pytest
import torch

from inpaint.layers import ChannelwiseFullyConnected, GlobalContext, push_pull


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (16, 16), (33, 130)])
def test_push_pull_keeps_known_pixels_and_fills_the_rest(size):
    torch.manual_seed(0)
    image = torch.rand(2, 3, *size) * 2 - 1
    mask = (torch.rand(2, 1, *size) > 0.6).float()
    mask[..., 0, 0] = 0
    filled = push_pull(image * (1 - mask), mask)
    assert torch.equal(filled * (1 - mask), image * (1 - mask))
    assert torch.isfinite(filled).all()
    assert filled.abs().max() <= 1 + 1e-6


def test_push_pull_continues_a_plain_colour_exactly():
    image = torch.tensor([0.3, -0.5, 0.9]).view(1, 3, 1, 1).expand(1, 3, 37, 50)
    mask = torch.zeros(1, 1, 37, 50)
    mask[..., 5:30, 10:45] = 1
    assert torch.allclose(push_pull(image * (1 - mask), mask), image, atol=1e-5)


def test_push_pull_ignores_what_stands_in_the_hole():
    torch.manual_seed(0)
    image, mask = torch.rand(1, 3, 24, 24), torch.zeros(1, 1, 24, 24)
    mask[..., 8:16, 8:16] = 1
    assert torch.equal(push_pull(image, mask), push_pull(image * (1 - mask) + 9 * mask, mask))


def test_push_pull_is_nearer_to_a_gradient_than_the_mean_colour():
    image = torch.linspace(-1, 1, 64).view(1, 1, 1, 64).expand(1, 3, 64, 64)
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 16:48, 16:48] = 1
    error = (push_pull(image * (1 - mask), mask) - image).abs()[..., 16:48, 16:48].mean()
    # the mean colour is 0, its error here 0.25
    assert error < 0.12


def test_channelwise_layer_connects_all_cells_of_a_channel_but_no_two_channels():
    layer = ChannelwiseFullyConnected(3, 4)
    x = torch.randn(1, 3, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0, 1, 2, 3], x)
    assert (gradient[0, 1] != 0).all()
    assert (gradient[0, 0] == 0).all()
    assert (gradient[0, 2] == 0).all()
    assert sum(p.numel() for p in layer.parameters()) == 3 * 16 * 16 + 3 * 16


def test_global_context_reaches_the_whole_picture_and_listens_more_to_known_cells():
    torch.manual_seed(0)
    layer = GlobalContext(8, 2).double()
    x = torch.randn(1, 8, 16, 16, dtype=torch.double, requires_grad=True)
    mask = torch.zeros(1, 1, 16, 16, dtype=torch.double)
    mask[..., 8:] = 1
    (gradient,) = torch.autograd.grad(layer(x, mask)[0, :, 0, 0].sum(), x)
    far_known, far_hole = gradient[0, :, 12:, 4:7].abs().mean(), gradient[0, :, 12:, 11:14].abs().mean()
    assert far_known > 4 * far_hole > 0
