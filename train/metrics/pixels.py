"""How near a fill is to the truth, over the hole only. All take (B, 3, H, W) in [-1, 1] and return (B,).

A mask without a hole gives nan: there is nothing to measure. `prediction` may be the whole output of a generator or a
composite, only its hole counts; masked_ssim alone looks at the surroundings too and therefore composites first. One
image and one mask may serve a batch of predictions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WINDOW_TAPS = 11
WINDOW_SIGMA = 1.5
DATA_RANGE = 2.0  # of pixels in [-1, 1]


def masked_psnr(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Peak signal-to-noise ratio over the hole: 10 log10(2^2 / mean squared error), the peak of [-1, 1] being 2.

    The same number as with pixels in [0, 255] and a peak of 255.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in dB; inf for a perfect fill.
    """
    squared_error = _hole_mean((prediction - image).square(), mask)
    return 10 * torch.log10(DATA_RANGE**2 / squared_error)


def masked_ssim(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Structural similarity of the composite with the truth, the mean of its map over hole pixels and channels.

    Windows near the rim of the hole reach into known pixels, so the seam counts. At the picture's edge the picture is
    mirrored, the edge pixel repeated.

    Args:
        prediction: (B, 3, H, W) in [-1, 1]; known pixels are replaced by those of `image` first.
        image: (B, 3, H, W) in [-1, 1], the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [-1, 1], 1 for a perfect fill.

    Reference:
        Wang, Bovik, Sheikh and Simoncelli 2004, Eq. 13, 11-tap Gaussian of sigma 1.5, K1 = 0.01, K2 = 0.03.
    """
    return _hole_mean(_ssim_map(image + mask * (prediction - image), image), mask)


def mean_l1(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over the hole in percent of the full range: 100 mean |prediction - image| / 2.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [0, 100] percent.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Table 1. Their L2 and PSNR fit each other for pixels in [0, 1], hence / 2.
    """
    return 100 * _hole_mean((prediction - image).abs(), mask) / DATA_RANGE


def mean_l2(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error over the hole in percent of the full range squared: 100 mean ((prediction - image) / 2)^2.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [0, 100] percent.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Table 1, as in `mean_l1`.
    """
    return 100 * _hole_mean((prediction - image).square(), mask) / DATA_RANGE**2


def detail(image: Tensor, mask: Tensor) -> Tensor:
    """How much detail a picture has in the hole: the mean gradient magnitude there, in percent of the range a pixel.

    Only pixels count whose right and lower neighbours lie in the hole too, so a seam is no detail. Over the same figure
    of the truth it says how sharp a fill is: a blur has much less than 1 of it, noise has more.

    Args:
        image: (B, 3, H, W) in [-1, 1], a fill or the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) >= 0 percent; nan for a hole without such pixels.
    """
    across = image[..., :-1, 1:] - image[..., :-1, :-1]
    down = image[..., 1:, :-1] - image[..., :-1, :-1]
    inside = mask[..., :-1, :-1] * mask[..., :-1, 1:] * mask[..., 1:, :-1]
    return 100 * _hole_mean((across.square() + down.square()).sqrt(), inside) / DATA_RANGE


def _hole_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over hole pixels and channels of (B, C, H, W) -> (B,), nan without a hole."""
    values = torch.where(mask > 0, values, torch.zeros_like(values))  # where: what lies outside may even be nan
    return values.flatten(1).sum(1) / (values.shape[1] * (mask > 0).flatten(1).sum(1))


def _ssim_map(first: Tensor, second: Tensor) -> Tensor:
    """The structural similarity around each pixel of each channel, of the inputs' shape."""
    c1, c2 = (0.01 * DATA_RANGE) ** 2, (0.03 * DATA_RANGE) ** 2
    first, second = first.float(), second.float()
    mean_1, mean_2 = _gaussian_mean(first), _gaussian_mean(second)
    variance_1 = _gaussian_mean(first * first) - mean_1 * mean_1
    variance_2 = _gaussian_mean(second * second) - mean_2 * mean_2
    covariance = _gaussian_mean(first * second) - mean_1 * mean_2
    luminance = (2 * mean_1 * mean_2 + c1) / (mean_1.square() + mean_2.square() + c1)
    structure = (2 * covariance + c2) / (variance_1 + variance_2 + c2)
    return luminance * structure


def _gaussian_mean(values: Tensor) -> Tensor:
    """Each channel of (B, C, H, W) averaged with the Gaussian window, mirrored at the edges."""
    height, width = values.shape[-2:]
    offsets = range(-(WINDOW_TAPS // 2), WINDOW_TAPS // 2 + 1)
    weights = [math.exp(-0.5 * (offset / WINDOW_SIGMA) ** 2) for offset in offsets]
    weights = [weight / sum(weights) for weight in weights]
    # Sums of shifted pictures: on a CPU several times faster than a convolution with one channel.
    tall = values[:, :, _mirrored(height, values.device)]
    rows = _weighted_sum([tall[:, :, i : i + height] for i in range(WINDOW_TAPS)], weights)
    wide = rows[..., _mirrored(width, values.device)]
    return _weighted_sum([wide[..., i : i + width] for i in range(WINDOW_TAPS)], weights)


def _weighted_sum(parts: list[Tensor], weights: list[float]) -> Tensor:
    total = parts[0] * weights[0]
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        total.add_(part, alpha=weight)
    return total


def _mirrored(length: int, device: torch.device) -> Tensor:
    """Indices of a line continued by half a window at both ends, mirrored with the edge repeated: 1 0 | 0 1 2 | 2 1."""
    half = WINDOW_TAPS // 2
    index = torch.arange(-half, length + half, device=device) % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)
