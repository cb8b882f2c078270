"""How thick holes are, and which of their pixels lie in thick parts."""

import numpy as np

from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label, maximum
from inpaint.morphology.squares import erode

from .regions import Box, Part, bounding_part, union, upsample_nearest

THICK_PX = 16
"""Holes of this thickness and more show a surface. Thinner ones are filled by the network alone, which is better."""

_GRID_PIXELS = 256 * 1024
_THICK_CELL_PX = 4  # largest side of a cell where thick parts are told from thin ones


def downsample(hole: np.ndarray, most: int | None = None) -> tuple[np.ndarray, int]:
    """Return a hole on a grid that is small enough for distance transforms, and the pixels per cell side.

    A cell belongs to the hole if at least half of its pixels do.

    Args:
        hole: bool (h, w).
        most: the largest number of pixels per cell side; None: any.
    """
    factor = int(np.ceil(np.sqrt(hole.size / _GRID_PIXELS)))
    factor = factor if most is None else min(factor, most)
    if factor <= 1:
        return hole, 1
    # the smallest types that hold the counts: for larger ones numpy would convert every pixel
    small, values = np.min_scalar_type(factor), hole.view(np.uint8)
    cells = np.zeros((-(-hole.shape[0] // factor), -(-hole.shape[1] // factor)), np.min_scalar_type(factor * factor))
    for row, of_row in enumerate(cells):
        counts = values[row * factor : (row + 1) * factor].sum(axis=0, dtype=small)
        for column in range(factor):
            every = counts[column::factor]
            of_row[: len(every)] += every
    return cells >= -(-factor * factor // 2), factor


def depth(hole: np.ndarray, factor: int) -> np.ndarray:
    """Return the distance of each hole cell to the nearest known one, in photo pixels; outside the array all is known.

    Args:
        hole: bool (h, w), as `downsample` returns it.
        factor: pixels per cell side.
    """
    return distance_transform(hole, border=True) * factor


def thickness(hole: np.ndarray) -> int:
    """Return the diameter of the largest disk inside a hole, in pixels."""
    grid, factor = downsample(hole)
    return int(np.ceil(2 * depth(grid, factor).max(initial=0)))


def largest_depths(hole: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the largest depth of each cell's connected component in pixels, and the pixels per cell side.

    Args:
        hole: bool (h, w).

    Returns:
        float32 (ceil(h / factor), ceil(w / factor)), 0 outside the hole, on the grid of `downsample`; and its factor.
    """
    grid, factor = downsample(hole)
    labels, count = label(grid)
    return maximum(depth(grid, factor), labels, count)[labels], factor


def thick_part(region: Part, whole: list[Part], within: Box | None) -> Part | None:
    """Return the hole pixels of a region that lie in a disk of THICK_PX inside the hole, and the pixels beside them.

    Args:
        region: a region of the mask.
        whole: parts of the region that count as thick as a whole.
        within: only thick parts that overlap this box; None: all.
    """
    box, hole = region
    grid, factor = downsample(hole, _THICK_CELL_PX)
    labels, count = label(_near_thick(grid, factor))
    seen = _grid_window(within, box, factor, grid.shape)
    touched = np.arange(1, count + 1) if seen is None else np.unique(labels[seen])
    parts = [bounding_part(*part.box[:2], part.hole) for part in whole if within is None or part.box.overlaps(within)]
    boxes = bounding_boxes(labels, count)
    parts += [label_part(region, labels, index, boxes[index - 1], factor) for index in touched[touched > 0].tolist()]
    return _joined([part for part in parts if part is not None])


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


def _joined(parts: list[Part]) -> Part | None:
    """Return the part that consists of parts; None if there are none."""
    if len(parts) < 2:
        return parts[0] if parts else None
    box = union([part.box for part in parts])
    hole = np.zeros((box.height, box.width), bool)
    for part in parts:
        hole[part.box.relative_to(box.left, box.top).slices] |= part.hole
    return Part(box, hole)


def _near_thick(grid: np.ndarray, factor: int) -> np.ndarray:
    """Return the cells near the centres of disks of THICK_PX in a hole: bool (h, w), none if it is not that thick.

    Args:
        grid: bool (h, w), as `downsample` returns it.
        factor: pixels per cell side.
    """
    near = np.zeros_like(grid)
    inner = bounding_part(0, 0, erode(grid))
    if inner is None:
        return near
    # scratches are long: distances are computed only where a centre may lie, with a margin that holds what is near
    window = inner.box.expanded(2 * THICK_PX // factor).intersection(Box(0, 0, *grid.shape[::-1])).slices
    # the outer cells may belong to the hole by half only
    core = depth(grid[window], factor) - (factor - 1) / 2 > THICK_PX / 2
    if core.any():  # the corners of a square lie sqrt(2) times as far from its core as its sides
        near[window] = distance_transform(~core) * factor <= 0.75 * THICK_PX + factor
    return near


def _grid_window(within: Box | None, box: Box, factor: int, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    """Return the rows and columns of a region's grid that a box covers; None for no box."""
    if within is None:
        return None
    left, top, right, bottom = within.relative_to(box.left, box.top)
    rows = slice(max(top // factor, 0), min(-(-bottom // factor), shape[0]))
    return rows, slice(max(left // factor, 0), min(-(-right // factor), shape[1]))
