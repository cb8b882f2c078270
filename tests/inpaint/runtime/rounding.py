"""How far two runtimes may differ if one of them computes in bfloat16: derived from the number format, not measured.

A bfloat16 has 8 significant bits, so that rounding to nearest changes a value by at most the unit roundoff u = 2^-8,
relative to the value. The errors of many roundings behave like independent random variables. Each has the variance
u^2 / 3 if it is spread evenly over [-u, u]. A generator returns i + r, where i is the initial fill and r what its
layers add:

- i is rounded once, which gives the variance i^2 u^2 / 3;
- r is the result of n convolutions, each of which rounds its weights and its output. Errors that arise in one layer
  keep their size relative to r in the layers behind it, so that the variances add up to 2 n r^2 u^2 / 3.

n counts all convolutions as if they were in series, which is more than there are on any path. Differences larger than
five standard deviations are not expected: a normal distribution has one in 1.7 million values there, an image of
512x512 has 0.8 million.

Reference:
    Higham and Mary 2019, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41 (5): errors
    grow with the square root of n. The unit roundoff: Higham 2002, Accuracy and Stability, section 2.1.
"""

import math
from typing import NamedTuple

from torch import Tensor, nn

UNIT_ROUNDOFF = 2**-8
LARGEST_DEVIATION = 5


class Bound(NamedTuple):
    """Limits of the difference, in the units of the image: of its root mean square, and of its largest value."""

    rms: float
    largest: float


def rms(x: Tensor) -> float:
    """Return the root mean square."""
    return x.square().mean().sqrt().item()


def bfloat16_bound(generator: nn.Module, initial: Tensor, prediction: Tensor) -> Bound:
    """Return how far a prediction in bfloat16 may be from one in float32.

    Args:
        generator: gives the number of convolutions.
        initial: its initial fill, any shape.
        prediction: its prediction in float32, of that shape.
    """
    count = sum(isinstance(module, nn.Conv2d) for module in generator.modules())

    def deviation(i: float, r: float) -> float:
        return UNIT_ROUNDOFF * math.sqrt((i**2 + 2 * count * r**2) / 3)

    added = prediction - initial
    typical = deviation(rms(initial), rms(added))
    return Bound(typical, LARGEST_DEVIATION * deviation(initial.abs().max().item(), added.abs().max().item()))
