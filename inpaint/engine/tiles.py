"""Tiles: a part of a mask is cut so that the crops around its tiles take little time."""

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from inpaint.compiled.available import is_available

from .regions import Box, Part, bounding_part, covering_boxes, union

OVERHEAD_PX = 8192
"""What a crop costs besides its pixels, in pixels."""

_CELL = 64  # side of the tiles that are merged, in the crop's pixels: finer ones take longer, and save no more


class Tile(NamedTuple):
    """A piece of a part.

    Attributes:
        part: the hole pixels of the tile.
        needed: what its crop must hold besides the context of the thinnest holes, inside the photo.
    """

    part: Part
    needed: Box


class CropSides(NamedTuple):
    """The sides of crops by what is needed of them.

    Attributes:
        widths: int64 (n,), the width of the crop for each needed width from 0 to n - 1 photo pixels, which is the
            largest; in photo pixels.
        heights: the same for heights.
        scale: photo pixels per pixel of the crop.
    """

    widths: np.ndarray
    heights: np.ndarray
    scale: int

    def fits(self, box: Box) -> bool:
        """Return whether there is a crop that holds a box."""
        return box.width < len(self.widths) and box.height < len(self.heights)

    def price(self, box: Box) -> int:
        """Return what the crop for a box costs, in pixels of the crop."""
        return int(self.widths[box.width] * self.heights[box.height]) // self.scale**2 + OVERHEAD_PX


def cut(part: Part, sides: CropSides, largest: tuple[int, int], needed: Callable[[Box], Box]) -> list[Tile]:
    """Return a part cut into disjoint tiles, in the order of their first pixels.

    Args:
        part: at least one pixel of it is hole.
        sides: of the crops.
        largest: width and height of tiles for which there is a crop anywhere in the part.
        needed: returns what the crop of a tile must hold, given the tile's box.
    """
    whole = needed(part.box)
    if sides.fits(whole) and sides.price(whole) <= 2 * sides.price(Box(0, 0, 0, 0)):
        return [Tile(part, whole)]
    grid = [Tile(tile, needed(tile.box)) for tile in _grid(part, *largest)]
    if not is_available():
        return grid
    merged = _merged(part, sides, needed)
    prices = [sum(sides.price(tile.needed) for tile in tiles) for tiles in (merged, grid)]
    return merged if prices[0] < prices[1] else grid


def _grid(part: Part, width: int, height: int) -> list[Part]:
    """Return tiles of at most this width and height, of nearly equal size."""
    box, hole = part
    rows = np.linspace(0, box.height, -(-box.height // height) + 1).round().astype(int)
    columns = np.linspace(0, box.width, -(-box.width // width) + 1).round().astype(int)
    tiles = []
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            tile = bounding_part(box.left + int(left), box.top + int(top), hole[top:bottom, left:right])
            if tile is not None:
                tiles.append(tile)
    return tiles


def _merged(part: Part, sides: CropSides, needed: Callable[[Box], Box]) -> list[Tile]:
    """Return the tiles that result from a grid of small ones, if those are merged whose merging makes crops cheapest.

    So a tile of a long scratch follows it, while many scratches that lie close together share a tile.
    """
    from . import tile_kernels  # loads numba

    cell = min(_CELL * sides.scale, len(sides.widths) - 1, len(sides.heights) - 1)
    left, top = part.box[:2]
    boxes = covering_boxes(part.hole, cell)
    wanted = np.array([needed(box.relative_to(-left, -top)) for box in boxes])
    rows, reach = np.array([box.top // cell for box in boxes]), (len(sides.heights) - 1) // cell
    first, stop = np.searchsorted(rows, rows - reach), np.searchsorted(rows, rows + reach, side="right")
    tile_of = np.empty(len(boxes), np.int64)
    tile_kernels.merge(
        wanted, first, stop, sides.widths // sides.scale, sides.heights // sides.scale, OVERHEAD_PX, tile_of
    )
    members: dict[int, list[Box]] = {}
    for box, tile in zip(boxes, tile_of.tolist(), strict=True):
        members.setdefault(tile, []).append(box)
    tiles = []
    for tile, of_tile in members.items():
        box = union(of_tile)
        hole = np.zeros((box.height, box.width), bool)
        for piece in of_tile:
            hole[piece.relative_to(box.left, box.top).slices] = part.hole[piece.slices]
        tiles.append(Tile(Part(box.relative_to(-left, -top), hole), Box(*wanted[tile].tolist())))
    return tiles
