"""Geometry of masks: boxes, regions (holes that lie close together and are filled together), and dilation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from inpaint.morphology import disks
from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label
from inpaint.morphology.squares import dilate as dilate_square
from inpaint.photos.errors import MaskError

CELL = 16
"""Side in pixels of the grid on which regions are found; holes in touching cells, or two cells apart, are joined."""

MAX_GROW_PX = 1000
"""The largest radius of a dilation in pixels."""


class Box(NamedTuple):
    """A rectangle of the photo in pixels; right and bottom are exclusive. A crop's box may extend beyond the photo."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The width in pixels; negative or 0 if the box is empty."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The height in pixels; negative or 0 if the box is empty."""
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with; valid only for a box inside the photo."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def expanded(self, px: int) -> "Box":
        """Return the box with a margin of `px` pixels around it."""
        return Box(self.left - px, self.top - px, self.right + px, self.bottom + px)

    def intersection(self, other: "Box") -> "Box":
        """Return the common part of two boxes; its width or height is not positive where they do not overlap."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def overlaps(self, other: "Box") -> bool:
        """Return whether the boxes have a pixel in common."""
        common = self.intersection(other)
        return common.width > 0 and common.height > 0

    def relative_to(self, left: int, top: int) -> "Box":
        """Return the box in coordinates whose origin is at (left, top)."""
        return Box(self.left - left, self.top - top, self.right - left, self.bottom - top)


class Part(NamedTuple):
    """A part of a mask: a box, and bool (h, w) of its shape that marks the hole pixels which belong to the part."""

    box: Box
    hole: np.ndarray

    def marks_any(self, box: Box) -> bool:
        """Return whether a pixel of a box belongs to the part."""
        common = self.box.intersection(box)
        if common.width <= 0 or common.height <= 0:
            return False
        return bool(self.hole[common.relative_to(self.box.left, self.box.top).slices].any())


def find_regions(mask: np.ndarray, within: Box | None = None) -> list[Part]:
    """Return the regions of a mask, each with its own hole pixels.

    Time depends on the size of the regions, not on the size of the photo.

    Args:
        mask: bool (H, W), True = hole; not modified.
        within: only regions in the grid cells of this box or beside them; None: all.
    """
    height, width = mask.shape
    photo = Box(0, 0, width, height)
    margin = 512
    while True:  # the window grows until none of the regions that are found may continue outside it
        window = photo if within is None else _snapped_to_grid(within.expanded(margin), photo)
        if window.width <= 0 or window.height <= 0:
            return []
        occupied = occupancy(mask[window.slices])
        labels, count = label(dilate_square(occupied))
        if within is None:
            found = np.arange(1, count + 1)
        else:
            cells = _snapped_to_grid(within.intersection(photo), photo)
            rows = slice((cells.top - window.top) // CELL, -(-(cells.bottom - window.top) // CELL))
            columns = slice((cells.left - window.left) // CELL, -(-(cells.right - window.left) // CELL))
            found = np.unique(labels[rows, columns])
            found = found[found > 0]
        if window == photo or not np.isin(_labels_at_open_edges(labels, window, photo), found).any():
            return _extract_parts(mask, labels * occupied, found, count, window)
        margin *= 2


def regions_of(part: Part) -> list[Part]:
    """Return the regions that a part consists of: one, unless what joins them belongs to other parts."""
    left, top = part.box[:2]
    return [
        Part(Box(left + box.left, top + box.top, left + box.right, top + box.bottom), hole)
        for box, hole in find_regions(part.hole)
    ]


def occupancy(mask: np.ndarray) -> np.ndarray:
    """Return the occupancy grid of a mask, bool (ceil(H / CELL), ceil(W / CELL)): which cells hold a hole pixel."""
    # no reduceat for the rows: along columns it is a hundred times slower
    rows = np.stack([mask[top : top + CELL].any(axis=0) for top in range(0, mask.shape[0], CELL)])
    return np.logical_or.reduceat(rows, np.arange(0, mask.shape[1], CELL), axis=1)


def union(boxes: Sequence[Box]) -> Box:
    """Return the bounding box of boxes, of which there must be at least one."""
    edges = np.array(boxes)
    return Box(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())


def joined(parts: Sequence[Part]) -> Part:
    """Return parts, at least one, as one in their bounding box."""
    box = union([part.box for part in parts])
    hole = np.zeros((box.height, box.width), bool)
    for part in parts:
        hole[part.box.relative_to(box.left, box.top).slices] |= part.hole
    return Part(box, hole)


def covering_boxes(mask: np.ndarray, side: int = 512) -> list[Box]:
    """Return disjoint boxes that together hold every hole pixel, each the bounding box of its hole pixels.

    Args:
        mask: bool (H, W), True = hole.
        side: the largest width and height of a box in pixels.
    """
    found = []
    for top in range(0, mask.shape[0], side):
        rows = mask[top : top + side]
        for left in np.flatnonzero(np.bincount(np.flatnonzero(rows.any(axis=0)) // side)) * side:
            part = bounding_part(int(left), top, rows[:, left : left + side])
            if part is not None:
                found.append(part.box)
    return found


def bounding_part(left: int, top: int, hole: np.ndarray) -> Part | None:
    """Return the part of an array's hole pixels with their bounding box; None if there are none.

    Args:
        left: where the array's first column lies in the photo.
        top: where its first row lies.
        hole: bool (h, w).
    """
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if rows.size == 0:
        return None
    y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    return Part(Box(left + x0, top + y0, left + x1, top + y1), hole[y0:y1, x0:x1])


def upsample_nearest(grid: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    """Return a grid with each cell repeated as factor x factor pixels, cropped to a shape."""
    return grid.repeat(factor, axis=0)[: shape[0]].repeat(factor, axis=1)[:, : shape[1]]


def dilate(mask: np.ndarray, grow_px: float) -> np.ndarray:
    """Return a mask dilated by a disk: every pixel within `grow_px` of a hole becomes a hole.

    Args:
        mask: bool (H, W), True = hole; not modified. Time depends on the holes more than on the photo.
        grow_px: radius of the disk, from pixel centre to pixel centre; below 1 the mask itself is returned.

    Raises:
        MaskError: `grow_px` is not a number from 0 to MAX_GROW_PX.
    """
    check_grow_px(grow_px)
    if grow_px < 1:
        return mask
    margin = int(grow_px)
    photo = Box(0, 0, mask.shape[1], mask.shape[0])
    dilated = mask.copy()
    for box in covering_boxes(mask, max(512, 4 * margin)):
        window = box.expanded(margin).intersection(photo).slices
        hole = mask[window]
        if not hole.all():
            is_near = disks.dilate(hole, grow_px) if grow_px <= disks.MOST_PX else distance_transform(~hole) <= grow_px
            dilated[window] |= is_near
    return dilated


def check_hole(mask: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise MaskError unless a mask has the shape of a photo, (H, W) or (H, W, 3), and leaves a part of it clear."""
    if shape[:2] != mask.shape:
        raise MaskError(f"the mask has shape {mask.shape} and the photo {shape[:2]}; they must be the same")
    if mask.all():
        raise MaskError("the mask covers the whole photo, so there is nothing to continue from: leave a part clear")


def check_grow_px(grow_px: float) -> None:
    """Raise MaskError unless `grow_px` is a number of pixels from 0 to MAX_GROW_PX."""
    number = isinstance(grow_px, int | float | np.number) and not isinstance(grow_px, bool)
    if not number or not 0 <= grow_px <= MAX_GROW_PX:
        raise MaskError(f"grow_px is {grow_px!r}; it must be a number of pixels from 0 to {MAX_GROW_PX}: try 3")


def _snapped_to_grid(box: Box, photo: Box) -> Box:
    """Return the box expanded to whole cells and clipped to the photo."""
    return Box(
        box.left // CELL * CELL, box.top // CELL * CELL, -(-box.right // CELL) * CELL, -(-box.bottom // CELL) * CELL
    ).intersection(photo)


def _labels_at_open_edges(labels: np.ndarray, window: Box, photo: Box) -> np.ndarray:
    """Return the labels of regions that may continue outside the window.

    These lie in its two outermost rows or columns of cells, at edges that are not edges of the photo.
    """
    sides = [
        labels[:2] if window.top > photo.top else labels[:0],
        labels[-2:] if window.bottom < photo.bottom else labels[:0],
        labels[:, :2] if window.left > photo.left else labels[:0],
        labels[:, -2:] if window.right < photo.right else labels[:0],
    ]
    return np.concatenate([side.ravel() for side in sides])


def _extract_parts(mask: np.ndarray, labels: np.ndarray, found: np.ndarray, count: int, window: Box) -> list[Part]:
    """Return the hole pixels of labels of a grid, at the photo's resolution.

    Args:
        mask: bool (H, W).
        labels: int32, of the cells of the window that hold a hole pixel; 0 for the others.
        found: the labels that are wanted.
        count: the number of labels.
        window: the part of the mask that the grid covers.
    """
    parts = []
    boxes = bounding_boxes(labels, count)
    for index in found.tolist():
        first_row, stop_row, first_column, stop_column = boxes[index - 1].tolist()
        left, top = window.left + first_column * CELL, window.top + first_row * CELL
        box = Box(left, top, window.left + stop_column * CELL, window.top + stop_row * CELL).intersection(window)
        cells = labels[first_row:stop_row, first_column:stop_column] == index
        hole = mask[box.slices].copy()
        for row, of_row in enumerate(cells):  # in strips, as a grid at this resolution may be as large as the photo
            hole[row * CELL : (row + 1) * CELL] &= of_row.repeat(CELL)[: box.width]
        part = bounding_part(left, top, hole)
        if part is not None:
            parts.append(part)
    return parts
