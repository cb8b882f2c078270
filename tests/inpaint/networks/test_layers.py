import torch

from inpaint.networks.layers import Borrow, ChannelwiseFullyConnected, GlobalContext


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


def test_borrowing_copies_the_blocks_of_the_known_cells_that_match():
    """Two known textures and a hole whose cells each look like one of them."""
    torch.manual_seed(0)
    layer = Borrow(2, 5, 2, ratio=2)
    layer.match.weight.data = torch.eye(2).view(2, 2, 1, 1)
    layer.match.bias.data.zero_()
    layer.lend.weight.data, layer.take.weight.data = (torch.zeros(2, 5, 1, 1), torch.zeros(5, 2, 1, 1))
    layer.lend.weight.data[0, 0] = layer.take.weight.data[0, 0] = 1
    layer.lend.bias.data.zero_()
    layer.take.bias.data.zero_()
    layer.sharpness.data.fill_(50)
    coarse = torch.tensor([[[1.0, 0.0, 1.0, 0.0]], [[0.0, 1.0, 0.0, 1.0]]])[None]  # cells A B A B, the last two hole
    hole = torch.tensor([0.0, 0.0, 1.0, 1.0]).view(1, 1, 1, 4)
    fine = torch.zeros(1, 5, 2, 8)
    fine[0, 0, :, :2], fine[0, 0, :, 2:4] = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 7.0
    fine[0, 0, :, 4:] = 99.0  # what stands in the hole is never lent
    taken = layer(coarse, fine, hole)
    assert torch.allclose(taken[0, 0, :, 4:6], fine[0, 0, :, :2], atol=1e-4)
    assert torch.allclose(taken[0, 0, :, 6:8], fine[0, 0, :, 2:4], atol=1e-4)
