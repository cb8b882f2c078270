"""The discriminators: the paper's, with one sigmoid scalar per picture, and one that judges overlapping patches."""

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Judgement(NamedTuple):
    """What a discriminator returns.

    Attributes:
        logits: first axis B; high = real. (B,) for a picture, (B, 1, h, w) for patches.
        features: activations of the hidden layers, for feature matching.
    """

    logits: Tensor
    features: list[Tensor]


class PictureDiscriminator(nn.Module):
    """Strided convolutions down to one scalar per picture, whose sigmoid is the probability of being real.

    Args:
        size: side of the square pictures, a power of two times 4: 64 for the centre, 128 for the whole picture.
        channels: width of the first layer.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, section 3.2 and figure 9a. The sigmoid is in the loss (cross-entropy with
        logits), which is the same and does not overflow; `probability` applies it.
    """

    def __init__(self, size: int, channels: int = 64):
        super().__init__()
        stages = [nn.Sequential(nn.Conv2d(3, channels, 4, 2, 1), nn.LeakyReLU(0.2))]
        side = size // 2
        while side > 4:
            wider = min(channels * 2, 512)
            stages.append(nn.Sequential(nn.Conv2d(channels, wider, 4, 2, 1), nn.BatchNorm2d(wider), nn.LeakyReLU(0.2)))
            side, channels = side // 2, wider
        self.stages = nn.ModuleList(stages)
        self.head = nn.Conv2d(channels, 1, side)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, image: Tensor, mask: Tensor) -> Judgement:
        """image: (B, 3, size, size) in [-1, 1]; mask: (B, 1, size, size), which this discriminator does not look at."""
        features = _run(self.stages, image)
        head = self.head  # it covers the whole map; as a matrix product it is many times faster on a CPU
        return Judgement(F.linear(features[-1].flatten(1), head.weight.flatten(1), head.bias).squeeze(1), features)

    def probability(self, image: Tensor) -> Tensor:
        """(B,) in [0, 1]: how likely each picture is real."""
        return torch.sigmoid(self.forward(image, image[:, :1]).logits)


class PatchDiscriminator(nn.Module):
    """Judges overlapping patches of a picture and sees the mask, so that it knows where to look.

    Args:
        channels: width of the first layer.

    Reference:
        Isola et al. 2017, arXiv:1611.07004, section 3.2.2; the mask as input: Yu et al. 2019, arXiv:1806.03589.
        No norm: R1 keeps it in bounds.
    """

    def __init__(self, channels: int = 48):
        super().__init__()
        widths = [4, channels, 2 * channels, 4 * channels, 4 * channels]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(narrow, wide, 4, 2 if index < 3 else 1, 1), nn.LeakyReLU(0.2))
            for index, (narrow, wide) in enumerate(itertools.pairwise(widths))
        )
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> Judgement:
        """image: (B, 3, H, W) in [-1, 1]; mask: (B, 1, H, W) in {0, 1}. Logits at about 1/8 of the resolution."""
        features = _run(self.stages, torch.cat([image, mask * 2 - 1], 1))
        return Judgement(self.head(features[-1]), features)


def _run(stages: nn.ModuleList, x: Tensor) -> list[Tensor]:
    features = []
    for stage in stages:
        x = stage(x)
        features.append(x)
    return features
