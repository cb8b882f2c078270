"""The plan: which crops of the photo the generator sees for a mask, at which scale, and what it fills in each.

Thin damage is filled at full resolution, in tiles if it is long. A thick hole is filled coarse to fine: first in a copy
that is downscaled until the hole is as thick as those the generator was trained on, then at twice that resolution with
the first result as its coarse fill, and so on up to full resolution. Crops come in few shapes, so that the time of a
fill varies little.

If the surface of thick holes is synthesised afterwards, the fills are drafts and guides, and very large ones end before
full resolution.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from inpaint.morphology.labels import bounding_boxes, label, maximum
from inpaint.synthesis.settings import SETTINGS

from .crop_sizes import CropSizes
from .regions import Box, Part, find_regions
from .thickness import THICK_PX, THIN_DAMAGE_PX, Depths, label_part, measure, near_cores, thick_part
from .tiles import cut

GUIDE_PX = 48
"""From this thickness on half of the photo's resolution is enough to guide the synthesis, and takes a quarter of the
time: fills of photos score the same, and look the same."""
_THIN_SHARE = 0.02


class Crop(NamedTuple):
    """One pass of the generator.

    Attributes:
        box: what the generator sees of the photo.
        scale: the whole number by which the crop is downscaled; a power of two where passes follow each other.
        write: the bounding box of what it fills.
        hole: bool, of the shape of `write`: the pixels that it fills.
        coarse: the result is a coarse fill, for later crops at half the scale, and not part of the result.
        refines: the crop starts from the coarse fill at twice its scale.
        thin: no hole of the region is thicker than THIN_DAMAGE_PX in it.
    """

    box: Box
    scale: int
    write: Box
    hole: np.ndarray
    coarse: bool = False
    refines: bool = False
    thin: bool = False


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
    depths = measure(region.hole)
    for part, diameter in _split_by_thickness(region, depths, photo, sizes):
        last_scale = _guide_scale(part) if synthesis and part is not region else 1
        scale = _first_scale(part, diameter, photo, sizes)
        throughout = _is_thick_throughout(depths) if part is region else diameter > sizes.thin_px
        if synthesis and diameter >= GUIDE_PX and throughout:
            last_scale, scale = max(2, last_scale), max(2, scale)
        if scale == 1:
            of_part = _crops_at_full_resolution(part, diameter, region, depths, photo, sizes)
        else:
            of_part = _coarse_to_fine(part, diameter, photo, sizes, scale, last_scale)
        crops += of_part
        if of_part[-1].scale > 1 and last_scale > 1:
            unrefined.append(part)
    thick = thick_part(region, depths, unrefined, within) if synthesis else None
    return RegionPlan(crops, thick)


def _is_thick_throughout(depths: Depths) -> bool:
    """Return whether a hole is thick nearly everywhere, as a stroke or a disk: not a scratch that leads to a spot."""
    hole = depths.depth > 0
    thin = hole & ~near_cores(depths.depth > THICK_PX / 2, THICK_PX / 2, depths.factor)
    return bool(np.count_nonzero(thin) <= _THIN_SHARE * np.count_nonzero(hole))


def _guide_scale(part: Part) -> int:
    """Return the scale from which on a fill guides the synthesis; finer ones would only be seen as drafts."""
    scale, count = 1, int(part.hole.sum())
    while count > SETTINGS.most_pixels * scale**2:
        scale *= 2
    return scale


def _fits(box: Box, largest: tuple[int, int]) -> bool:
    return box.width <= largest[0] and box.height <= largest[1]


def _split_by_thickness(region: Part, depths: Depths, photo: Box, sizes: CropSizes) -> list[tuple[Part, int]]:
    """Return the thick parts of a region, then its thin rest, each with the diameter of its largest disk in pixels.

    A region that fits into a crop is not split.
    """
    depth, factor = depths
    core = depth > sizes.thin_px / 2
    if _fits(region.box, sizes.largest_hole(photo, 1, sizes.max_context)) or not core.any():
        return [(region, depths.diameter)]
    labels, count = label(near_cores(core, sizes.thin_px / 2, factor))
    boxes = np.concatenate([[[0, depth.shape[0], 0, depth.shape[1]]], bounding_boxes(labels, count)])
    deepest = maximum(depth, labels, count)
    parts = [
        (label_part(region, labels, index, boxes[index], factor), int(np.ceil(2 * deepest[index])))
        for index in (*range(1, count + 1), 0)
    ]
    return [(part, diameter) for part, diameter in parts if part is not None]


def _crops_at_full_resolution(
    part: Part, diameter: int, region: Part, depths: Depths, photo: Box, sizes: CropSizes
) -> list[Crop]:
    """Return the crops of a part that is filled in one pass, each with the context that suits its own thickness.

    Args:
        part: of a region.
        diameter: of the largest disk inside the part in pixels.
        region: the region.
        depths: of the region.
        photo: all of it.
        sizes: the crops that the generator accepts.
    """
    context = sizes.context_around(diameter, 1)

    def needed(box: Box) -> Box:
        own = sizes.context_around(depths.diameter_in(box.relative_to(*region.box[:2])), 1)
        return box.expanded(min(own, context) - sizes.min_context).intersection(photo)

    crops = _pass(part, 1, (sizes.min_context, context), photo, sizes, needed)
    return [crop._replace(thin=_is_thin(crop.box, region.box, depths)) for crop in crops]


def _is_thin(box: Box, region: Box, depths: Depths) -> bool:
    """Return whether a region is thin wherever a box shows it."""
    return depths.diameter_in(box.intersection(region).relative_to(*region[:2])) <= THIN_DAMAGE_PX


def _coarse_to_fine(
    part: Part, diameter: int, photo: Box, sizes: CropSizes, first_scale: int, last_scale: int
) -> list[Crop]:
    """Return the crops of a thick part from its first to its last scale: at each one if the part fits, else tiles."""
    crops, scale = [], first_scale
    while True:
        refines = scale < first_scale
        context = sizes.context if refines else sizes.context_around(diameter, scale)
        coarse = sizes.coarse_to_fine and scale > last_scale
        of_scale = _pass(part, scale, (context, context), photo, sizes, lambda box: box)
        crops += [crop._replace(coarse=coarse, refines=refines) for crop in of_scale]
        if not coarse:
            return crops
        scale //= 2


def _pass(
    part: Part, scale: int, context: tuple[int, int], photo: Box, sizes: CropSizes, needed: Callable[[Box], Box]
) -> list[Crop]:
    """Return the crops that fill a part at one scale.

    Args:
        part: what is filled.
        scale: of the crops.
        context: known pixels around tiles, in the crop's pixels: at least, and at most.
        photo: all of it.
        sizes: the crops that the generator accepts.
        needed: returns what a crop must hold with the least context, given the box of a tile.
    """
    sides = sizes.crop_sides(photo, scale, context[0])
    tiles = cut(part, sides, sizes.largest_hole(photo, scale, context[1]), needed)
    return [Crop(sizes.crop_box(tile.needed, sides, photo), scale, *tile.part) for tile in tiles]


def _first_scale(part: Part, thickness: int, photo: Box, sizes: CropSizes) -> int:
    """Return the scale of the first pass: a power of two if finer passes follow."""
    if thickness <= sizes.thin_px:
        return 1
    if sizes.coarse_to_fine:
        scale, next_scale = 1 << (-(-thickness // sizes.thin_px) - 1).bit_length(), lambda scale: 2 * scale
    else:
        scale, next_scale = -(-thickness // (sizes.sides[-1] - 2 * sizes.max_context)), lambda scale: scale + 1
    one_crop = scale
    while not _fits(part.box, sizes.largest_hole(photo, one_crop, sizes.context_around(thickness, one_crop))):
        one_crop = next_scale(one_crop)
    # a compact hole is better seen whole in a smaller copy than in tiles
    return one_crop if one_crop <= 2 * scale else scale
