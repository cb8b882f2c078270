"""Fills: the filled pixels of a piece of a hole, as the filler yields them and as later crops read them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from inpaint.compiled.parallel import Cancelled
from inpaint.photos.modes import Patch, without_colour

from .options import FillOptions
from .regions import Box, Part


class Fill(NamedTuple):
    """A filled piece of a hole.

    Attributes:
        left: column of its first pixel in the photo.
        top: row of its first pixel in the photo.
        pixels: RGB uint8 (h, w, 3).
        hole: bool (h, w): which of the pixels are filled.
        draft: whether later fills that are not drafts cover all of these pixels again.
    """

    left: int
    top: int
    pixels: np.ndarray
    hole: np.ndarray
    draft: bool = False

    @property
    def ends_drafts(self) -> bool:
        """Whether this is a DRAFTS_END."""
        return self.draft and self.hole.size == 0

    @property
    def box(self) -> Box:
        """The rectangle of the photo that `pixels` and `hole` cover."""
        height, width = self.hole.shape
        return Box(self.left, self.top, self.left + width, self.top + height)

    def draw(self, canvas: np.ndarray, canvas_box: Box, hole: np.ndarray | None = None) -> None:
        """Write the filled pixels into a canvas, in place.

        Args:
            canvas: RGB uint8, of the shape of `canvas_box`.
            canvas_box: the rectangle of the photo that the canvas shows.
            hole: bool of that shape; filled pixels become False in it. None: no such mask.
        """
        if not self.box.overlaps(canvas_box):
            return
        common = self.box.intersection(canvas_box)
        source = common.relative_to(self.left, self.top).slices
        target = common.relative_to(canvas_box.left, canvas_box.top).slices
        for channel in range(3):  # ten times as fast as an assignment to canvas[target][hole]
            np.copyto(canvas[target][..., channel], self.pixels[source][..., channel], where=self.hole[source])
        if hole is not None:
            hole[target][self.hole[source]] = False

    def split(self, part: Part) -> "list[Fill]":
        """Return the pixels outside a part of the mask as one fill, and those in it as a draft; none that is empty."""
        drafted = np.zeros_like(self.hole)
        common = self.box.intersection(part.box)
        if common.width > 0 and common.height > 0:
            target = common.relative_to(self.left, self.top).slices
            drafted[target] = part.hole[common.relative_to(part.box.left, part.box.top).slices]
        pieces = [(self.hole & ~drafted, False), (self.hole & drafted, True)]
        return [self._replace(hole=hole, draft=draft) for hole, draft in pieces if hole.any()]

    def pack(self) -> "PackedFill":
        """Return the same in less memory, for holes that cover little of their bounding box."""
        values = _whole_pixels(self.pixels)[self.hole]
        return PackedFill(self.box, np.packbits(self.hole), values.view(np.uint8).reshape(-1, 3))


class PackedFill(NamedTuple):
    """A fill without its unfilled pixels.

    Attributes:
        box: the rectangle of the photo that it covers.
        bits: `np.packbits` of the hole.
        values: uint8 (n, 3), the filled pixels in row-major order.
    """

    box: Box
    bits: np.ndarray
    values: np.ndarray

    def draw(self, canvas: np.ndarray, canvas_box: Box, hole: np.ndarray | None = None) -> None:
        """Write the filled pixels into a canvas, see `Fill.draw`."""
        if self.box.overlaps(canvas_box):
            self.unpack().draw(canvas, canvas_box, hole)

    def unpack(self) -> Fill:
        """Return the fill, black where nothing is filled."""
        hole = unpack_mask(self.bits, self.box)
        pixels = np.zeros((*hole.shape, 3), np.uint8)
        _whole_pixels(pixels)[hole] = _whole_pixels(self.values)
        return Fill(self.box.left, self.box.top, pixels, hole)


DRAFTS_END = Fill(0, 0, np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), bool), draft=True)
"""An empty draft that follows the last draft: now every hole has a fill to show, and what follows takes long."""

FillHoles = Callable[[np.ndarray, np.ndarray, Box | None, FillOptions, Cancelled | None], Iterable[Fill]]
"""(pixels, mask, within, options, cancelled) -> fills, in the order and under the conditions of `Filler.fills`."""


def without_drafts(fills: Iterable[Fill]) -> Iterator[Fill]:
    """Yield the fills that are the result: all but the drafts, which these cover again."""
    return (fill for fill in fills if not fill.draft)


def grey_fills(fill_holes: FillHoles) -> FillHoles:
    """Return a function that fills holes like this one, but without colour."""

    def fill_grey(*arguments: Any) -> Iterator[Fill]:
        for fill in fill_holes(*arguments):
            yield fill if fill.ends_drafts else fill._replace(pixels=without_colour(fill.pixels))

    return fill_grey


def _whole_pixels(pixels: np.ndarray) -> np.ndarray:
    """Return pixels, uint8 (..., 3), as items of three bytes each, of which masks select some much faster: a view."""
    return np.ascontiguousarray(pixels).view("V3")[..., 0]


def unpack_mask(bits: np.ndarray, box: Box) -> np.ndarray:
    """Return the mask that `np.packbits` packed: bool, of the shape of a box."""
    return np.unpackbits(bits, count=box.width * box.height).reshape(box.height, box.width).view(bool)


class CropContent(NamedTuple):
    """What the generator is to see of a crop.

    Attributes:
        pixels: RGB uint8 (h, w, 3): the photo, with earlier fills drawn in.
        hole: bool (h, w): hole pixels without a fill at this scale.
        blank: bool (h, w): hole pixels that have no coarse fill either.
    """

    pixels: np.ndarray
    hole: np.ndarray
    blank: np.ndarray


def read_crop(
    box: Box,
    pixels: np.ndarray,
    mask: np.ndarray,
    coarse_fills: list[PackedFill],
    fills: list[PackedFill],
    unknown: np.ndarray | None = None,
) -> CropContent:
    """Return a crop of the photo and the mask with earlier fills drawn in.

    Args:
        box: the crop; where it extends beyond the photo, the photo is reflected.
        pixels: RGB uint8 (H, W, 3); not modified.
        mask: bool (H, W), True = hole; not modified.
        coarse_fills: fills at a coarser scale, whose pixels stay hole.
        fills: fills at this scale, whose pixels count as known.
        unknown: see `FillOptions`; these pixels are hole in the crop, unless nothing else would be known in it.
    """
    inside = box.intersection(Box(0, 0, mask.shape[1], mask.shape[0]))
    content = CropContent(pixels[inside.slices].copy(), mask[inside.slices].copy(), mask[inside.slices].copy())
    for fill in coarse_fills:
        fill.draw(content.pixels, inside, content.blank)
    for fill in fills:
        fill.draw(content.pixels, inside, content.hole)
    np.logical_and(content.blank, content.hole, out=content.blank)
    if unknown is not None and not (content.hole | unknown[inside.slices]).all():
        np.logical_or(content.hole, unknown[inside.slices], out=content.hole)
        np.logical_or(content.blank, unknown[inside.slices], out=content.blank)
    if inside == box:
        return content
    rows = reflect_indices(box.top - inside.top, box.bottom - inside.top, inside.height)
    columns = reflect_indices(box.left - inside.left, box.right - inside.left, inside.width)
    return CropContent(*(array[rows[:, None], columns] for array in content))


def reflect_indices(start: int, stop: int, size: int) -> np.ndarray:
    """Return which pixel of a line to read at positions start to stop - 1 under reflection padding.

    The end pixels are not repeated. Unlike `np.pad`, positions may lie any distance outside the line.

    Args:
        start: first position, may be negative.
        stop: one past the last position, may exceed `size`.
        size: the number of pixels of the line, at least 1.
    """
    if size == 1:
        return np.zeros(stop - start, np.intp)
    position = np.arange(start, stop) % (2 * size - 2)
    return np.minimum(position, 2 * size - 2 - position)


def draw_patches(fills: list[Fill], pixels: np.ndarray) -> list[Patch]:
    """Return one patch per fill: the fill's box as it looks when all fills are drawn.

    Args:
        fills: their boxes may overlap. Later ones cover earlier ones.
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
