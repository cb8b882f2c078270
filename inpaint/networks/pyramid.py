"""Smaller copies of a picture with a hole: filled smoothly from them, or shrunk for a coarser pass."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def push_pull(
    masked_image: Tensor,
    mask: Tensor,
    levels: int | None = None,
    relaxations: tuple[int, ...] = (0,),
    bendings: tuple[tuple[float, ...], ...] = (),
) -> Tensor:
    """Fills the hole smoothly from an image pyramid: known pixels are averaged down, and the averages carried back up.

    Args:
        masked_image: (B, C, H, W); values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        levels: how often the picture is halved; None: down to one pixel, further halvings change nothing. For
            exporters, which cannot follow a loop whose length depends on the size.
        relaxations: how often each pixel of the hole becomes the mean of its 3x3 neighbourhood, at full resolution, at
            half of it, and so on; the last number counts for all levels below.
        bendings: sizes of the steps that make the hole bend less, at full resolution, at half of it, and so on; none at
            the levels below.

    Returns:
        (B, C, H, W): `masked_image` outside the hole, a smooth guess inside. 0 everywhere where no pixel is known.

    Reference:
        Gortler et al. 1996, The Lumigraph, section 3.4 (pull-push), with box filters.
    """
    known = 1 - mask
    pyramid = [(masked_image * known, known)]
    while max(pyramid[-1][1].shape[-2:]) > 1 if levels is None else len(pyramid) <= levels:
        height, width = pyramid[-1][1].shape[-2:]
        # odd sizes: pad so that no pixel is dropped; padding has weight 0 and so adds nothing
        colour, weight = (F.pad(x, (0, width % 2, 0, height % 2)) for x in pyramid[-1])
        colour, weight = known_mean(colour, weight, 2)
        pyramid.append((colour, (weight > 0).to(weight.dtype)))
    filled = pyramid.pop()[0]
    while pyramid:
        colour, weight = pyramid.pop()
        upsampled = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        upsampled = upsampled[..., : colour.shape[-2], : colour.shape[-1]]
        filled = colour + (1 - weight) * upsampled
        for _ in range(relaxations[min(len(pyramid), len(relaxations) - 1)]):
            filled = torch.addcmul(colour, 1 - weight, F.avg_pool2d(filled, 3, 1, 1, count_include_pad=False))
        for step in bendings[len(pyramid)] if len(pyramid) < len(bendings) else ():
            around = F.pad(filled, (2, 2, 2, 2), mode="replicate")
            filled = torch.addcmul(filled, weight - 1, _laplacian(_laplacian(around)), value=step)
    return filled


def smooth_fill(masked_image: Tensor, mask: Tensor, levels: int | None = None) -> Tensor:
    """Fills the hole with a surface that bends little: `push_pull`, relaxed, then bent like a thin plate.

    Thin damage is continued in slope and not only in colour, large holes have no blocks. Arguments and result are
    those of `push_pull`, but that colours must be in [-1, 1].

    Reference:
        Damelin and Hoang 2018, On surface completion and image inpainting by biharmonic functions, arXiv:1707.06567,
        Eq. 1.1; here a few steps of its descent at full and at half resolution, which are enough near the hole's edge.
    """
    masked_image = masked_image.contiguous()  # on a CPU a third quicker than channels-last, with so few channels
    filled = push_pull(masked_image, mask, levels, relaxations=(1, 2, 8), bendings=_BENDINGS)
    return filled.clamp(-1, 1)  # a slope may lead out of the range


def _chebyshev(count: int, lowest: float, highest: float) -> tuple[float, ...]:
    """Sizes of the steps that together damp all errors between two eigenvalues most, the largest step first.

    Reference:
        Golub and Varga 1961, Chebyshev semi-iterative methods, Numerische Mathematik 3, section 2.
    """
    middle, reach = (highest + lowest) / 2, (highest - lowest) / 2
    values = (middle - reach * math.cos((2 * k + 1) * math.pi / (2 * count)) for k in range(count))
    return tuple(sorted((1 / value for value in values), reverse=True))


# the Laplacian's square has eigenvalues up to 64; errors below 4, far inside of holes, are left to the network
_BENDINGS = _chebyshev(5, 4, 66), _chebyshev(8, 4, 66)


def _laplacian(x: Tensor) -> Tensor:
    """The sum of the four neighbours less four times the pixel: (..., H, W) -> (..., H - 2, W - 2).

    By sums of shifted pictures: a convolution of so few channels takes several times as long on a CPU.
    """
    inner = x[..., 1:-1, 1:-1]
    beside = (x[..., :-2, 1:-1] + x[..., 2:, 1:-1]) + (x[..., 1:-1, :-2] + x[..., 1:-1, 2:])
    return torch.sub(beside, inner, alpha=4)


def keep_lows(picture: Tensor, draft: Tensor, block: int = 16) -> Tensor:
    """A picture with the low frequencies of its draft: detail is refined, and what it is part of stays in place.

    Args:
        picture: (B, C, H, W); H and W multiples of `block`.
        draft: of the same shape.
        block: frequencies up to about a wave in two blocks are the draft's.
    """
    lows = F.avg_pool2d(draft - picture, block)
    return picture + F.interpolate(lows, scale_factor=block, mode="bicubic", align_corners=False)


def shrink(masked_image: Tensor, mask: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """A smaller copy of a picture with a hole, in which no colour from under the hole shows.

    Args:
        masked_image: (B, C, H, W); H and W multiples of `factor`. Values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        factor: how many times smaller, a whole number.

    Returns:
        The masked picture (B, C, H / factor, W / factor) and its mask. A pixel is the mean of the known ones it
        covers; with less than half of them known it is hole, or with none, where otherwise nothing would be known.
    """
    return drop_unknown(*known_mean(masked_image * (1 - mask), 1 - mask, factor))


def drop_unknown(colour: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Masked picture and mask, as `shrink` returns them, from the two results of `known_mean`."""
    hole = weight < 0.5
    hole = hole & ~(hole.all(-1, True).all(-2, True) & (weight > 0))
    mask = hole.to(weight.dtype)
    return colour * (1 - mask), mask


def known_mean(colour: Tensor, weight: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """The mean colour of each factor x factor block, weighted, and its mean weight; `colour` comes multiplied by it."""
    if factor > 1:  # pooling single pixels changes nothing, and takes longer than larger blocks
        colour, weight = F.avg_pool2d(colour, factor), F.avg_pool2d(weight, factor)
    return colour / weight.clamp_min(1e-8), weight
