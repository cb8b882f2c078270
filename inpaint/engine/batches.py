"""Batches: crops of one size that do not see each other's fills go through the generator together.

The smallest crops cost a pass of the network about as much as their pixels do: four of 64x64 px together take little
more than half of the time that they take one by one. Results are the same.
"""

import collections
import heapq
from typing import NamedTuple

from .crop_order import CropOrder

MOST_PIXELS = 16_384
"""Limit of a batch. With twice as many pixels crops on two streams took a tenth more time, with four times as many a
quarter: the outputs of layers leave the caches of the cores."""


class Batch(NamedTuple):
    """Crops that are filled together.

    Attributes:
        crops: their numbers, ascending.
        needs: numbers of the batches that must be filled before, all of which come earlier.
    """

    crops: list[int]
    needs: list[int]


def batches(order: CropOrder) -> list[Batch]:
    """Return all crops in batches, in an order in which they can be filled.

    The first crop of a batch is the first one all of whose needs are in earlier batches; the others are the next ones
    of its size of which that is true. So the batches of the same crops are always the same.

    Args:
        order: the crops, and what each of them needs.
    """
    needs = [order.needs(index) for index in range(len(order.crops))]
    dependents: list[list[int]] = [[] for _ in needs]
    for index, needed in enumerate(needs):
        for earlier in needed:
            dependents[earlier].append(index)
    missing = [len(needed) for needed in needs]
    ready: dict[_Kind, list[int]] = collections.defaultdict(list)  # heaps
    for index, count in enumerate(missing):
        if not count:
            ready[_kind(order, index)].append(index)
    found: list[Batch] = []
    batch_of: dict[int, int] = {}
    while ready:
        kind = min(ready, key=lambda kind: ready[kind][0])
        heap = ready[kind]
        members = [heapq.heappop(heap) for _ in range(min(len(heap), kind.most))]
        if not heap:
            del ready[kind]
        batch_of.update(dict.fromkeys(members, len(found)))
        found.append(Batch(members, sorted({batch_of[earlier] for index in members for earlier in needs[index]})))
        for index in (dependent for member in members for dependent in dependents[member]):
            missing[index] -= 1
            if not missing[index]:
                heapq.heappush(ready[_kind(order, index)], index)
    return found


class _Kind(NamedTuple):
    """What crops of a batch have in common: the size in their own pixels, their input, and the network."""

    width: int
    height: int
    refines: bool
    thin: bool

    @property
    def most(self) -> int:
        """How many such crops a batch may have."""
        return max(1, MOST_PIXELS // (self.width * self.height))


def _kind(order: CropOrder, index: int) -> _Kind:
    crop = order.crops[index]
    return _Kind(crop.box.width // crop.scale, crop.box.height // crop.scale, crop.refines, crop.thin)
