"""Precision, recall and F1 of marked damage, with a tolerance in pixels."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import ndimage

TOLERANCE_PX = 2


class PixelCounts(NamedTuple):
    """Counts of pixels, which may be summed over photos.

    Attributes:
        correct: marked pixels within the tolerance of damage.
        marked: all marked pixels.
        detected: damaged pixels within the tolerance of a marked pixel.
        damaged: all damaged pixels.
    """

    correct: int
    marked: int
    detected: int
    damaged: int

    @property
    def precision(self) -> float:
        """Share of the marked pixels that are correct; 1 if nothing is marked."""
        return self.correct / self.marked if self.marked else 1.0

    @property
    def recall(self) -> float:
        """Share of the damaged pixels that are detected; 1 if there is no damage."""
        return self.detected / self.damaged if self.damaged else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def count_pixels(marked: np.ndarray, damaged: np.ndarray, tolerance_px: float = TOLERANCE_PX) -> PixelCounts:
    """Compare a predicted mask with the ground truth.

    Args:
        marked: bool (H, W), the prediction.
        damaged: bool (H, W), the ground truth.
        tolerance_px: pixels up to this Euclidean distance from each other match.
    """
    return PixelCounts(
        int((marked & within_distance(damaged, tolerance_px)).sum()),
        int(marked.sum()),
        int((damaged & within_distance(marked, tolerance_px)).sum()),
        int(damaged.sum()),
    )


def sum_counts(counts: Sequence[PixelCounts]) -> PixelCounts:
    """Return the counts of several photos together."""
    return PixelCounts(*(sum(column) for column in zip(*counts, strict=True)))


def within_distance(mask: np.ndarray, distance_px: float) -> np.ndarray:
    """Return the pixels within a Euclidean distance of a mask, bool (H, W); none if the mask is empty."""
    if not mask.any():
        return np.zeros(mask.shape, bool)
    return ndimage.distance_transform_edt(~mask) <= distance_px
