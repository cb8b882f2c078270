import torch

from inpaint.networks.layers import ChannelwiseFullyConnected, ContextualAttention, GlobalContext


def test_channelwise_layer_connects_all_cells_of_a_channel_but_no_two_channels():
    layer = ChannelwiseFullyConnected(3, 4)
    x = torch.randn(1, 3, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(x)[0, 1, 2, 3], x)
    assert (gradient[0, 1] != 0).all()
    assert (gradient[0, 0] == 0).all()
    assert (gradient[0, 2] == 0).all()
    assert sum(p.numel() for p in layer.parameters()) == 3 * 16 * 16 + 3 * 16


def test_global_context_reaches_the_whole_picture_and_weighs_known_cells_more():
    torch.manual_seed(0)
    layer = GlobalContext(8, 2).double()
    x = torch.randn(1, 8, 16, 16, dtype=torch.double, requires_grad=True)
    mask = torch.zeros(1, 1, 16, 16, dtype=torch.double)
    mask[..., 8:] = 1
    (gradient,) = torch.autograd.grad(layer(x, mask)[0, :, 0, 0].sum(), x)
    far_known, far_hole = gradient[0, :, 12:, 4:7].abs().mean(), gradient[0, :, 12:, 11:14].abs().mean()
    assert far_known > 4 * far_hole > 0


def test_contextual_attention_copies_the_blocks_of_the_known_cells_that_are_similar():
    """Two known textures, and hole cells each of which is similar to one of them."""
    torch.manual_seed(0)
    layer = ContextualAttention(2, 5, 2, ratio=2)
    layer.key.weight.data = torch.eye(2).view(2, 2, 1, 1)
    layer.key.bias.data.zero_()
    layer.value.weight.data, layer.output.weight.data = (torch.zeros(2, 5, 1, 1), torch.zeros(5, 2, 1, 1))
    layer.value.weight.data[0, 0] = layer.output.weight.data[0, 0] = 1
    layer.value.bias.data.zero_()
    layer.output.bias.data.zero_()
    layer.softmax_scale.data.fill_(50)
    coarse = torch.tensor([[[1.0, 0.0, 1.0, 0.0]], [[0.0, 1.0, 0.0, 1.0]]])[None]  # cells A B A B, the last two hole
    hole = torch.tensor([0.0, 0.0, 1.0, 1.0]).view(1, 1, 1, 4)
    fine = torch.zeros(1, 5, 2, 8)
    fine[0, 0, :, :2], fine[0, 0, :, 2:4] = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 7.0
    fine[0, 0, :, 4:] = 99.0  # values in the hole must not be copied
    output = layer(coarse, fine, hole)
    assert torch.allclose(output[0, 0, :, 4:6], fine[0, 0, :, :2], atol=1e-4)
    assert torch.allclose(output[0, 0, :, 6:8], fine[0, 0, :, 2:4], atol=1e-4)
