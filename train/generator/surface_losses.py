"""Loss terms that leave the inside of thick holes free in its details, which L1 turns into fog; see `train.registry`.

The pixel that minimizes L1 where many answers are possible is their median: a fill without detail. These terms ask for
exact pixels only near the rim, for colours on average, and for the statistics of the surface.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from train.metrics.efficientnet import LITE0
from train.metrics.perceptual import shared_features

from .losses import LossInputs, border_band

RIM_PX = 8
"""Width of the band inside the hole's edge in which pixels must be exact; thin holes are all band."""
BLOCK_PX = 8
"""Side of the blocks whose mean colours must be right."""
STYLE_TAPS = (0, 1, 2)
"""Feature maps at strides 2, 4 and 8."""


def rim_l1(inputs: LossInputs) -> Tensor:
    """Return the mean L1 distance over the band of RIM_PX pixels inside the hole's edge.

    Returns:
        Scalar >= 0: the mean over the band's pixels and the colours of each image, averaged over the batch.
    """
    band = border_band(inputs.mask, RIM_PX)
    distance = (inputs.prediction - inputs.image).abs() * band
    return (distance.mean((1, 2, 3)) / band.mean((1, 2, 3)).clamp_min(1e-8)).mean()


def block_mean_l1(inputs: LossInputs) -> Tensor:
    """Return the L1 distance of the mean colours of blocks of BLOCK_PX pixels, over the hole.

    Errors outside the hole count as 0. An error that is constant in the hole counts in full, one that averages out
    within each block not at all.

    Returns:
        Scalar >= 0: the sum over blocks relative to the hole's area, averaged over colours and the batch.
    """
    error = F.avg_pool2d((inputs.prediction - inputs.image) * inputs.mask, BLOCK_PX).abs()
    return (error.mean((1, 2, 3)) / inputs.mask.mean((1, 2, 3)).clamp_min(1e-8)).mean()


def style(inputs: LossInputs) -> Tensor:
    """Return the L1 distance between Gram matrices of composite and ground truth over the hole.

    Returns:
        Scalar >= 0, the mean over the entries of the matrices and over the maps STYLE_TAPS of EfficientNet-Lite0.

    Reference:
        Gatys et al. 2016, Image style transfer using convolutional neural networks, CVPR, Eq. 3 and 4; L1 as in Liu et
        al. 2018, arXiv:1804.07723, Eq. 4, there over the whole picture.
    """
    features = shared_features(inputs.image.device, LITE0)
    with torch.no_grad():
        real = features(inputs.image, STYLE_TAPS)
    fake = features(inputs.composite, STYLE_TAPS)
    pairs = zip(fake, real, strict=True)
    return torch.stack([(gram(a, inputs.mask) - gram(b, inputs.mask)).abs().mean() for a, b in pairs]).mean()


def gram(features: Tensor, mask: Tensor) -> Tensor:
    """Return the mean outer product of the feature vectors, weighted by the share of hole in their cells.

    Args:
        features: (B, C, h, w).
        mask: (B, 1, H, W) in {0, 1}, 1 = hole; H and W are multiples of h and w, apart from padding.

    Returns:
        float32 (B, C, C).
    """
    vectors = features.float().flatten(2)
    height, width = features.shape[-2:]
    share = F.adaptive_avg_pool2d(mask, (height, width)).flatten(2)
    with torch.autocast(features.device.type, enabled=False):
        return (vectors * share) @ vectors.transpose(1, 2) / share.sum(2, keepdim=True).clamp_min(1e-8)
