"""The network that says of each pixel whether it is damage."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .config import DamageConfig


class DamageNetwork(nn.Module):
    """A small U-Net whose first map is already at half of the resolution, so that large scans take seconds on a CPU.

    Args:
        config: its sizes.

    Reference:
        Ronneberger et al. 2015, arXiv:1505.04597, with batch norm, residual blocks at the coarse maps, and pixels
        exchanged for channels at both ends (Shi et al. 2016, arXiv:1609.05158).
    """

    multiple = 16
    reach = 160
    """A pixel further away than this has no say in a pixel's logit, or next to none."""

    def __init__(self, config: DamageConfig) -> None:
        super().__init__()
        self.config = config
        half, quarter, eighth, sixteenth = config.channels
        self.at_half = nn.Sequential(_conv(24, half), _conv(half, half))
        self.at_quarter = nn.Sequential(_conv(half, quarter, stride=2), _conv(quarter, quarter))
        self.at_eighth = nn.Sequential(_conv(quarter, eighth, stride=2), Residual(eighth))
        body = (Residual(sixteenth) for _ in range(config.blocks))
        self.at_sixteenth = nn.Sequential(_conv(eighth, sixteenth, stride=2), *body)
        self.to_eighth = _conv(sixteenth + eighth, quarter)
        self.to_quarter = _conv(quarter + quarter, half * 4 // 3)
        self.to_half = _conv(half * 4 // 3 + half, half * 4 // 3)
        self.logits = nn.Conv2d(half * 4 // 3, 4, 1)
        nn.init.constant_(self.logits.bias, -3.0)  # type: ignore[arg-type]  # damage is rare: start from there

    def forward(self, image: Tensor) -> Tensor:
        """Logits of damage.

        Args:
            image: (B, 3, H, W) in [-1, 1], H and W multiples of 16.

        Returns:
            (B, 1, H, W), above 0 where damage is more likely than not.
        """
        half = self.at_half(F.pixel_unshuffle(torch.cat([image, local_contrast(image)], 1), 2))
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        x = self.to_eighth(torch.cat([_twice(self.at_sixteenth(eighth)), eighth], 1))
        x = self.to_quarter(torch.cat([_twice(x), quarter], 1))
        x = self.to_half(torch.cat([_twice(x), half], 1))
        return F.pixel_shuffle(self.logits(x), 2)


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    Reference:
        He et al. 2016, arXiv:1512.03385, figure 5, left.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))), inplace=True)


def fused(network: DamageNetwork) -> DamageNetwork:
    """A copy of a trained network, in eval mode, whose batch norms have become part of the convolutions before them."""
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(copied.modules()):
        if isinstance(module, Residual):
            module.second, module.norm = fuse_conv_bn_eval(module.second, module.norm), nn.Identity()  # type: ignore[assignment]
        elif isinstance(module, nn.Sequential) and isinstance(conv := module[0], nn.Conv2d):
            module[0], module[1] = fuse_conv_bn_eval(conv, module[1]), nn.Identity()  # type: ignore[arg-type]
    return copied


def local_contrast(image: Tensor) -> Tensor:
    """A picture without its soft tones, in units of the contrast nearby, so that a line looks alike in any photo.

    Args:
        image: (B, 3, H, W), H and W multiples of 16.

    Returns:
        (B, 3, H, W) in [-4, 4]: less the mean and over the deviation of some thirty pixels around.

    Reference:
        Jarrett et al. 2009, "What is the Best Multi-Stage Architecture for Object Recognition?", section 2, "local
        contrast normalization".
    """
    cells = F.avg_pool2d(torch.cat([image, image.square()], 1), 8)
    around = F.avg_pool2d(F.pad(cells, (1, 1, 1, 1), mode="replicate"), 3, 1)
    mean, square = F.interpolate(around, scale_factor=8, mode="bilinear", align_corners=False).chunk(2, 1)
    deviation = (square - mean.square()).clamp(min=0).mean(1, keepdim=True).sqrt()
    return ((image - mean) / (deviation + 0.06)).clamp(-4, 4)


def _conv(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
