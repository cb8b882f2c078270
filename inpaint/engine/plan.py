"""From a mask to units of work: which crop of the photo the generator sees, at which scale, and what it fills there.

Thin damage is filled at full resolution, tile by tile if it is long. A thick hole is filled coarse to fine: first in a
picture so small that the hole is as thick as those the generator has learnt from, then at twice that size with the
first fill as a guide, and so on up to full resolution. Crops come in few shapes, so that the time of a fill is steady.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import ndimage

from .regions import Box, Part, enlarge, find_regions, tight

_SURVEY_PIXELS = 256 * 1024
_TEXTURED_TILES = 2  # of a pass: long strokes would keep a visitor waiting


@dataclass(frozen=True)
class CropSizes:
    """What a generator takes: the sides its crops may have, and how holes must lie in them, in the crop's pixels.

    Attributes:
        sides: allowed widths and heights, ascending.
        min_context: known pixels wanted around the thinnest holes.
        context: and around holes that are at least half as thick as this.
        max_context: and at most; the largest hole of a shrunk crop is the largest side less twice this.
        thin_px: holes up to this thickness are filled in one pass.
        centred: the hole must lie in the crop's middle, even if the crop then sticks out of the photo.
        refine: shrunk crops are only a draft, which the generator takes as a guide at twice the size.
        textured: so many of a hole's first passes are given the texture of the known picture, if they have few crops:
            in many it would take long. Finer passes keep what their guides have of it.
    """

    sides: tuple[int, ...] = (128, 192, 256, 384, 512)
    min_context: int = 32
    context: int = 64
    max_context: int = 128
    thin_px: int = 96
    centred: bool = False
    refine: bool = True
    textured: int = 3


class Crop(NamedTuple):
    """One pass of the generator.

    `box` is what it sees, shrunk by the whole number `scale`; `hole` (bool, of the shape of `write`) marks the pixels
    that it fills. A `draft` guides later crops of half its scale; a `guided` crop has such a draft. The fill of a
    `textured` crop is given the texture of the known picture.
    """

    box: Box
    scale: int
    write: Box
    hole: np.ndarray
    draft: bool = False
    guided: bool = False
    textured: bool = False


def plan(mask: np.ndarray, sizes: CropSizes, within: Box | None = None) -> list[list[Crop]]:
    """The work for a mask: for each region its crops, in the order in which they must be filled.

    Together the crops that are no drafts fill every hole pixel once. Regions do not depend on each other.

    Args:
        mask: bool (H, W), True = hole.
        sizes: what the generator takes.
        within: only regions that come near this box; None: all. Time depends on the regions, not on the photo.
    """
    height, width = mask.shape
    photo = Box(0, 0, width, height)
    regions = []
    for region in find_regions(mask, within):
        parts = _split_by_thickness(region, photo, sizes)
        regions.append([crop for part in parts for crop in _crops(part, photo, sizes)])
    return regions


def _survey(hole: np.ndarray) -> tuple[np.ndarray, int]:
    """A hole on a grid small enough for distance transforms, and the pixels per cell; half-full cells count."""
    factor = int(np.ceil(np.sqrt(hole.size / _SURVEY_PIXELS)))
    if factor <= 1:
        return hole, 1
    # the smallest type that holds the counts: for a larger one numpy would convert every pixel
    small, values = np.min_scalar_type(factor), hole.view(np.uint8)
    rows = np.stack([values[top : top + factor].sum(axis=0, dtype=small) for top in range(0, len(values), factor)])
    cells = np.add.reduceat(rows, np.arange(0, hole.shape[1], factor), axis=1, dtype=np.int64)
    return cells * 2 >= factor * factor, factor


def _depth(hole: np.ndarray, factor: int) -> np.ndarray:
    """Distance of each hole pixel from the nearest known one, in photo pixels; beyond the array all is known."""
    return ndimage.distance_transform_edt(np.pad(hole, 1))[1:-1, 1:-1] * factor


def _thickness(hole: np.ndarray) -> int:
    grid, factor = _survey(hole)
    return int(np.ceil(2 * _depth(grid, factor).max(initial=0)))


def _core(photo: Box, scale: int, context: int, sizes: CropSizes) -> tuple[int, int]:
    """Width and height of the largest hole, in photo pixels, that fits into a crop with its context.

    Along a side on which the crop sees the photo from end to end, there is no more context to be had: any hole fits.
    """
    core = (sizes.sides[-1] - 2 * context) * scale
    seen = 0 if sizes.centred else sizes.sides[-1] * scale
    return photo.width if photo.width <= seen else core, photo.height if photo.height <= seen else core


def _fits(box: Box, core: tuple[int, int]) -> bool:
    return box.width <= core[0] and box.height <= core[1]


def _split_by_thickness(region: Part, photo: Box, sizes: CropSizes) -> list[Part]:
    """A region's thick parts, each by itself, and then its thin rest; a region that fits into a crop stays whole."""
    box, hole = region
    if _fits(box, _core(photo, 1, sizes.max_context, sizes)):
        return [region]
    grid, factor = _survey(hole)
    core = _depth(grid, factor) > sizes.thin_px / 2
    if not core.any():
        return [region]
    # corners of a square lie sqrt(2) further from its core than its sides
    around = ndimage.distance_transform_edt(~core) * factor <= sizes.thin_px * 0.75 + factor
    labels, count = ndimage.label(around, np.ones((3, 3)))
    thick = [tight(box, hole & enlarge(labels == label, factor, hole.shape)) for label in range(1, count + 1)]
    rest = tight(box, hole & ~enlarge(around, factor, hole.shape))
    return [part for part in (*thick, rest) if part is not None]


def _crops(part: Part, photo: Box, sizes: CropSizes) -> list[Crop]:
    """The crops of a part: at each scale one where the part fits, else tiles."""
    thickness = _thickness(part.hole)
    scale = _first_scale(part, thickness, photo, sizes)
    crops = []
    for number in itertools.count():
        guided = number > 0
        context = sizes.context if guided else _context(thickness, scale, sizes)
        draft = sizes.refine and scale > 1
        tiles = _tiles(part, _core(photo, scale, context, sizes))
        textured = number < sizes.textured and len(tiles) <= _TEXTURED_TILES
        for tile in tiles:
            box = _around(tile.box, scale, context, photo, sizes)
            crops.append(Crop(box, scale, tile.box, tile.hole, draft, guided, textured))
        if not draft:
            break
        scale //= 2
    return crops


def _first_scale(part: Part, thickness: int, photo: Box, sizes: CropSizes) -> int:
    """The scale of the first pass: a power of two where others follow."""
    if thickness <= sizes.thin_px:
        return 1
    if sizes.refine:
        scale, next_scale = 1 << (-(-thickness // sizes.thin_px) - 1).bit_length(), lambda scale: 2 * scale
    else:
        scale, next_scale = -(-thickness // (sizes.sides[-1] - 2 * sizes.max_context)), lambda scale: scale + 1
    whole = scale
    while not _fits(part.box, _core(photo, whole, _context(thickness, whole, sizes), sizes)):
        whole = next_scale(whole)
    # a compact hole: better seen as a whole in a smaller picture than piece by piece
    return whole if whole <= 2 * scale else scale


def _context(thickness: int, scale: int, sizes: CropSizes) -> int:
    """Known pixels wanted around a hole, in the crop's pixels: half its thickness, but twice that of thin damage."""
    thickness = -(-thickness // scale)
    return min(max(sizes.min_context, min(2 * thickness, sizes.context), -(-thickness // 2)), sizes.max_context)


def _tiles(part: Part, core: tuple[int, int]) -> list[Part]:
    """A part cut into pieces of at most core (width, height), equal as far as possible, without the empty ones."""
    box, hole = part
    rows = np.linspace(0, box.height, -(-box.height // core[1]) + 1).round().astype(int)
    columns = np.linspace(0, box.width, -(-box.width // core[0]) + 1).round().astype(int)
    tiles = []
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            corner = Box(box.left + int(left), box.top + int(top), 0, 0)
            tile = tight(corner, hole[top:bottom, left:right])
            if tile is not None:
                tiles.append(tile)
    return tiles


def _around(hole: Box, scale: int, context: int, photo: Box, sizes: CropSizes) -> Box:
    """The crop around a hole: an allowed size, inside the photo where it can be, the hole in the middle where not."""
    left, right = _span(hole.left, hole.right, photo.width, scale, context, sizes)
    top, bottom = _span(hole.top, hole.bottom, photo.height, scale, context, sizes)
    return Box(left, top, right, bottom)


def _span(start: int, stop: int, length: int, scale: int, context: int, sizes: CropSizes) -> tuple[int, int]:
    wanted = stop - start + 2 * context * scale
    if not sizes.centred:
        wanted = min(wanted, length)
    side = next((side for side in sizes.sides if side * scale >= wanted), sizes.sides[-1]) * scale
    first = (start + stop - side) // 2
    if not sizes.centred:
        first = max(0, min(first, length - side))
    return first, first + side
