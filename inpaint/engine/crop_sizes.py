"""Which crops a generator accepts, and how they lie around holes."""

from dataclasses import dataclass

import numpy as np

from .regions import Box
from .tiles import CropSides


@dataclass(frozen=True)
class CropSizes:
    """Which crops a generator accepts, and where holes lie in them, in pixels of the downscaled crop.

    Attributes:
        sides: allowed widths and heights, ascending.
        min_context: known pixels around the thinnest holes.
        context: known pixels around holes that are at least half as thick as this.
        max_context: known pixels around the thickest holes; the largest hole of a downscaled crop is the largest side
            minus twice this.
        thin_px: holes up to this thickness are filled in one pass.
        centred: the hole must lie in the middle of the crop, even if the crop then extends beyond the photo.
        coarse_to_fine: fills of downscaled crops are coarse fills, refined at twice the resolution.
    """

    sides: tuple[int, ...] = (64, 128, 192, 256, 320, 384, 512)
    min_context: int = 16
    context: int = 40
    max_context: int = 128
    thin_px: int = 96
    centred: bool = False
    coarse_to_fine: bool = True

    def context_around(self, thickness: int, scale: int) -> int:
        """Return the known pixels around a hole, in the crop's pixels: half its thickness, twice that if it is thin.

        Args:
            thickness: of the hole in photo pixels.
            scale: of the crop.
        """
        thickness = -(-thickness // scale)
        least = max(self.min_context, min(2 * thickness, self.context), -(-thickness // 2))
        return min(least, self.max_context)

    def largest_hole(self, photo: Box, scale: int, context: int) -> tuple[int, int]:
        """Return width and height of the largest hole, in photo pixels, that fits into a crop with its context.

        If a crop spans the whole width or height of the photo, no more context exists along it: a hole of any length
        fits.
        """
        longest = (self.sides[-1] - 2 * context) * scale
        spanned = 0 if self.centred else self.sides[-1] * scale
        return photo.width if photo.width <= spanned else longest, photo.height if photo.height <= spanned else longest

    def crop_sides(self, photo: Box, scale: int, context: int) -> CropSides:
        """Return the sides of crops at a scale, with this number of known pixels around, in the crop's pixels."""
        widths, heights = (
            self._sides_of(np.arange(most + 1), length, scale, context)
            for most, length in zip(self.largest_hole(photo, scale, context), photo[2:], strict=True)
        )
        return CropSides(widths, heights, scale)

    def crop_box(self, needed: Box, sides: CropSides, photo: Box) -> Box:
        """Return the crop with something in its middle, but inside the photo if possible."""
        left, right = self._span(needed.left, needed.right, int(sides.widths[needed.width]), photo.width)
        top, bottom = self._span(needed.top, needed.bottom, int(sides.heights[needed.height]), photo.height)
        return Box(left, top, right, bottom)

    def _sides_of(self, extents: np.ndarray, length: int, scale: int, context: int) -> np.ndarray:
        """Return the sides of crops for these extents along an axis of the photo of some length, in photo pixels."""
        needed = extents + 2 * context * scale
        if not self.centred:
            needed = np.minimum(needed, length)
        sides = np.array(self.sides) * scale
        return sides[np.minimum(np.searchsorted(sides, needed), len(sides) - 1)]

    def _span(self, start: int, stop: int, side: int, length: int) -> tuple[int, int]:
        """Return where the crop around a span starts and stops along an axis of the photo of some length."""
        first = (start + stop - side) // 2
        if not self.centred:
            first = max(0, min(first, length - side))
        return first, first + side
