"""The discriminators: the paper's, with one logit per image, and a patch discriminator that sees the mask."""

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DiscriminatorOutput(NamedTuple):
    """The output of a discriminator.

    Attributes:
        logits: high = real. (B,) of the picture discriminator, (B, 1, h, w) of the patch discriminator, one channel
            for each scale of the projected one.
        features: activations of the hidden layers, for feature matching.
    """

    logits: Tensor
    features: list[Tensor]


class PictureDiscriminator(nn.Module):
    """Strided convolutions down to one logit per image, whose sigmoid is the probability that it is real.

    Args:
        size: side of the square images, a power of two times 4: 64 for the centre, 128 for the whole image.
        channels: width of the first layer.

    Attributes:
        treats_images_apart: whether the logits of an image do not depend on the others of the batch.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, section 3.2 and figure 9a. The sigmoid is part of the loss (cross-entropy
        with logits), which is equivalent and does not overflow.
    """

    treats_images_apart = False  # batch norm mixes them

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

    def forward(self, image: Tensor, mask: Tensor) -> DiscriminatorOutput:
        """Return one logit for each image.

        Args:
            image: (B, 3, size, size) in [-1, 1].
            mask: (B, 1, size, size); not used.
        """
        features = _stage_outputs(self.stages, image)
        head = self.head  # it covers the whole map; as a matrix product it is many times faster on a CPU
        logits = F.linear(features[-1].flatten(1), head.weight.flatten(1), head.bias).squeeze(1)
        return DiscriminatorOutput(logits, features)


class PatchDiscriminator(nn.Module):
    """Logits for overlapping patches of an image; it sees the mask, and so knows which pixels may be generated.

    Args:
        channels: width of the first layer.

    Reference:
        Isola et al. 2017, arXiv:1611.07004, section 3.2.2; the mask as input: Yu et al. 2019, arXiv:1806.03589.
        It has no normalization layers: R1 bounds it.
    """

    treats_images_apart = True

    def __init__(self, channels: int = 48):
        super().__init__()
        widths = [4, channels, 2 * channels, 4 * channels, 4 * channels]
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(narrow, wide, 4, 2 if index < 3 else 1, 1), nn.LeakyReLU(0.2))
            for index, (narrow, wide) in enumerate(itertools.pairwise(widths))
        )
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, image: Tensor, mask: Tensor) -> DiscriminatorOutput:
        """Return logits at about 1/8 of the resolution.

        Args:
            image: (B, 3, H, W) in [-1, 1].
            mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        """
        features = _stage_outputs(self.stages, torch.cat([image, mask * 2 - 1], 1))
        return DiscriminatorOutput(self.head(features[-1]), features)


def _stage_outputs(stages: nn.ModuleList, x: Tensor) -> list[Tensor]:
    outputs = []
    for stage in stages:
        x = stage(x)
        outputs.append(x)
    return outputs
