"""A discriminator over frozen features: small heads on maps of EfficientNet-Lite0 that are mixed at random."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from train.metrics.efficientnet import LITE0
from train.metrics.perceptual import STRIDES, shared_features

from .discriminators import DiscriminatorOutput

TAPS = {1: 144, 2: 240, 3: 672}
"""Maps of `EfficientNetFeatures` that are judged, at strides 4, 8 and 16 -> their channels, from fine to coarse."""


class ProjectedDiscriminator(nn.Module):
    """Logits for the cells of three scales of frozen features; only the heads learn, and they see the mask.

    It judges from the first step on, where a discriminator that starts from nothing tells little for thousands of
    images. The frozen network is not part of the state dict.

    Args:
        width: channels of the mixed maps and of the heads.

    Attributes:
        treats_images_apart: whether the logits of an image do not depend on the others of the batch.

    Raises:
        ModuleNotFoundError: when it is first called, if the packages with EfficientNet-Lite0 are missing.

    Reference:
        Sauer et al. 2021, Projected GANs Converge Faster, arXiv:2111.01007, section 3: random cross-channel mixing
        (1x1) and cross-scale mixing (3x3, from coarse to fine), both fixed. Differences: heads of two convolutions that
        keep the resolution, so that a hole is judged cell by cell; the maps are divided by their root mean square, in
        place of batch norm; no differentiable augmentation.
    """

    treats_images_apart = True

    def __init__(self, width: int = 64):
        super().__init__()
        self._across_channels = [f"across_channels_{tap}" for tap in TAPS]
        self._across_scales = [f"across_scales_{tap}" for tap in list(TAPS)[:-1]]
        for name, channels in zip(self._across_channels, TAPS.values(), strict=True):
            self.register_buffer(name, _fixed_weight(width, channels, 1))
        for name in self._across_scales:
            self.register_buffer(name, _fixed_weight(width, width, 3))
        self.heads = nn.ModuleList(_Head(width) for _ in TAPS)

    def forward(self, image: Tensor, mask: Tensor) -> DiscriminatorOutput:
        """Return logits at a quarter of the resolution, one channel for each scale.

        Those of the coarser scales are repeated, so that each scale counts as much as another.

        Args:
            image: (B, 3, H, W) in [-1, 1], H and W multiples of 16.
            mask: (B, 1, H, W) in {0, 1}, 1 = hole.

        Returns:
            Logits (B, 3, H / 4, W / 4), and the hidden maps of the heads as features.
        """
        logits, hidden = [], []
        for x, head, tap in zip(self._mixed(image), self.heads, TAPS, strict=True):
            share = F.avg_pool2d(mask, STRIDES[tap])
            x = x[..., : share.shape[-2], : share.shape[-1]]  # without the padding of the features
            judged, inside = head(torch.cat([x, (share * 2 - 1).to(x.dtype)], 1))
            logits.append(F.interpolate(judged, scale_factor=STRIDES[tap] // STRIDES[min(TAPS)]))
            hidden += inside
        return DiscriminatorOutput(torch.cat(logits, 1), hidden)

    def _mixed(self, image: Tensor) -> list[Tensor]:
        """Return the mixed maps, from fine to coarse."""
        maps = shared_features(image.device, LITE0)(image, list(TAPS))
        mixed: list[Tensor] = []
        for index in reversed(range(len(maps))):
            x = maps[index] / maps[index].float().square().mean((1, 2, 3), keepdim=True).add(1e-8).sqrt()
            x = F.conv2d(x, self.get_buffer(self._across_channels[index]).to(x.dtype))
            if mixed:
                coarser = F.interpolate(mixed[-1], x.shape[-2:], mode="bilinear", align_corners=False)
                weight = self.get_buffer(self._across_scales[index]).to(x.dtype)
                x = F.conv2d((x + coarser) * 0.5**0.5, weight, padding=1)
            mixed.append(x)
        return mixed[::-1]


class _Head(nn.Module):
    """Two convolutions with spectral norm, and one to logits."""

    def __init__(self, width: int):
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(width + 1, width, 3, padding=1))
        self.second = spectral_norm(nn.Conv2d(width, width, 3, padding=1))
        self.last = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        first = F.leaky_relu(self.first(x), 0.2)
        second = F.leaky_relu(self.second(first), 0.2)
        return self.last(second), [first, second]


def _fixed_weight(channels_out: int, channels_in: int, side: int) -> Tensor:
    """Return the weight of a random convolution that keeps the root mean square of independent inputs."""
    return torch.randn(channels_out, channels_in, side, side) / (channels_in * side * side) ** 0.5
