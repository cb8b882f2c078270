"""Loss terms, all pure functions. Which of them a run uses, and how much, is in `LossConfig`."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .discriminators import Judgement

Everywhere = Callable[[Tensor], Tensor]


def _here(value: Tensor) -> Tensor:
    return value


def border_band(mask: Tensor, border_px: int) -> Tensor:
    """The ring inside the hole within `border_px` pixels of its edge.

    Args:
        mask: (B, 1, H, W) in {0, 1}, 1 = hole. The picture's own rim is not an edge.
        border_px: width in pixels, measured along the axes and diagonals.

    Returns:
        (B, 1, H, W) in {0, 1}.
    """
    if border_px <= 0:
        return torch.zeros_like(mask)
    near_known = F.max_pool2d(1 - mask, 2 * border_px + 1, stride=1, padding=border_px)
    return mask * near_known


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
    """Mean weighted L1 or L2 distance.

    Args:
        prediction: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the truth.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        power: 1 for L1, 2 for L2.
        known_weight: weight of the pixels outside the hole; inside it is 1.
        border_weight: weight of errors in the band inside the hole's edge.
        border_px: width of that band in pixels.

    Returns:
        Scalar >= 0: the weighted mean over pixels and colours of each picture, averaged over the batch, so that a
        picture with a few scratches teaches as much as one with a large hole. As in the release, the border's weight
        multiplies its errors and is not divided out again, or it would make all other errors count less.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, Eq. 1, normalised by the hole's area, and section 4 for the tenfold weight
        at the border. In the release the band lies on 4 known pixels around a hole of 56x56 that the prediction of
        64x64 overlaps; here it is the rim of a hole of the full 64x64, so that the network is tested on what it was
        trained on, and that the band means the same for holes of any shape.
    """
    area = mask + known_weight * (1 - mask)
    weight = area + (border_weight - 1) * border_band(mask, border_px)
    distance = (prediction - image).abs() if power == 1 else (prediction - image).square()
    return ((distance * weight).mean((1, 2, 3)) / area.mean((1, 2, 3)).clamp_min(1e-8)).mean()


def _patch_weight(mask: Tensor, logits: Tensor) -> Tensor:
    """Which logits look at the hole: those are the fake ones. A picture's single logit always does."""
    if logits.dim() == 1:
        return torch.ones_like(logits)
    return F.adaptive_max_pool2d(mask, logits.shape[-2:]).to(logits.dtype)


def _mean(values: Tensor, weight: Tensor, everywhere: Everywhere) -> Tensor:
    return (values * weight).sum() / everywhere(weight.sum()).clamp_min(1e-8)


def discriminator_loss(
    kind: str, real_logits: Tensor, fake_logits: Tensor, mask: Tensor, everywhere: Everywhere = _here
) -> Tensor:
    """How badly the discriminator tells real from fake.

    Args:
        kind: "bce" or "non-saturating" (the same for the discriminator), or "hinge".
        real_logits: of the true pictures, (B,) or (B, 1, h, w), high = real.
        fake_logits: of the composites, same shape. Patches that see no hole are not fake and do not count.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
        everywhere: averages a number over the processes of the run.

    Returns:
        Scalar, the mean over real logits plus the mean over fake ones. With several processes its average over them is
        what one process with all their pictures has.

    Reference:
        Goodfellow et al. 2014, arXiv:1406.2661, Eq. 1; hinge: Lim and Ye 2017, arXiv:1705.02894, section 2.
    """
    weight = _patch_weight(mask, fake_logits)
    if kind == "hinge":
        return F.relu(1 - real_logits).mean() + _mean(F.relu(1 + fake_logits), weight, everywhere)
    return F.softplus(-real_logits).mean() + _mean(F.softplus(fake_logits), weight, everywhere)


def adversarial_loss(kind: str, fake_logits: Tensor, mask: Tensor, everywhere: Everywhere = _here) -> Tensor:
    """How far the generator is from fooling the discriminator.

    Args:
        kind: "bce" or "non-saturating" (softplus of the negative logit), or "hinge" (the negative logit).
        fake_logits: of the composites, (B,) or (B, 1, h, w), high = real.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole; patches that see no hole do not count.
        everywhere: as in `discriminator_loss`.

    Reference:
        Goodfellow et al. 2014, arXiv:1406.2661, section 3 (maximise log D(G)); Lim and Ye 2017, arXiv:1705.02894.
    """
    weight = _patch_weight(mask, fake_logits)
    return _mean(-fake_logits if kind == "hinge" else F.softplus(-fake_logits), weight, everywhere)


def r1_penalty(discriminator: nn.Module, real: Tensor, mask: Tensor) -> Tensor:
    """Squared gradient norm of the logits at real images: R1 without its gamma / 2.

    Args:
        discriminator: maps (image, mask) to a Judgement; patch logits are summed per image.
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


def feature_matching_loss(fake: Judgement, real: Judgement) -> Tensor:
    """Mean L1 distance between the discriminator's features of composite and truth, averaged over its layers.

    Reference:
        Wang et al. 2018, pix2pixHD, arXiv:1711.11585, Eq. 4.
    """
    distances = [F.l1_loss(a, b.detach()) for a, b in zip(fake.features, real.features, strict=True)]
    return torch.stack(distances).mean()
