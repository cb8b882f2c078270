"""The regions of a mask: holes that lie close together and are filled together."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.photos.opening import MaskError

CELL = 16
"""Side in pixels of the grid on which regions are found; holes in touching cells, or two cells apart, are joined."""


class Box(NamedTuple):
    """A rectangle of the photo in pixels; right and bottom are exclusive. A crop's box may stick out of the photo."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns, to index an array with; only for a box inside the photo."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def expanded(self, px: int) -> "Box":
        """Return the box with a margin around it."""
        return Box(self.left - px, self.top - px, self.right + px, self.bottom + px)

    def cut(self, other: "Box") -> "Box":
        """The part that both have; empty (width or height not positive) where they do not meet."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def meets(self, other: "Box") -> bool:
        """Whether both have a pixel in common."""
        common = self.cut(other)
        return common.width > 0 and common.height > 0

    def moved(self, left: int, top: int) -> "Box":
        """The box as seen from a corner at (left, top)."""
        return Box(self.left - left, self.top - top, self.right - left, self.bottom - top)


class Part(NamedTuple):
    """Hole pixels that belong together: bool, of the shape of `box`; other holes in that box are not marked."""

    box: Box
    hole: np.ndarray


def find_regions(mask: np.ndarray, within: Box | None = None) -> list[Part]:
    """The regions of a mask, each with its own pixels.

    Args:
        mask: bool (H, W), True = hole.
        within: only regions that come near this box; None: all. Time depends on the regions, not on the photo.
    """
    height, width = mask.shape
    photo = Box(0, 0, width, height)
    reach = 512
    while True:
        window = photo if within is None else _on_grid(within.expanded(reach), photo)
        if window.width <= 0 or window.height <= 0:
            return []
        occupied = occupancy(mask[window.slices])
        near = ndimage.binary_dilation(occupied, np.ones((3, 3)))
        labels, count = ndimage.label(near, np.ones((3, 3)))
        if within is None:
            found = np.arange(1, count + 1)
        else:
            cells = _on_grid(within.cut(photo), photo)
            rows = slice((cells.top - window.top) // CELL, -(-(cells.bottom - window.top) // CELL))
            columns = slice((cells.left - window.left) // CELL, -(-(cells.right - window.left) // CELL))
            found = np.unique(labels[rows, columns])
            found = found[found > 0]
        if window == photo or not np.isin(_open_rim(labels, window, photo), found).any():
            return _cut_out(mask, labels * occupied, found, window)
        reach *= 2


def occupancy(mask: np.ndarray) -> np.ndarray:
    """bool (ceil(H / CELL), ceil(W / CELL)): which cells hold a hole pixel."""
    # not reduceat for the rows: down columns it takes a hundred times as long
    rows = np.stack([mask[top : top + CELL].any(axis=0) for top in range(0, mask.shape[0], CELL)])
    return np.logical_or.reduceat(rows, np.arange(0, mask.shape[1], CELL), axis=1)


def cover(mask: np.ndarray, side: int = 512) -> list[Box]:
    """Disjoint boxes of at most side x side pixels that hold every hole pixel of a mask, drawn tight around them."""
    found = []
    for top in range(0, mask.shape[0], side):
        rows = mask[top : top + side]
        for left in np.unique(np.flatnonzero(rows.any(axis=0)) // side) * side:
            part = tight(Box(int(left), top, 0, 0), rows[:, left : left + side])
            if part is not None:
                found.append(part.box)
    return found


def _on_grid(box: Box, photo: Box) -> Box:
    """The box widened to whole cells and cut to the photo."""
    return Box(
        box.left // CELL * CELL, box.top // CELL * CELL, -(-box.right // CELL) * CELL, -(-box.bottom // CELL) * CELL
    ).cut(photo)


def _open_rim(labels: np.ndarray, window: Box, photo: Box) -> np.ndarray:
    """Labels that may go on outside the window: in the two outermost cells, where the photo goes on beyond them."""
    sides = [
        labels[:2] if window.top > photo.top else labels[:0],
        labels[-2:] if window.bottom < photo.bottom else labels[:0],
        labels[:, :2] if window.left > photo.left else labels[:0],
        labels[:, -2:] if window.right < photo.right else labels[:0],
    ]
    return np.concatenate([side.ravel() for side in sides])


def _cut_out(mask: np.ndarray, labels: np.ndarray, found: np.ndarray, window: Box) -> list[Part]:
    parts = []
    boxes = ndimage.find_objects(labels)
    for label in found:
        rows, columns = boxes[label - 1]
        left, top = window.left + columns.start * CELL, window.top + rows.start * CELL
        pixels = mask[top : min(window.top + rows.stop * CELL, window.bottom)]
        pixels = pixels[:, left : min(window.left + columns.stop * CELL, window.right)]
        own = enlarge(labels[rows, columns] == label, CELL, pixels.shape)
        part = tight(Box(left, top, 0, 0), pixels & own)
        if part is not None:
            parts.append(part)
    return parts


def enlarge(grid: np.ndarray, factor: int, shape: tuple[int, ...]) -> np.ndarray:
    """A grid with each cell drawn as factor x factor pixels, cut to a shape."""
    return grid.repeat(factor, axis=0)[: shape[0]].repeat(factor, axis=1)[:, : shape[1]]


def tight(corner: Box, hole: np.ndarray) -> Part | None:
    """The smallest part that has all hole pixels of an array whose first pixel is the corner's; None without any."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if rows.size == 0:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = Box(corner.left + left, corner.top + top, corner.left + right, corner.top + bottom)
    return Part(box, hole[top:bottom, left:right])


MAX_GROW_PX = 1000


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
    for box in cover(mask, max(512, 4 * margin)):
        window = box.expanded(margin).cut(photo).slices
        hole = mask[window]
        if not hole.all():
            dilated[window] |= ndimage.distance_transform_edt(~hole) <= grow_px
    return dilated


def check_grow_px(grow_px: float) -> None:
    """Raise MaskError unless `grow_px` is a number of pixels from 0 to MAX_GROW_PX."""
    number = isinstance(grow_px, int | float | np.number) and not isinstance(grow_px, bool)
    if not number or not 0 <= grow_px <= MAX_GROW_PX:
        raise MaskError(f"grow_px is {grow_px!r}; it must be a number of pixels from 0 to {MAX_GROW_PX}")
