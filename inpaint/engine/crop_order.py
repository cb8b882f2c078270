"""What a crop needs of earlier ones: those whose fills it sees must be computed before it."""

import numpy as np

from .fills import PackedFill
from .plan import Crop


class CropOrder:
    """The crops of all regions in the order of the plan, and their fills once they are kept.

    Regions do not depend on each other, so a crop sees fills of its own region only. Crops that see none of each
    other's fills may be computed at the same time: the result is that of one after the other.

    Args:
        regions: the crops of each region, in the order in which they would be filled one by one.

    Attributes:
        crops: all crops.
        region_of: for each crop, the index of its region.
        fills: for each crop, its fill; None: not computed.
    """

    def __init__(self, regions: list[list[Crop]]) -> None:
        self.crops = [crop for crops in regions for crop in crops]
        self.region_of = [index for index, crops in enumerate(regions) for _ in crops]
        self.fills: list[PackedFill | None] = [None] * len(self.crops)
        counts = np.array([len(crops) for crops in regions], np.int64)
        self._first = np.repeat(np.cumsum(counts) - counts, counts)
        self._writes = np.array([crop.write for crop in self.crops], np.int64).reshape(-1, 4)
        self._scales = np.array([crop.scale for crop in self.crops], np.int64)
        self._coarse = np.array([crop.coarse for crop in self.crops], bool)
        self._needed: dict[int, tuple[list[int], list[int]]] = {}

    def needs(self, index: int) -> list[int]:
        """Return the earlier crops whose fills a crop sees."""
        coarse, known = self._seen(index)
        return coarse + known

    def keep(self, index: int, fill: PackedFill) -> None:
        """Keep the fill of a crop for later ones."""
        self.fills[index] = fill

    def earlier_fills(self, index: int) -> tuple[list[PackedFill], list[PackedFill]]:
        """Return the coarse fills that a crop refines, and the fills that count as known in it.

        Args:
            index: of a crop, all of whose `needs` are kept.
        """
        coarse, known = (
            [fill for number in numbers if (fill := self.fills[number]) is not None] for numbers in self._seen(index)
        )
        return coarse, known

    def _seen(self, index: int) -> tuple[list[int], list[int]]:
        """Return the earlier crops whose fills are seen as coarse ones, and as known, those of its own scale first."""
        if index not in self._needed:
            self._needed[index] = self._find_seen(index)
        return self._needed[index]

    def _find_seen(self, index: int) -> tuple[list[int], list[int]]:
        first, crop = int(self._first[index]), self.crops[index]
        if first == index:
            return [], []
        left, top, right, bottom = crop.box
        writes, scales, coarse = (array[first:index] for array in (self._writes, self._scales, self._coarse))
        near = (writes[:, 0] < right) & (writes[:, 1] < bottom) & (writes[:, 2] > left) & (writes[:, 3] > top)
        refined = near & coarse & (scales == 2 * crop.scale) if crop.refines else np.zeros_like(near)
        of_scale, final = near & coarse & (scales == crop.scale), near & ~coarse
        known = np.concatenate([np.flatnonzero(of_scale), np.flatnonzero(final)])
        return (np.flatnonzero(refined) + first).tolist(), (known + first).tolist()
