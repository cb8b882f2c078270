"""The loss terms, all pure functions of tensors.

A further term is a function of `LossInputs` in a file of its own and a line in `train.registry`, see docs/extending.md.
Logging, loss curves and the check for values that are not finite follow from its name.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.config import LossConfig

from .discriminators import DiscriminatorOutput

AllReduceMean = Callable[[Tensor], Tensor]
"""Averages a tensor over the processes of a run, without a gradient."""


class LossInputs(NamedTuple):
    """What a registered loss term is computed from; it returns a scalar.

    Attributes:
        prediction: (B, 3, H, W), nominally in [-1, 1].
        composite: (B, 3, H, W), the ground truth with the prediction in its hole.
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
    """

    prediction: Tensor
    composite: Tensor
    image: Tensor
    mask: Tensor


def _single_process(value: Tensor) -> Tensor:
    return value


def generator_weights(config: LossConfig, terms: Iterable[str]) -> dict[str, float]:
    """Return the weight of each of the generator's terms: that of a registered one, or the setting named after it."""
    extra = dict(config.extra)
    return {name: extra[name] if name in extra else getattr(config, f"{name}_weight") for name in terms}


def discriminator_weights(config: LossConfig) -> dict[str, float]:
    """Return the weights of the discriminator's terms; R1, applied at every `r1_interval`-th step, is scaled up."""
    return {"adversarial": 1.0, "r1": config.r1_gamma / 2 * config.r1_interval}


def border_band(mask: Tensor, border_px: int) -> Tensor:
    """Return the band inside the hole within `border_px` pixels of its edge.

    Args:
        mask: (B, 1, H, W) in {0, 1}, 1 = hole. The image's own border is not an edge.
        border_px: width in pixels, measured along the axes and diagonals.

    Returns:
        (B, 1, H, W) in {0, 1}.
    """
    if border_px <= 0:
        return torch.zeros_like(mask)
    side = 2 * border_px + 1
    near_known = F.max_pool2d(1 - mask, (side, 1), 1, (border_px, 0))  # separable: several times faster
    return mask * F.max_pool2d(near_known, (1, side), 1, (0, border_px))


def reconstruction_loss(
    prediction: Tensor,
    image: Tensor,
    mask: Tensor,
    *,
    power: int,
    known_weight: float = 0.0,
    border_weight: float = 1.0,
    border_px: int = 0,
) -> Tensor:
    """Return the weighted mean L1 or L2 distance.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the ground truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        power: 1 for L1, 2 for L2.
        known_weight: weight of the pixels outside the hole; inside it is 1.
        border_weight: weight of errors in the band inside the hole's edge.
        border_px: width of that band in pixels.

    Returns:
        Scalar >= 0: the weighted mean over pixels and colours of each image, averaged over the batch, so that an image
        with a few scratches counts as much as one with a large hole. As in the release, the border's weight multiplies
        its errors and is not part of the normalization, or it would reduce the weight of all other errors.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Eq. 1, normalized by the hole's area, and section 4 for the weight of 10
        at the border. In the release the band lies on 4 known pixels around a hole of 56x56 that the prediction of
        64x64 overlaps; here it lies inside the edge of a hole of the full 64x64, so that training and test have the
        same holes, and the band means the same for holes of any shape.
    """
    area = mask + known_weight * (1 - mask)
    weight = area if border_weight == 1 else area + (border_weight - 1) * border_band(mask, border_px)
    distance = (prediction - image).abs() if power == 1 else (prediction - image).square()
    return ((distance * weight).mean((1, 2, 3)) / area.mean((1, 2, 3)).clamp_min(1e-8)).mean()


def _patch_weight(mask: Tensor, logits: Tensor) -> Tensor:
    """Return 1 for logits whose patch contains part of the hole, else 0. A single logit per image always has 1."""
    if logits.dim() == 1:
        return torch.ones_like(logits)
    return F.adaptive_max_pool2d(mask, logits.shape[-2:]).to(logits.dtype).expand_as(logits)


def _weighted_mean(values: Tensor, weight: Tensor, all_reduce_mean: AllReduceMean) -> Tensor:
    return (values * weight).sum() / all_reduce_mean(weight.sum()).clamp_min(1e-8)


def discriminator_loss(
    kind: str, real_logits: Tensor, fake_logits: Tensor, mask: Tensor, all_reduce_mean: AllReduceMean = _single_process
) -> Tensor:
    """Return the discriminator's classification loss.

    Args:
        kind: "bce" or "non-saturating" (the same for the discriminator), or "hinge".
        real_logits: of the ground truth, (B,) or (B, scales, h, w), high = real.
        fake_logits: of the composites, same shape. Patches without a hole are not fake and do not count.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        all_reduce_mean: averages a number over the processes of the run.

    Returns:
        Scalar, the mean over real logits plus the mean over fake ones. Averaged over several processes it is the loss
        of one process with all their images.

    Reference:
        Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1; hinge: Lim and Ye 2017, arXiv:1705.02894, section 2.
    """
    weight = _patch_weight(mask, fake_logits)
    if kind == "hinge":
        return F.relu(1 - real_logits).mean() + _weighted_mean(F.relu(1 + fake_logits), weight, all_reduce_mean)
    return F.softplus(-real_logits).mean() + _weighted_mean(F.softplus(fake_logits), weight, all_reduce_mean)


def adversarial_loss(
    kind: str, fake_logits: Tensor, mask: Tensor, all_reduce_mean: AllReduceMean = _single_process
) -> Tensor:
    """Return the generator's adversarial loss, which is low where the discriminator takes its composites for real.

    Args:
        kind: "bce" or "non-saturating" (softplus of the negative logit), or "hinge" (the negative logit).
        fake_logits: of the composites, (B,) or (B, scales, h, w), high = real.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole; patches without a hole do not count.
        all_reduce_mean: as in `discriminator_loss`.

    Returns:
        Scalar, the mean over the logits that count.

    Reference:
        Goodfellow et al. 2014, arXiv:1406.2661, section 3 (maximise log D(G)); Lim and Ye 2017, arXiv:1705.02894.
    """
    weight = _patch_weight(mask, fake_logits)
    return _weighted_mean(-fake_logits if kind == "hinge" else F.softplus(-fake_logits), weight, all_reduce_mean)


def r1_penalty(discriminator: nn.Module, real: Tensor, mask: Tensor) -> Tensor:
    """Return the squared gradient norm of the logits at real images: R1 without its gamma / 2.

    Args:
        discriminator: maps (image, mask) to a DiscriminatorOutput; patch logits are summed per image.
        real: (B, 3, H, W) in [-1, 1]. Needs no gradient of its own and is not modified.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        Scalar >= 0, the batch mean, computed in float32 even under autocast.

    Reference:
        Mescheder, Geiger and Nowozin 2018, arXiv:1801.04406, Eq. 9 (there times gamma / 2).
    """
    with torch.autocast(real.device.type, enabled=False):
        real = real.detach().float().requires_grad_(True)
        logits = discriminator(real, mask.float()).logits
        (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
        return gradient.square().sum((1, 2, 3)).mean()


def feature_matching_loss(fake: DiscriminatorOutput, real: DiscriminatorOutput) -> Tensor:
    """Return the mean L1 distance between discriminator features of composite and ground truth, over all layers.

    Args:
        fake: the output for the composites.
        real: the output for the ground truth; no gradient flows to it.

    Returns:
        Scalar >= 0.

    Reference:
        Wang et al. 2018, pix2pixHD, arXiv:1711.11585, Eq. 4.
    """
    distances = [F.l1_loss(a, b.detach()) for a, b in zip(fake.features, real.features, strict=True)]
    return torch.stack(distances).mean()
