"""Networks that were considered for the free-form generator: the same U-shape around different bodies.

Each body works on 1/8 of the resolution and has as many blocks as make a pass about as long as the others'. They are
kept so that `python -m train.contest` can be run again; what ships is in `inpaint.generators`.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.config import FreeFormConfig
from inpaint.generators import FreeFormGenerator
from inpaint.layers import ChannelNorm, ConvNeXtBlock


class FourierBlock(nn.Module):
    """A residual of local convolutions and of a convolution of the spectrum, which sees the whole picture at once.

    Args:
        channels: in and out; a quarter of them is local, the rest goes through the spectrum.

    Reference:
        Chi et al. 2020, fast Fourier convolution, as Suvorov et al. 2021 use it, arXiv:2109.07161, figure 2; without
        the path of local Fourier units, and with a channel norm for the batch norm.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.local = channels // 4
        wide = channels - self.local
        self.norm = ChannelNorm(channels)
        self.to_local = nn.Conv2d(channels, self.local, 3, padding=1)
        self.from_local = nn.Conv2d(self.local, wide, 3, padding=1)
        self.reduce = nn.Conv2d(wide, wide // 2, 1)
        self.spectrum = nn.Conv2d(wide, wide, 1)
        self.enlarge = nn.Conv2d(wide // 2, wide, 1)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        reduced = F.relu(self.reduce(normed[:, self.local :]))
        spectral = self.enlarge(reduced + self._spectral(reduced))
        both = torch.cat([self.to_local(normed), self.from_local(normed[:, : self.local]) + spectral], 1)
        return x + self.scale * self.mix(F.relu(both))

    def _spectral(self, x: Tensor) -> Tensor:
        bins = torch.fft.rfft2(x.float(), norm="ortho")  # there is no FFT in bfloat16
        parts = F.relu(self.spectrum(torch.cat([bins.real, bins.imag], 1))).float()
        real, imaginary = parts.chunk(2, 1)
        return torch.fft.irfft2(torch.complex(real, imaginary), s=x.shape[-2:], norm="ortho").to(x.dtype)


class DilatedBlock(nn.Module):
    """Convolutions of four dilations side by side, fused, and blended with the input by a gate for each cell.

    Args:
        channels: in and out, a multiple of 4.

    Reference:
        Zeng et al. 2021, aggregated contextual transformation, arXiv:2104.01431, section 3.1.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Conv2d(channels, channels // 4, 3, padding=rate, dilation=rate) for rate in (1, 2, 4, 8)
        )
        self.fuse = nn.Conv2d(channels, channels, 3, padding=1)
        self.gate = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = ChannelNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        fused = self.fuse(torch.cat([F.relu(branch(x)) for branch in self.branches], 1))
        gate = torch.sigmoid(self.norm(self.gate(x)))
        return x * gate + fused * (1 - gate)


class Sixteenth(nn.Module):
    """A body whose middle lies at 1/16 of the resolution, wider, with attention over all cells.

    Args:
        channels: in and out.
        width: in the middle.
        blocks: ConvNeXt blocks in the middle; attention follows after a third and after two thirds of them.
    """

    def __init__(self, channels: int, width: int, blocks: int):
        super().__init__()
        self.down = nn.Conv2d(channels, width, 2, 2)
        layers: list[nn.Module] = [ConvNeXtBlock(width, 3) for _ in range(blocks)]
        for after in (2 * blocks // 3, blocks // 3):
            layers.insert(after, _Attention(width, 4))
        self.middle = nn.Sequential(*layers)
        self.up = nn.Conv2d(width, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.middle(self.down(x))
        return x + F.interpolate(self.up(inner), scale_factor=2, mode="bilinear", align_corners=False)


class _Attention(nn.Module):
    """Plain self-attention over all cells, as a residual.

    Reference:
        Vaswani et al. 2017, arXiv:1706.03762, Eq. 1.
    """

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.heads = heads
        self.norm = ChannelNorm(channels)
        self.query_key_value = nn.Conv2d(channels, 3 * channels, 1)
        self.project = nn.Conv2d(channels, channels, 1)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        batch, channels = x.shape[:2]
        tokens = self.query_key_value(self.norm(x)).reshape(batch, 3, self.heads, channels // self.heads, -1)
        mixed = F.scaled_dot_product_attention(*tokens.transpose(-1, -2).unbind(1))
        return x + self.scale * self.project(mixed.transpose(-1, -2).reshape(x.shape))


def _around(*body: nn.Module) -> FreeFormGenerator:
    """The U-shape without attention and borrowing around a body."""
    generator = FreeFormGenerator(FreeFormConfig(blocks=1, attention_every=0, borrow_channels=0))
    generator.body = nn.ModuleList(body)
    return generator


_WIDTH = FreeFormConfig().channels[-1]
CANDIDATES: dict[str, Callable[[], FreeFormGenerator]] = {
    "ConvNeXt": lambda: FreeFormGenerator(FreeFormConfig(blocks=10, attention_every=0, borrow_channels=0)),
    "ConvNeXt, attention": lambda: FreeFormGenerator(FreeFormConfig(blocks=9, attention_every=3, borrow_channels=0)),
    "ConvNeXt, attention, borrowing": lambda: FreeFormGenerator(FreeFormConfig(blocks=8, attention_every=3)),
    "Fourier": lambda: _around(*(FourierBlock(_WIDTH) for _ in range(10))),
    "dilated": lambda: _around(*(DilatedBlock(_WIDTH) for _ in range(3))),
    "ConvNeXt and attention at 1/16": lambda: _around(
        ConvNeXtBlock(_WIDTH, 3), ConvNeXtBlock(_WIDTH, 3), Sixteenth(_WIDTH, 256, 9), ConvNeXtBlock(_WIDTH, 3)
    ),
}
"""Name -> a fresh network with random weights."""
