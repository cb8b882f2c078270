"""How thick holes are, and which of their pixels lie in thick parts."""

from typing import NamedTuple

import numpy as np

from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label, maximum

from .regions import Box, Part, bounding_part, dilate, joined, upsample_nearest

THICK_PX = 16
"""Holes of this thickness and more show a surface. Thinner ones are filled by the network alone, which is better."""
THIN_DAMAGE_PX = 24
"""Crops in which no hole is thicker are filled by the network for thin damage, in a third of the time."""

_GRID_PIXELS = 256 * 1024
_MAX_CELL_PX = 4  # thin holes would vanish on a coarser grid


class Depths(NamedTuple):
    """How deep a hole is, on a grid that is small enough for distance transforms.

    Attributes:
        depth: float32 (ceil(h / factor), ceil(w / factor)): the distance of each cell to the nearest one that is not
            hole, in photo pixels; 0 outside the hole.
        factor: pixels per cell side.
    """

    depth: np.ndarray
    factor: int

    @property
    def diameter(self) -> int:
        """The diameter of the largest disk inside the hole, in pixels."""
        return int(np.ceil(2 * self.depth.max(initial=0)))

    def diameter_in(self, box: Box) -> int:
        """Return the diameter of the largest disk whose centre lies in a box of the hole's array, in pixels."""
        left, top, right, bottom = (edge // self.factor for edge in box)
        return int(np.ceil(2 * self.depth[top : bottom + 1, left : right + 1].max(initial=0)))


def measure(hole: np.ndarray) -> Depths:
    """Return the depths of a hole, bool (h, w); outside the array all is known."""
    grid, factor = downsample(hole)
    depth = distance_transform(grid, border=True)
    depth *= factor
    return Depths(depth, factor)


def downsample(hole: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a hole on a coarser grid if it is large, and the pixels per cell side.

    A cell belongs to the hole if at least half of its pixels do.

    Args:
        hole: bool (h, w).
    """
    factor = min(int(np.ceil(np.sqrt(hole.size / _GRID_PIXELS))), _MAX_CELL_PX)
    if factor <= 1:
        return hole, 1
    values = hole.view(np.uint8)
    cells = np.zeros((-(-hole.shape[0] // factor), -(-hole.shape[1] // factor)), np.uint8)
    for row, of_row in enumerate(cells):
        counts = values[row * factor : (row + 1) * factor].sum(axis=0, dtype=np.uint8)
        for column in range(factor):
            every = counts[column::factor]
            of_row[: len(every)] += every
    return cells >= -(-factor * factor // 2), factor


def largest_depths(hole: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the largest depth of each cell's connected component in pixels, and the pixels per cell side.

    Args:
        hole: bool (h, w).

    Returns:
        float32 (ceil(h / factor), ceil(w / factor)), 0 outside the hole; and its factor.
    """
    depth, factor = measure(hole)
    labels, count = label(depth > 0)
    return maximum(depth, labels, count)[labels], factor


def near_cores(core: np.ndarray, radius: float, factor: int) -> np.ndarray:
    """Return the cells close to the centres of disks inside a hole: bool (h, w).

    Args:
        core: bool (h, w), the centres.
        radius: of the disks in pixels. What is close to a disk are all cells within 1.5 radii of its centre, as the
            corners of a square lie sqrt(2) times as far from its centre as its sides.
        factor: pixels per cell side.
    """
    return dilate(core, 1.5 * radius / factor + 1)


def thick_part(region: Part, depths: Depths, whole: list[Part], within: Box | None) -> Part | None:
    """Return the hole pixels of a region that lie in a disk of THICK_PX inside the hole, and the pixels beside them.

    Args:
        region: a region of the mask.
        depths: of it.
        whole: parts of the region that count as thick as a whole.
        within: only thick parts that overlap this box; None: all.
    """
    factor = depths.factor
    # the outer cells may belong to the hole by half only
    labels, count = label(near_cores(depths.depth - (factor - 1) / 2 > THICK_PX / 2, THICK_PX / 2, factor))
    seen = _grid_window(within, region.box, factor, labels.shape)
    touched = np.arange(1, count + 1) if seen is None else np.unique(labels[seen])
    parts = [bounding_part(*part.box[:2], part.hole) for part in whole if within is None or part.box.overlaps(within)]
    boxes = bounding_boxes(labels, count)
    parts += [label_part(region, labels, index, boxes[index - 1], factor) for index in touched[touched > 0].tolist()]
    found = [part for part in parts if part is not None]
    return joined(found) if found else None


def label_part(region: Part, labels: np.ndarray, index: int, bounds: np.ndarray, factor: int) -> Part | None:
    """Return the hole pixels of a region that lie in the cells of a label; None if there are none.

    Args:
        region: what the grid was made of by `downsample`.
        labels: int32 (h, w), of its cells.
        index: the label.
        bounds: int (4,), its `bounding_boxes`.
        factor: pixels per cell side.
    """
    top, bottom, left, right = bounds.tolist()
    hole = region.hole[top * factor : bottom * factor, left * factor : right * factor]
    in_label = upsample_nearest(labels[top:bottom, left:right] == index, factor, hole.shape)
    return bounding_part(region.box.left + left * factor, region.box.top + top * factor, hole & in_label)


def _grid_window(within: Box | None, box: Box, factor: int, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Return the rows and columns of a region's grid that a box covers; None for no box."""
    if within is None:
        return None
    left, top, right, bottom = within.relative_to(box.left, box.top)
    rows = slice(max(top // factor, 0), min(-(-bottom // factor), shape[0]))
    return rows, slice(max(left // factor, 0), min(-(-right // factor), shape[1]))
