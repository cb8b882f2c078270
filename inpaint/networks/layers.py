"""Building blocks of the generators: one class each, its source cited."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
        Liu et al. 2022, ConvNeXt, arXiv:2201.03545, figure 4, but with ReLU, as good as GELU by section 2.5 and cheaper
        on a CPU; layer scale starts at 0.1 as the body is shallow.
    """

    def __init__(self, channels: int, expansion: int):
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, channels * expansion, 1)
        self.contract = nn.Conv2d(channels * expansion, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.scale * self.contract(F.relu(self.expand(self.norm(self.spatial(x))), inplace=True))


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


class Borrow(nn.Module):
    """Copies fine features of known cells to cells of the hole that look as if they belonged there.

    Every cell of the coarse map asks which known cells resemble it, and takes over their blocks of the fine map,
    weighted by a softmax that learns how sharply to choose. A known cell mostly finds itself. The last layer starts at
    zero, so that the layer can be added to a trained network.

    Args:
        channels: of the coarse map.
        fine_channels: of the fine map; two fifths as many are lent.
        match_channels: length of the vectors that are compared.
        ratio: fine cells to a coarse one, along each side.

    Reference:
        Yu et al. 2018, contextual attention, arXiv:1801.07892, section 4.1 (cosine similarity, softmax, patches pasted
        back); learnt keys on a coarse map and finer values as in Yi et al. 2020, arXiv:2005.09704, section 3.2.
    """

    def __init__(self, channels: int, fine_channels: int, match_channels: int, ratio: int):
        super().__init__()
        self.ratio = ratio
        self.match = nn.Conv2d(channels, match_channels, 1)
        lent = max(1, fine_channels * 2 // 5)
        self.lend = nn.Conv2d(fine_channels, lent, 1)
        self.take = nn.Conv2d(lent, fine_channels, 1)
        nn.init.zeros_(self.take.weight)
        nn.init.zeros_(self.take.bias)  # type: ignore[arg-type]
        self.sharpness = nn.Parameter(torch.tensor(10.0))

    def forward(self, coarse: Tensor, fine: Tensor, hole: Tensor) -> Tensor:
        """Borrows.

        Args:
            coarse: (B, C, H, W).
            fine: (B, F, rH, rW), r being the ratio.
            hole: (B, 1, H, W), the share of hole in each coarse cell, in [0, 1].

        Returns:
            (B, F, rH, rW): for each block a weighted mean of the blocks that known cells lend.
        """
        height, width = coarse.shape[-2:]
        match = F.normalize(self.match(coarse).flatten(2), dim=1)[:, None].transpose(-1, -2)
        blocks = F.pixel_unshuffle(self.lend(fine), self.ratio).flatten(2)[:, None].transpose(-1, -2)
        # 20 is far beyond any similarity: a cell that is all hole lends only where nothing else is known
        bias = (-20.0 * hole.flatten(2)[:, None]).to(match.dtype).expand(-1, -1, height * width, -1)
        query = match * self.sharpness.to(match.dtype)
        taken = F.scaled_dot_product_attention(query, match, blocks, attn_mask=bias, scale=1.0)
        taken = taken[:, 0].transpose(-1, -2).unflatten(-1, (height, width))
        return self.take(F.pixel_shuffle(taken, self.ratio))


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
