"""The loss of the damage network: pure functions of tensors.

To add a term, compute it in `damage_losses` and give it a weight in WEIGHTS under the same name.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from train.damage.degradation.degrade import IGNORE_INDEX

WEIGHTS = {"focal": 4.0, "dice": 0.5, "dice_of_crops": 1.0}
"""Weight of each term in the sum that is minimized."""
RARE_BONUS, RARE_SHARE = 2.0, 0.04
"""A damaged pixel with little other damage around it, less than about RARE_SHARE, counts up to RARE_BONUS times more in
addition: specks and short hairs have so few pixels that leaving them out would cost nearly nothing."""
AREA_DISCOUNT, NEIGHBOURHOOD_PX = 1.0, 31
"""A pixel in the middle of large damage counts 1 + AREA_DISCOUNT times less than one on a thin line. What counts is the
share of damage in a square of this side around the pixel."""


def _single_process(value: Tensor) -> Tensor:
    return value


def damage_losses(
    logits: Tensor, target: Tensor, all_reduce_sum: Callable[[Tensor], Tensor] = _single_process
) -> dict[str, Tensor]:
    """Return the focal cross-entropy over all pixels, and one minus the dice coefficient, of the batch and of a crop.

    Args:
        logits: (B, 1, H, W).
        target: (B, 1, H, W) in {0, 1}, or IGNORE_INDEX where neither answer is wrong.
        all_reduce_sum: sums a number over the processes of the run, with its gradient.

    Returns:
        "focal", "dice" and "dice_of_crops", scalars. Damaged pixels weigh two to four times in the first, and less
        inside of large damage. The last is the mean of the crops with damage: a crop with three specks counts as much
        as one with a stain. All are the same in all processes, those of one process with all images.

    Reference:
        Lin et al. 2017, arXiv:1708.02002, Eq. 4, with gamma = 1; Milletari et al. 2016, arXiv:1606.04797, Eq. 1,
        without squares in the denominator.
    """
    counts = (target != IGNORE_INDEX).to(logits.dtype)
    damaged = target * counts
    probability = torch.sigmoid(logits)
    nearby = _box_mean(_box_mean(damaged, 2), 3)
    counts = counts / (1 + AREA_DISCOUNT * damaged * nearby)
    rare = 1 + RARE_BONUS * torch.exp(-nearby / RARE_SHARE)
    weight = counts * (1 + damaged * rare) * (probability.detach() - damaged).abs()
    entropy = F.binary_cross_entropy_with_logits(logits, damaged, reduction="none")
    focal = all_reduce_sum((weight * entropy).sum()) / all_reduce_sum(counts.sum()).clamp(1)
    both = (probability * damaged * counts).sum((1, 2, 3))
    either = ((probability + damaged) * counts).sum((1, 2, 3))
    has_damage = (damaged.sum((1, 2, 3)) > 0).to(logits.dtype)
    of_crops = all_reduce_sum((has_damage * (1 - (2 * both + 1) / (either + 1))).sum())
    return {
        "focal": focal,
        "dice": 1 - (2 * all_reduce_sum(both.sum()) + 1) / (all_reduce_sum(either.sum()) + 1),
        "dice_of_crops": of_crops / all_reduce_sum(has_damage.sum()).clamp(1),
    }


def _box_mean(values: Tensor, dim: int) -> Tensor:
    """Return moving averages over NEIGHBOURHOOD_PX pixels along a dimension, with zeros beyond the edges.

    Differences of cumulative sums take a tenth of the CPU time of `avg_pool2d`, whose work grows with its window.
    """
    half = NEIGHBOURHOOD_PX // 2
    sums = F.pad(values, (half + 1, half) if dim == 3 else (0, 0, half + 1, half)).cumsum(dim)
    length = values.shape[dim]
    return (sums.narrow(dim, NEIGHBOURHOOD_PX, length) - sums.narrow(dim, 0, length)) / NEIGHBOURHOOD_PX
