"""Layers of the generators, each with its source."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each cell of (B, C, H, W).

    Args:
        channels: C.

    Reference:
        Liu et al. 2022, ConvNeXt, arXiv:2201.03545, section 2.6.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Return x with mean 0 and variance 1 over the channels of each cell, scaled and shifted as learnt."""
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """A depthwise 7x7 convolution, then a two-layer perceptron on each cell, as a residual block.

    Args:
        channels: channels of the input and of the output.
        expansion: width of the perceptron's hidden layer as a multiple of `channels`.

    Reference:
        Liu et al. 2022, ConvNeXt, arXiv:2201.03545, figure 4. Differs in two points: ReLU, which is as good as GELU by
        section 2.6 and cheaper on a CPU; and layer scale starts at 0.1, as the network is shallow.
    """

    def __init__(self, channels: int, expansion: int):
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, channels * expansion, 1)
        self.contract = nn.Conv2d(channels * expansion, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the block's residual: (B, C, H, W) -> (B, C, H, W)."""
        return x + self.scale * self.contract(F.relu(self.expand(self.norm(self.spatial(x))), inplace=True))


class GlobalContext(nn.Module):
    """Self-attention at half the input's resolution, in which hole cells have less weight as keys than known cells.

    The receptive field of every cell is the whole picture. At 1/16 of the photo's resolution this costs little. How
    much less a hole cell counts is learnt.

    Args:
        channels: channels of the input and of the output.
        heads: number of attention heads; must divide `channels`.

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, Eq. 1, with a bias on the keys. Positions are encoded by a depthwise
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
        """Return x plus what each cell attends to.

        Args:
            x: (B, C, H, W), H and W even.
            mask: (B, 1, H, W), the share of hole pixels in each cell, in [0, 1].

        Returns:
            (B, C, H, W).
        """
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


class ContextualAttention(nn.Module):
    """Copy fine features of known cells into hole cells whose coarse features are similar.

    Every cell of the coarse map attends to the known cells by cosine similarity. Values are blocks of the fine map, one
    block for each coarse cell. A known cell mostly attends to itself. The output layer starts at zero, so that the
    layer can be added to a trained network.

    Args:
        channels: channels of the coarse map.
        fine_channels: channels of the fine map; values have two fifths as many.
        key_channels: length of the vectors that are compared; they serve as queries and as keys.
        ratio: fine cells in a coarse cell, along each side.

    Reference:
        Yu et al. 2018, contextual attention, arXiv:1801.07892, section 4.1: cosine similarity, a scaled softmax, and
        patches pasted back; here the scale is learnt. Keys on a coarse map and values on a finer one as in Yi et al.
        2020, arXiv:2005.09704, section 3.2, with learnt projections.
    """

    def __init__(self, channels: int, fine_channels: int, key_channels: int, ratio: int):
        super().__init__()
        self.ratio = ratio
        self.key = nn.Conv2d(channels, key_channels, 1)
        value_channels = max(1, fine_channels * 2 // 5)
        self.value = nn.Conv2d(fine_channels, value_channels, 1)
        self.output = nn.Conv2d(value_channels, fine_channels, 1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)  # type: ignore[arg-type]
        self.softmax_scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, coarse: Tensor, fine: Tensor, hole: Tensor) -> Tensor:
        """Return for each coarse cell the weighted mean of the fine blocks that it attends to.

        Args:
            coarse: (B, C, H, W).
            fine: (B, F, rH, rW), r being the ratio.
            hole: (B, 1, H, W), the share of hole pixels in each coarse cell, in [0, 1].

        Returns:
            (B, F, rH, rW), to be added to `fine`.
        """
        height, width = coarse.shape[-2:]
        key = F.normalize(self.key(coarse).flatten(2), dim=1)[:, None].transpose(-1, -2)
        value = F.pixel_unshuffle(self.value(fine), self.ratio).flatten(2)[:, None].transpose(-1, -2)
        # -20 outweighs a similarity of 1, scaled: a cell that is all hole counts only where no cell is known
        bias = (-20.0 * hole.flatten(2)[:, None]).to(key.dtype).expand(-1, -1, height * width, -1)
        query = key * self.softmax_scale.to(key.dtype)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=1.0)
        attended = attended[:, 0].transpose(-1, -2).unflatten(-1, (height, width))
        return self.output(F.pixel_shuffle(attended, self.ratio))


class ChannelwiseFullyConnected(nn.Module):
    """Connect all cells of a feature map with each other, each channel separately.

    Args:
        channels: number of feature maps; each has separate weights.
        size: side of the square feature maps.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, section 3.1: m n^4 weights instead of m^2 n^4.
    """

    def __init__(self, channels: int, size: int):
        super().__init__()
        cells = size * size
        self.weight = nn.Parameter(torch.randn(channels, cells, cells) / cells**0.5)
        self.bias = nn.Parameter(torch.zeros(channels, cells))

    def forward(self, x: Tensor) -> Tensor:
        """Return the mixed maps: (B, channels, size, size) -> (B, channels, size, size)."""
        mixed = torch.einsum("bci,cio->bco", x.flatten(2), self.weight) + self.bias
        return mixed.reshape(x.shape)
