"""The plan: which crops of the photo the generator sees for a mask, at which scale, and what it fills in each.

Thin damage is filled at full resolution, in tiles if it is long. A thick hole is filled coarse to fine: first in a copy
that is downscaled until the hole is as thick as those the generator was trained on, then at twice that resolution with
the first result as its coarse fill, and so on up to full resolution. Crops come in few shapes, so that the time of a
fill varies little.

If the surface of thick holes is synthesised afterwards, the fills are drafts and guides: they get no texture, and very
large ones end before full resolution.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label
from inpaint.synthesis.settings import SETTINGS

from .regions import Box, Part, bounding_part, find_regions
from .thickness import depth, downsample, label_part, thick_part, thickness

_MAX_TEXTURED_TILES = 2  # in a pass: adding texture to all tiles of a long stroke would take too long


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
        textured_passes: the number of first passes over a hole whose fills get texture from the known part of the
            photo, if the pass has few crops. Later passes keep the texture of their coarse fills.
    """

    sides: tuple[int, ...] = (128, 192, 256, 384, 512)
    min_context: int = 32
    context: int = 64
    max_context: int = 128
    thin_px: int = 96
    centred: bool = False
    coarse_to_fine: bool = True
    textured_passes: int = 3


class Crop(NamedTuple):
    """One pass of the generator.

    Attributes:
        box: what the generator sees of the photo.
        scale: the whole number by which the crop is downscaled; a power of two where passes follow each other.
        write: the bounding box of what it fills.
        hole: bool, of the shape of `write`: the pixels that it fills.
        coarse: the result is a coarse fill, for later crops at half the scale, and not part of the result.
        refines: the crop starts from the coarse fill at twice its scale.
        textured: the fill gets texture from the known part of the photo.
    """

    box: Box
    scale: int
    write: Box
    hole: np.ndarray
    coarse: bool = False
    refines: bool = False
    textured: bool = False


class RegionPlan(NamedTuple):
    """How a region is filled.

    Attributes:
        crops: in the order in which they must be filled. Together those that are not coarse fill every hole pixel once.
        thick: the hole pixels whose surface is synthesised afterwards; None: none.
    """

    crops: list[Crop]
    thick: Part | None


def plan(mask: np.ndarray, sizes: CropSizes, within: Box | None = None, *, synthesis: bool = False) -> list[RegionPlan]:
    """Return how each region of a mask is filled. Regions do not depend on each other.

    Time depends on the size of the regions, not on the size of the photo.

    Args:
        mask: bool (H, W), True = hole; not modified.
        sizes: the crops that the generator accepts.
        within: only regions near this box, see `find_regions`; None: all.
        synthesis: whether the surface of thick holes is synthesised.
    """
    height, width = mask.shape
    photo = Box(0, 0, width, height)
    return [_plan_region(region, photo, sizes, within, synthesis) for region in find_regions(mask, within)]


def _plan_region(region: Part, photo: Box, sizes: CropSizes, within: Box | None, synthesis: bool) -> RegionPlan:
    crops, unrefined = [], []
    parts = _split_by_thickness(region, photo, sizes)
    for part in parts:
        last_scale = _guide_scale(part) if synthesis and part is not region else 1
        of_part = _crops(part, photo, sizes, last_scale)
        crops += of_part
        if of_part[-1].scale > 1 and last_scale > 1:
            unrefined.append(part)
    thick = thick_part(region, unrefined, within) if synthesis else None
    if thick is not None:
        crops = [crop._replace(textured=False) for crop in crops]
    return RegionPlan(crops, thick)


def _guide_scale(part: Part) -> int:
    """Return the scale from which on a fill guides the synthesis; finer ones would only be seen as drafts."""
    scale, count = 1, int(part.hole.sum())
    while count > SETTINGS.most_pixels * scale**2:
        scale *= 2
    return scale


def _largest_hole(photo: Box, scale: int, context: int, sizes: CropSizes) -> tuple[int, int]:
    """Return width and height of the largest hole, in photo pixels, that fits into a crop with its context.

    If a crop spans the whole width or height of the photo, no more context exists along it: a hole of any length fits.
    """
    longest = (sizes.sides[-1] - 2 * context) * scale
    spanned = 0 if sizes.centred else sizes.sides[-1] * scale
    return photo.width if photo.width <= spanned else longest, photo.height if photo.height <= spanned else longest


def _fits(box: Box, largest: tuple[int, int]) -> bool:
    return box.width <= largest[0] and box.height <= largest[1]


def _split_by_thickness(region: Part, photo: Box, sizes: CropSizes) -> list[Part]:
    """Return the thick parts of a region, then its thin rest; a region that fits into a crop is not split."""
    box, hole = region
    if _fits(box, _largest_hole(photo, 1, sizes.max_context, sizes)):
        return [region]
    grid, factor = downsample(hole)
    core = depth(grid, factor) > sizes.thin_px / 2
    if not core.any():
        return [region]
    # the corners of a square lie sqrt(2) times as far from its core as its sides
    labels, count = label(distance_transform(~core) * factor <= sizes.thin_px * 0.75 + factor)
    boxes = bounding_boxes(labels, count)
    parts = [label_part(region, labels, index + 1, boxes[index], factor) for index in range(count)]
    parts.append(label_part(region, labels, 0, np.array([0, len(grid), 0, grid.shape[1]]), factor))
    return [part for part in parts if part is not None]


def _crops(part: Part, photo: Box, sizes: CropSizes, last_scale: int) -> list[Crop]:
    """Return the crops of a part, coarse to fine: at each scale one if the part fits into it, else tiles."""
    diameter = thickness(part.hole)
    scale = _first_scale(part, diameter, photo, sizes)
    crops = []
    for index in itertools.count():
        refines = index > 0
        context = sizes.context if refines else _context(diameter, scale, sizes)
        coarse = sizes.coarse_to_fine and scale > last_scale
        tiles = _tiles(part, _largest_hole(photo, scale, context, sizes))
        textured = index < sizes.textured_passes and len(tiles) <= _MAX_TEXTURED_TILES
        for tile in tiles:
            box = _crop_box(tile.box, scale, context, photo, sizes)
            crops.append(Crop(box, scale, tile.box, tile.hole, coarse, refines, textured))
        if not coarse:
            break
        scale //= 2
    return crops


def _first_scale(part: Part, thickness: int, photo: Box, sizes: CropSizes) -> int:
    """Return the scale of the first pass: a power of two if finer passes follow."""
    if thickness <= sizes.thin_px:
        return 1
    if sizes.coarse_to_fine:
        scale, next_scale = 1 << (-(-thickness // sizes.thin_px) - 1).bit_length(), lambda scale: 2 * scale
    else:
        scale, next_scale = -(-thickness // (sizes.sides[-1] - 2 * sizes.max_context)), lambda scale: scale + 1
    one_crop = scale
    while not _fits(part.box, _largest_hole(photo, one_crop, _context(thickness, one_crop, sizes), sizes)):
        one_crop = next_scale(one_crop)
    # a compact hole is better seen whole in a smaller copy than in tiles
    return one_crop if one_crop <= 2 * scale else scale


def _context(thickness: int, scale: int, sizes: CropSizes) -> int:
    """Return the known pixels around a hole, in the crop's pixels: half its thickness, but twice that if it is thin."""
    thickness = -(-thickness // scale)
    return min(max(sizes.min_context, min(2 * thickness, sizes.context), -(-thickness // 2)), sizes.max_context)


def _tiles(part: Part, largest: tuple[int, int]) -> list[Part]:
    """Return a part cut into tiles of at most (width, height), of nearly equal size, without empty ones."""
    box, hole = part
    rows = np.linspace(0, box.height, -(-box.height // largest[1]) + 1).round().astype(int)
    columns = np.linspace(0, box.width, -(-box.width // largest[0]) + 1).round().astype(int)
    tiles = []
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            tile = bounding_part(box.left + int(left), box.top + int(top), hole[top:bottom, left:right])
            if tile is not None:
                tiles.append(tile)
    return tiles


def _crop_box(hole: Box, scale: int, context: int, photo: Box, sizes: CropSizes) -> Box:
    """Return the crop around a hole, of an allowed size and inside the photo if possible."""
    left, right = _crop_span(hole.left, hole.right, photo.width, scale, context, sizes)
    top, bottom = _crop_span(hole.top, hole.bottom, photo.height, scale, context, sizes)
    return Box(left, top, right, bottom)


def _crop_span(start: int, stop: int, length: int, scale: int, context: int, sizes: CropSizes) -> tuple[int, int]:
    """Return where the crop of a hole starts and stops along one axis of the photo.

    Args:
        start: where the hole starts.
        stop: where it stops.
        length: of the photo along this axis.
        scale: of the crop.
        context: known pixels on both sides, in the crop's pixels.
        sizes: the allowed sides.
    """
    needed = stop - start + 2 * context * scale
    if not sizes.centred:
        needed = min(needed, length)
    side = next((side for side in sizes.sides if side * scale >= needed), sizes.sides[-1]) * scale
    first = (start + stop - side) // 2
    if not sizes.centred:
        first = max(0, min(first, length - side))
    return first, first + side
