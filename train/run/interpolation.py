"""Weights between those at the start of a run and the trained ones.

Fine-tuned weights are better on photos of their own kind and often worse on others. On the straight line between both
networks, what is lost on others falls faster than what is gained.

Reference:
    Wortsman et al. 2022, Robust Fine-Tuning of Zero-Shot Models, arXiv:2109.01903, section 3.
"""

from collections.abc import Mapping

from torch import Tensor

_LEAST_SHARE, _MOST_SHARE = 0.1, 0.95
_CAUTION = 0.95


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


def share_for(loss: float, limit: float) -> float:
    """Return the share of the trained weights with which about `limit` is lost instead of `loss`, both above 0.

    The loss is about proportional to the square of the share: at the start, it changes little.
    """
    return round(min(max(_CAUTION * (limit / loss) ** 0.5, _LEAST_SHARE), _MOST_SHARE), 2)
