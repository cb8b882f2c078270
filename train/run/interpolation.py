"""Weights between those at the start of a run and the trained ones.

Fine-tuned weights are better on photos of their own kind and often worse on others. On the straight line between both
networks, what is lost on others falls faster than what is gained.

Reference:
    Wortsman et al. 2022, Robust Fine-Tuning of Zero-Shot Models, arXiv:2109.01903, section 3.
"""

from collections.abc import Mapping

from torch import Tensor

_LEAST_SHARE, _MOST_SHARE = 0.1, 0.95
_CAUTION = 0.8  # a few photos decide, and others may lose more


def interpolated(start: Mapping[str, Tensor], trained: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Return (1 - share) * start + share * trained, for each tensor of two state dicts; integers are the trained ones.

    Args:
        start: of the same network, on any device.
        trained: not modified.
        share: of the trained weights, from 0 to 1.
    """
    return {
        name: value.lerp(start[name].to(value), 1 - share) if value.is_floating_point() else value.clone()
        for name, value in trained.items()
    }


def share_for(loss: float, limit: float, power: float) -> float:
    """Return the share of the way from the start at which about `limit` is lost instead of `loss`, both above 0.

    Args:
        loss: at the end of the way.
        limit: less than this is wanted.
        power: of the share that the loss is proportional to.
    """
    return round(min(max(_CAUTION * (limit / loss) ** (1 / power), _LEAST_SHARE), _MOST_SHARE), 2)
