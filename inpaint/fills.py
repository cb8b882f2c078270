"""Fills: solved pieces of a hole, as the engine hands them on and remembers them."""

from typing import NamedTuple

import numpy as np

from .regions import Box


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
