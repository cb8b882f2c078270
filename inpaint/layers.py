"""Building blocks of the generators: one class each, its source cited."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def push_pull(masked_image: Tensor, mask: Tensor) -> Tensor:
    """Fills the hole smoothly from an image pyramid: known pixels are averaged down, and the averages carried back up.

    Args:
        masked_image: (B, C, H, W); values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B, C, H, W): `masked_image` outside the hole, a smooth guess inside. 0 everywhere where no pixel is known.

    Reference:
        Gortler et al. 1996, The Lumigraph, section 3.4 (pull-push), with box filters.
    """
    known = 1 - mask
    colour, weight = masked_image * known, known
    levels = [(colour, weight)]
    while max(weight.shape[-2:]) > 1:
        height, width = weight.shape[-2:]
        # odd sizes: pad so that no pixel is dropped; padding has weight 0 and so adds nothing
        padding = (0, width % 2, 0, height % 2)
        colour = F.avg_pool2d(F.pad(colour, padding), 2)
        weight = F.avg_pool2d(F.pad(weight, padding), 2)
        # normalise: a level's colour is the mean of its known pixels, its weight whether it has any
        colour = colour / weight.clamp_min(1e-8)
        weight = (weight > 0).to(weight.dtype)
        colour = colour * weight
        levels.append((colour, weight))
    filled = levels.pop()[0]
    while levels:
        colour, weight = levels.pop()
        upsampled = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        upsampled = upsampled[..., : colour.shape[-2], : colour.shape[-1]]
        filled = colour + (1 - weight) * upsampled
    return filled


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each cell of (B, C, H, W).

    Reference:
        Liu et al. 2022, ConvNeXt, arXiv:2201.03545, section 2.6.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """A depthwise 7x7 convolution, then a two-layer perceptron on each cell, as a residual.

    Args:
        channels: in and out.
        expansion: width of the perceptron's inner layer over `channels`.

    Reference:
        Liu et al. 2022, ConvNeXt, arXiv:2201.03545, figure 4; layer scale starts at 0.1 as the body is shallow.
    """

    def __init__(self, channels: int, expansion: int):
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, channels * expansion, 1)
        self.contract = nn.Conv2d(channels * expansion, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.contract(F.gelu(self.expand(self.norm(self.spatial(x)))))


class GlobalContext(nn.Module):
    """Attention at half the input's resolution, in which cells of the hole count less as sources than known ones.

    It lets the middle of a large hole see the whole picture at once; at 1/16 of the photo's resolution it costs
    little. The rate at which hole cells are discounted is learnt.

    Args:
        channels: in and out.
        heads: must divide `channels`.

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, Eq. 1, with a bias on the keys; the position comes from a depthwise
        convolution as in Chu et al. 2021, arXiv:2102.10882.
    """

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = ChannelNorm(channels)
        self.query_key_value = nn.Conv2d(channels, channels * 3, 1)
        self.project = nn.Conv2d(channels, channels, 1)
        self.discount = nn.Parameter(torch.full((heads, 1, 1), 1.0))
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x: (B, C, H, W) with H and W even; mask: (B, 1, H, W), the share of hole in each cell, in [0, 1]."""
        coarse = F.avg_pool2d(x, 2)
        batch, channels, height, width = coarse.shape
        coarse = self.norm(coarse + self.position(coarse))
        tokens = self.query_key_value(coarse).reshape(batch, 3, self.heads, channels // self.heads, height * width)
        query, key, value = tokens.transpose(-1, -2).unbind(1)
        hole = F.avg_pool2d(mask, 2).reshape(batch, 1, 1, height * width)
        bias = (-F.softplus(self.discount) * 4 * hole).to(query.dtype).expand(-1, -1, height * width, -1)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = mixed.transpose(-1, -2).reshape(batch, channels, height, width)
        mixed = F.interpolate(self.project(mixed), scale_factor=2, mode="bilinear", align_corners=False)
        return x + self.scale * mixed


class ChannelwiseFullyConnected(nn.Module):
    """Connects all cells of a feature map with each other, for each channel by itself.

    Args:
        channels: number of maps, each with weights of its own.
        size: side of the square maps.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, section 3.1: m n^4 weights instead of m^2 n^4.
    """

    def __init__(self, channels: int, size: int):
        super().__init__()
        cells = size * size
        self.weight = nn.Parameter(torch.randn(channels, cells, cells) / cells**0.5)
        self.bias = nn.Parameter(torch.zeros(channels, cells))

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.einsum("bci,cio->bco", x.flatten(2), self.weight) + self.bias
        return mixed.reshape(x.shape)
