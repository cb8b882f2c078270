"""The sheet of removals: each photo with the outline of its mask, and fills of the hole beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from inpaint import open_photo
from inpaint.engine.regions import Box
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from train.sheets import picture_sheet

CELL = 480, 400
CONTEXT = 0.3
"""Shown around a hole, as a share of its longer side."""
MAX_SCALE = 2
"""Small holes are shown at this scale, larger ones as large as the cell allows."""
MINOR = 0.25
"""Regions of the hole that are smaller than this share of its largest region do not count for the view."""
OUTLINE = 255, 0, 200


def hole_view(mask: np.ndarray, cell: tuple[int, int] = CELL) -> Box:
    """Return the part of a photo that shows its hole with some context.

    Args:
        mask: bool (H, W), True = hole.
        cell: width and height in pixels of the cell in which it will be shown.

    Returns:
        A box inside the photo with the aspect ratio of the cell, unless the photo is too small for that. It is at least
        as large as the cell at MAX_SCALE.

    Raises:
        ValueError: the mask has no hole.
    """
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        raise ValueError("the mask has 0 pixels to fill; a removal needs at least one")
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    rows, columns = np.nonzero((areas >= MINOR * areas.max())[labels])
    left, top, right, bottom = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    photo = Box(0, 0, mask.shape[1], mask.shape[0])
    hole = Box(int(left), int(top), int(right), int(bottom))
    seen = hole.expanded(round(CONTEXT * max(hole.width, hole.height))).intersection(photo)
    scale = min(MAX_SCALE, cell[0] / seen.width, cell[1] / seen.height)
    first_x, width = _interval((seen.left + seen.right) / 2, cell[0] / scale, photo.width)
    first_y, height = _interval((seen.top + seen.bottom) / 2, cell[1] / scale, photo.height)
    return Box(first_x, first_y, first_x + width, first_y + height)


def outlined(photo: Image.Image, mask: np.ndarray) -> Image.Image:
    """Return a photo with a line of two pixels along the inner edge of its hole.

    Args:
        photo: RGB.
        mask: bool of the photo's size, True = hole.
    """
    pixels = np.array(photo)
    pixels[mask & ~ndimage.binary_erosion(mask, iterations=2, border_value=1)] = OUTLINE
    return Image.fromarray(pixels)


def removal_sheet(
    names: Sequence[str], folder: Path, columns: Mapping[str, Path], *, scale: float = 1, blocks: int = 1
) -> Image.Image:
    """Arrange photos with outlined masks and their fills: one row a photo, cropped around the hole.

    Args:
        names: of the photos.
        folder: holds NAME.png and NAME-mask.png.
        columns: heading and folder of each column of fills; where a folder has no NAME.png, the cell has no picture.
        scale: of the cells, 1: CELL. What they show stays the same.
        blocks: side by side, each with a part of the rows.
    """
    cell = round(CELL[0] * scale), round(CELL[1] * scale)
    per_block = -(-len(names) // blocks)
    sheets = [
        picture_sheet(
            [_row(name, folder, columns, cell) for name in part],
            headings=("photo and mask", *columns),
            labels=part,
            cell=cell,
        )
        for part in (names[start : start + per_block] for start in range(0, len(names), per_block))
    ]
    whole = Image.new("RGB", (sum(sheet.width for sheet in sheets), sheets[0].height), "white")
    for number, sheet in enumerate(sheets):
        whole.paste(sheet, (sum(left.width for left in sheets[:number]), 0))
    return whole


def _row(name: str, folder: Path, columns: Mapping[str, Path], cell: tuple[int, int]) -> list[Image.Image | None]:
    """Return the pictures of a photo: with the outline of its mask, and each fill."""
    photo = _open_rgb(folder / f"{name}.png")
    mask = to_mask(folder / f"{name}-mask.png", photo.size)
    view = hole_view(mask)
    paths = [fills / f"{name}.png" for fills in columns.values()]
    shown = [_fitted(_open_rgb(path), view, cell) if path.exists() else None for path in paths]
    hole = _fitted(Image.fromarray(mask), view, cell, Image.Resampling.NEAREST)
    return [outlined(_fitted(photo, view, cell), np.asarray(hole)), *shown]


def _interval(centre: float, length: float, limit: int) -> tuple[int, int]:
    """Return start and length of an interval around a centre, shifted or shortened to lie in [0, limit]."""
    size = min(round(length), limit)
    return int(np.clip(round(centre - size / 2), 0, limit - size)), size


def _fitted(
    picture: Image.Image,
    view: Box,
    cell: tuple[int, int],
    resampling: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """Return the part of a picture inside a view, scaled to fit a cell."""
    scale = min(cell[0] / view.width, cell[1] / view.height)
    size = (round(view.width * scale), round(view.height * scale))
    return picture.crop((view.left, view.top, view.right, view.bottom)).resize(size, resampling)


def _open_rgb(path: Path) -> Image.Image:
    return Image.fromarray(to_rgb(open_photo(path)))
