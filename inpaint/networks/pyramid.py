"""Image pyramids of a picture with a hole: the initial fill, and smaller copies for a coarser pass."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .relaxation import BIHARMONIC_STEPS, JACOBI_STEPS


def push_pull(
    masked_image: Tensor,
    mask: Tensor,
    levels: int | None = None,
    jacobi_steps: tuple[int, ...] = (0,),
    biharmonic_steps: tuple[tuple[float, ...], ...] = (),
) -> Tensor:
    """Fill the hole smoothly from an image pyramid: average known pixels down, then interpolate the averages back up.

    Args:
        masked_image: (B, C, H, W). Values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        levels: number of times the picture is halved; None: down to one pixel, after which nothing changes. For
            exporters, which cannot trace a loop whose length depends on the size.
        jacobi_steps: number of steps that set each hole pixel to the mean of its 3x3 neighbourhood, at full
            resolution, at half of it, and so on. The last number holds for all coarser levels.
        biharmonic_steps: step sizes of a gradient descent on the bending energy of the hole, at full resolution, at
            half of it, and so on. Coarser levels have none.

    Returns:
        (B, C, H, W): `masked_image` outside the hole, a smooth fill inside. 0 everywhere where no pixel is known.

    Reference:
        Gortler et al. 1996, The Lumigraph, section 3.4 (pull-push), with box filters.
    """
    known = 1 - mask
    pyramid = [(masked_image * known, known)]
    while max(pyramid[-1][1].shape[-2:]) > 1 if levels is None else len(pyramid) <= levels:
        height, width = pyramid[-1][1].shape[-2:]
        # odd sizes are padded so that no pixel is dropped; the padding has weight 0
        colour, weight = (F.pad(x, (0, width % 2, 0, height % 2)) for x in pyramid[-1])
        colour, weight = known_mean(colour, weight, 2)
        pyramid.append((colour, (weight > 0).to(weight.dtype)))
    filled = pyramid.pop()[0]
    while pyramid:
        colour, weight = pyramid.pop()
        upsampled = F.interpolate(filled, scale_factor=2, mode="bilinear", align_corners=False)
        upsampled = upsampled[..., : colour.shape[-2], : colour.shape[-1]]
        filled = colour + (1 - weight) * upsampled
        for _ in range(jacobi_steps[min(len(pyramid), len(jacobi_steps) - 1)]):
            filled = torch.addcmul(colour, 1 - weight, F.avg_pool2d(filled, 3, 1, 1, count_include_pad=False))
        for step in biharmonic_steps[len(pyramid)] if len(pyramid) < len(biharmonic_steps) else ():
            padded = F.pad(filled, (2, 2, 2, 2), mode="replicate")
            filled = torch.addcmul(filled, weight - 1, _laplacian(_laplacian(padded)), value=step)
    return filled


def initial_fill(masked_image: Tensor, mask: Tensor, levels: int | None = None) -> Tensor:
    """Fill the hole with a nearly biharmonic surface: what the free-form generator starts from.

    `push_pull` with Jacobi steps, so that large holes show no blocks, and biharmonic steps, so that the fill of thin
    damage continues the slope of its surroundings and not only their colour.

    Args:
        masked_image: (B, C, H, W) in [-1, 1]. Values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        levels: as for `push_pull`.

    Returns:
        (B, C, H, W) in [-1, 1], `masked_image` outside the hole.

    Reference:
        Damelin and Hoang 2018, On surface completion and image inpainting by biharmonic functions, arXiv:1707.06567,
        Eq. 1.1. Here a few steps of gradient descent at full and at half resolution, which are enough near the edge of
        the hole.
    """
    masked_image = masked_image.contiguous()  # with three channels a third faster than channels-last on a CPU
    filled = push_pull(masked_image, mask, levels, jacobi_steps=JACOBI_STEPS, biharmonic_steps=BIHARMONIC_STEPS)
    return filled.clamp(-1, 1)  # a continued slope may leave the range


def _laplacian(x: Tensor) -> Tensor:
    """Return the sum of the four neighbours minus four times the pixel: (..., H, W) -> (..., H - 2, W - 2).

    Sums of shifted images; a convolution of so few channels takes several times as long on a CPU.
    """
    centre = x[..., 1:-1, 1:-1]
    neighbours = (x[..., :-2, 1:-1] + x[..., 2:, 1:-1]) + (x[..., 1:-1, :-2] + x[..., 1:-1, 2:])
    return torch.sub(neighbours, centre, alpha=4)


def transfer_low_frequencies(image: Tensor, source: Tensor, block: int = 16) -> Tensor:
    """Return an image with its low frequencies replaced by those of another.

    A pass at a finer resolution then adds detail to its coarse fill without shifting its colours.

    Args:
        image: (B, C, H, W); H and W multiples of `block`.
        source: of the same shape; gives the low frequencies.
        block: side in pixels of the blocks whose means are transferred. Frequencies up to about one wave in two blocks
            are those of `source`.

    Returns:
        (B, C, H, W); values may lie outside the range of both images.
    """
    difference = F.avg_pool2d(source - image, block)
    return image + F.interpolate(difference, scale_factor=block, mode="bicubic", align_corners=False)


def shrink(masked_image: Tensor, mask: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Return a smaller copy of a picture with a hole, without any colour from inside the hole.

    Args:
        masked_image: (B, C, H, W); H and W multiples of `factor`. Values inside the hole are ignored.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        factor: how many times smaller, a whole number.

    Returns:
        The masked image (B, C, H / factor, W / factor) and its mask. A pixel is the mean of the known pixels in its
        block. It is hole if fewer than half of them are known; if that would leave no known pixel in the picture, it is
        hole only if none of them is known.
    """
    return drop_unknown(*known_mean(masked_image * (1 - mask), 1 - mask, factor))


def drop_unknown(colour: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the masked image and the mask of `shrink` from the two results of `known_mean`.

    Args:
        colour: (B, C, H, W), the mean of the known pixels of each block.
        weight: (B, 1, H, W) in [0, 1], the share of known pixels in each block.

    Returns:
        The masked image (B, C, H, W) and its mask (B, 1, H, W).
    """
    hole = weight < 0.5
    hole = hole & ~(hole.all(-1, True).all(-2, True) & (weight > 0))
    mask = hole.to(weight.dtype)
    return colour * (1 - mask), mask


def known_mean(colour: Tensor, weight: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Return the weighted mean colour and the mean weight of each block.

    Args:
        colour: (B, C, H, W), already multiplied by `weight`; H and W multiples of `factor`.
        weight: (B, 1, H, W) in [0, 1].
        factor: side of a block in pixels.

    Returns:
        (B, C, H / factor, W / factor), 0 where the weight is 0; and (B, 1, H / factor, W / factor).
    """
    if factor > 1:  # pooling blocks of one pixel changes nothing, and takes longer than larger blocks
        colour, weight = F.avg_pool2d(colour, factor), F.avg_pool2d(weight, factor)
    return colour / weight.clamp_min(1e-8), weight
