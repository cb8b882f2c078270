"""Measures of found damage: F1 with tolerance, and shares of pixels marked."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

TOLERANCE_PX = 2


class Matches(NamedTuple):
    """Counts of pixels, which may be added over photos.

    Attributes:
        found_right: marked pixels that lie within the tolerance of damage.
        found: marked pixels.
        met: damaged pixels that lie within the tolerance of a marked one.
        wanted: damaged pixels.
    """

    found_right: int
    found: int
    met: int
    wanted: int

    @property
    def precision(self) -> float:
        """Share of marked pixels that are right; 1 if nothing is marked."""
        return self.found_right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of damaged pixels that are found; 1 if there is no damage."""
        return self.met / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def match(found: np.ndarray, wanted: np.ndarray, tolerance_px: float = TOLERANCE_PX) -> Matches:
    """Compares a found mask with the true one.

    Args:
        found: bool (H, W).
        wanted: bool (H, W).
        tolerance_px: pixels count as the same up to this distance.
    """
    return Matches(
        int((found & near(wanted, tolerance_px)).sum()),
        int(found.sum()),
        int((wanted & near(found, tolerance_px)).sum()),
        int(wanted.sum()),
    )


def total(matches: list[Matches]) -> Matches:
    """The counts of many photos together."""
    return Matches(*(sum(column) for column in zip(*matches, strict=True)))


def near(mask: np.ndarray, distance_px: float) -> np.ndarray:
    """Bool (H, W): pixels within a distance of a mask."""
    if not mask.any():
        return np.zeros(mask.shape, bool)
    return ndimage.distance_transform_edt(~mask) <= distance_px
