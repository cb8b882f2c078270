"""Pixel metrics of a fill over the hole: PSNR, SSIM, L1, L2 and mean gradient magnitude.

All take (B, 3, H, W) in [-1, 1] and return (B,); a mask without a hole gives nan. `prediction` may be the output of a
generator or a composite, since only hole pixels count; `masked_ssim`, which also reads their surroundings, composites
it first.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

WINDOW_TAPS = 11
WINDOW_SIGMA = 1.5
DATA_RANGE = 2.0  # of pixels in [-1, 1]


def masked_psnr(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the peak signal-to-noise ratio over the hole: 10 log10(2^2 / mean squared error).

    The peak is 2, the range of [-1, 1]; pixels in [0, 255] with a peak of 255 give the same number.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in dB; inf for a perfect fill.
    """
    squared_error = _hole_mean((prediction - image).square(), mask)
    return 10 * torch.log10(DATA_RANGE**2 / squared_error)


def masked_ssim(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the structural similarity of composite and ground truth: its map's mean over hole pixels and channels.

    Windows near the edge of the hole include known pixels, so seams lower the score. The image is padded by symmetric
    reflection, which repeats the edge pixel.

    Args:
        prediction: (B, 3, H, W) in [-1, 1]; known pixels are replaced by those of `image` first.
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [-1, 1], 1 for a perfect fill.

    Reference:
        Wang, Bovik, Sheikh and Simoncelli 2004, Eq. 13, 11-tap Gaussian of sigma 1.5, K1 = 0.01, K2 = 0.03.
    """
    return _hole_mean(_ssim_map(image + mask * (prediction - image), image), mask)


def mean_l1(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean absolute error over the hole in percent of the full range: 100 mean |prediction - image| / 2.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [0, 100] percent.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Table 1. Their L2 and PSNR agree for pixels in [0, 1], hence / 2.
    """
    return 100 * _hole_mean((prediction - image).abs(), mask) / DATA_RANGE


def mean_l2(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean squared error over the hole in percent of the squared range.

    That is 100 mean ((prediction - image) / 2)^2.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) in [0, 100] percent.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Table 1, as in `mean_l1`.
    """
    return 100 * _hole_mean((prediction - image).square(), mask) / DATA_RANGE**2


def mean_gradient(image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean gradient magnitude in the hole, in percent of the range per pixel.

    Only pixels whose right and lower neighbours lie in the hole too are counted, which leaves out seams. The ratio of a
    fill's value to that of the ground truth measures sharpness: below 1 the fill is blurred, above 1 it is noisy.

    Args:
        image: (B, 3, H, W) in [-1, 1], a fill or the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) >= 0 percent; nan for a hole without such pixels.
    """
    across = image[..., :-1, 1:] - image[..., :-1, :-1]
    down = image[..., 1:, :-1] - image[..., :-1, :-1]
    inside = mask[..., :-1, :-1] * mask[..., :-1, 1:] * mask[..., 1:, :-1]
    return 100 * _hole_mean((across.square() + down.square()).sqrt(), inside) / DATA_RANGE


def _hole_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over hole pixels and channels, (B, C, H, W) -> (B,); nan without a hole."""
    values = torch.where(mask > 0, values, torch.zeros_like(values))  # where: known pixels may be nan
    return values.flatten(1).sum(1) / (values.shape[1] * (mask > 0).flatten(1).sum(1))


def _ssim_map(first: Tensor, second: Tensor) -> Tensor:
    """Return the structural similarity around each pixel of each channel, in the shape of the inputs."""
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
    """Filter each channel of (B, C, H, W) with the Gaussian window, with symmetric padding."""
    height, width = values.shape[-2:]
    offsets = range(-(WINDOW_TAPS // 2), WINDOW_TAPS // 2 + 1)
    weights = [math.exp(-0.5 * (offset / WINDOW_SIGMA) ** 2) for offset in offsets]
    weights = [weight / sum(weights) for weight in weights]
    # Sums of shifted images are several times faster on a CPU than a depthwise convolution.
    tall = values[:, :, _symmetric_indices(height, values.device)]
    rows = _weighted_sum([tall[:, :, i : i + height] for i in range(WINDOW_TAPS)], weights)
    wide = rows[..., _symmetric_indices(width, values.device)]
    return _weighted_sum([wide[..., i : i + width] for i in range(WINDOW_TAPS)], weights)


def _weighted_sum(terms: list[Tensor], weights: list[float]) -> Tensor:
    total = terms[0] * weights[0]
    for term, weight in zip(terms[1:], weights[1:], strict=True):
        total.add_(term, alpha=weight)
    return total


def _symmetric_indices(length: int, device: torch.device) -> Tensor:
    """Return indices that pad a line by half a window at both ends, symmetrically: 1 0 | 0 1 2 | 2 1."""
    half = WINDOW_TAPS // 2
    index = torch.arange(-half, length + half, device=device) % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)
