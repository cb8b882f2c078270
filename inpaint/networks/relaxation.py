"""The steps that make an initial fill smooth; shared by all implementations of it. Imports no torch."""

import math


def _chebyshev_steps(count: int, lowest: float, highest: float) -> tuple[float, ...]:
    """Return the step sizes that together damp the errors between two eigenvalues most, the largest step first.

    Reference:
        Golub and Varga 1961, Chebyshev semi-iterative methods, Numerische Mathematik 3, section 2.
    """
    middle, half_range = (highest + lowest) / 2, (highest - lowest) / 2
    values = (middle - half_range * math.cos((2 * k + 1) * math.pi / (2 * count)) for k in range(count))
    return tuple(sorted((1 / value for value in values), reverse=True))


JACOBI_STEPS = (1, 2, 8)
"""Numbers of Jacobi steps at full resolution, at half of it, and at all coarser levels."""

BIHARMONIC_STEPS = _chebyshev_steps(5, 4, 66), _chebyshev_steps(8, 4, 66)
"""Step sizes of the descent on the bending energy, at full resolution and at half of it.

The squared Laplacian has eigenvalues up to 64. Errors of eigenvalues below 4, far inside holes, are left to the
network.
"""
