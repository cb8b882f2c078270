"""Fills: solved pieces of a hole, as the engine hands them on and remembers them."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from inpaint.photos.modes import Patch

from .regions import Box, cover


def unpacked_bits(bits: np.ndarray, box: Box) -> np.ndarray:
    """What `np.packbits` packed: bool, of the shape of a box."""
    return np.unpackbits(bits, count=box.width * box.height).reshape(box.height, box.width).view(bool)


class Fill(NamedTuple):
    """A solved piece: RGB uint8 (h, w, 3) pixels whose first is at (left, top), and which of them are filled."""

    left: int
    top: int
    pixels: np.ndarray
    hole: np.ndarray

    @property
    def box(self) -> Box:
        height, width = self.hole.shape
        return Box(self.left, self.top, self.left + width, self.top + height)

    def draw(self, canvas: np.ndarray, canvas_box: Box, hole: np.ndarray | None = None) -> None:
        """Write the filled pixels into a canvas that shows `canvas_box`; in `hole` they are no longer marked."""
        if not self.box.meets(canvas_box):
            return
        common = self.box.cut(canvas_box)
        mine = common.moved(self.left, self.top).slices
        theirs = common.moved(canvas_box.left, canvas_box.top).slices
        canvas[theirs][self.hole[mine]] = self.pixels[mine][self.hole[mine]]
        if hole is not None:
            hole[theirs][self.hole[mine]] = False

    def packed(self) -> "PackedFill":
        """The same in less memory, for holes that are thin in their boxes."""
        return PackedFill(self.box, np.packbits(self.hole), self.pixels[self.hole])


class PackedFill(NamedTuple):
    """A fill without its unfilled pixels: its box, its hole as packed bits, and (n, 3) uint8 values in their order."""

    box: Box
    bits: np.ndarray
    values: np.ndarray

    def draw(self, canvas: np.ndarray, canvas_box: Box, hole: np.ndarray | None = None) -> None:
        """As `Fill.draw`."""
        if self.box.meets(canvas_box):
            self.unpacked().draw(canvas, canvas_box, hole)

    def unpacked(self) -> Fill:
        """The fill, black where nothing is filled."""
        hole = unpacked_bits(self.bits, self.box)
        pixels = np.zeros((*hole.shape, 3), np.uint8)
        pixels[hole] = self.values
        return Fill(self.box.left, self.box.top, pixels, hole)


FillHoles = Callable[[np.ndarray, np.ndarray, Box | None], Iterable[Fill]]
"""(pixels, mask, within) -> fills, as `Filler.fills` returns them; it must not change its arguments."""


class Seen(NamedTuple):
    """A crop: uint8 (h, w, 3), and bool (h, w) twice: what is hole, and what of it not even a guess is there for."""

    pixels: np.ndarray
    hole: np.ndarray
    blank: np.ndarray


def read_crop(box: Box, pixels: np.ndarray, mask: np.ndarray, guess: list[PackedFill], known: list[PackedFill]) -> Seen:
    """A crop of the photo and the mask with earlier fills drawn in; mirrored where it sticks out of the photo."""
    inside = box.cut(Box(0, 0, mask.shape[1], mask.shape[0]))
    seen = Seen(pixels[inside.slices].copy(), mask[inside.slices].copy(), mask[inside.slices].copy())
    for fill in guess:
        fill.draw(seen.pixels, inside, seen.blank)
    for fill in known:
        fill.draw(seen.pixels, inside, seen.hole)
    np.logical_and(seen.blank, seen.hole, out=seen.blank)
    if inside == box:
        return seen
    rows = reflect_indices(box.top - inside.top, box.bottom - inside.top, inside.height)
    columns = reflect_indices(box.left - inside.left, box.right - inside.left, inside.width)
    return Seen(*(array[rows[:, None], columns] for array in seen))


def gather_patches(fills: list[PackedFill], hole: np.ndarray) -> Iterator[Patch]:
    """Yield disjoint patches that hold all fills: the box of a fill may contain pixels that another one fills.

    Args:
        fills: together they fill the hole.
        hole: bool (H, W); pixels of a patch outside it are black.
    """
    for box in cover(hole):
        pixels = np.zeros((box.height, box.width, 3), np.uint8)
        for fill in fills:
            fill.draw(pixels, box)
        yield Patch(box.left, box.top, pixels)


def draw_patches(fills: list[Fill], pixels: np.ndarray) -> list[Patch]:
    """Return one patch per fill: the fill's box as it looks when all fills are drawn.

    Args:
        fills: their boxes may overlap.
        pixels: the photo, RGB uint8 (H, W, 3), which shows around the holes; not modified.
    """
    boxes = np.array([fill.box for fill in fills]).reshape(-1, 4)
    patches = []
    for fill in fills:
        patch = pixels[fill.box.slices].copy()
        low, high = np.maximum(boxes[:, :2], fill.box[:2]), np.minimum(boxes[:, 2:], fill.box[2:])
        for other in np.flatnonzero((low < high).all(axis=1)):
            fills[other].draw(patch, fill.box)
        patches.append(Patch(fill.left, fill.top, patch))
    return patches


def reflect_indices(start: int, stop: int, size: int) -> np.ndarray:
    """For positions start..stop-1 on a line of `size` pixels, the pixel to read: beyond an end the line is mirrored.

    The end pixels are not repeated (like reflection padding), and an overhang of any length is allowed.
    """
    if size == 1:
        return np.zeros(stop - start, np.intp)
    position = np.arange(start, stop) % (2 * size - 2)
    return np.minimum(position, 2 * size - 2 - position)
