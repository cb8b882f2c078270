"""Photos with an object to remove, and masks as a person paints them: loose, and a little too large."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from inpaint import open_photo
from inpaint.engine.brush import stroke_to_mask
from inpaint.engine.regions import dilate
from inpaint.photos.masks import to_mask
from inpaint.photos.modes import to_rgb
from train.data.datasets import iter_photos

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LIST = HERE / "removals.json"
"""One entry a photo, with the fields of `Removal`."""
RESEARCH_ONLY = ("photos",)
"""Datasets whose photos may not be published."""


class Removal(NamedTuple):
    """A photo and the outline of the object to remove from it.

    Attributes:
        name: of the files that are written.
        shapes: polygons {"polygon": [[x, y], ...]}, which are dilated by margin_px, and brush strokes
            {"stroke": [[x, y], ...], "brush_px": diameter}, which are not; in pixels of the cropped and reduced photo.
        margin_px: how far the mask reaches beyond the polygons.
        dataset: name of a dataset's folder.
        split: of the dataset.
        row: number of the photo in the split, from 0.
        photo: path of a photo in this repository, instead of a dataset.
        mask: path of a mask of that photo, in which other marks are to be removed as well.
        crop: left, top, right and bottom of the part that is used, in pixels of the original; None: all of it.
        scale: by which this part is reduced.
    """

    name: str
    shapes: Sequence[Mapping[str, Any]]
    margin_px: float = 8
    dataset: str | None = None
    split: str = "train"
    row: int = 0
    photo: str | None = None
    mask: str | None = None
    crop: tuple[int, int, int, int] | None = None
    scale: float = 1


def load_removals(path: Path = LIST) -> list[Removal]:
    """Return the entries of a list of removals, in its order."""
    return [Removal(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def paint_mask(shapes: Sequence[Mapping[str, Any]], size: tuple[int, int], margin_px: float) -> np.ndarray:
    """Return the pixels that a list of shapes covers.

    Args:
        shapes: as in `Removal`.
        size: width and height of the photo.
        margin_px: by which polygons are dilated, with round corners.

    Returns:
        bool (height, width), True = hole.
    """
    filled = Image.new("1", size)
    for shape in shapes:
        if "polygon" in shape:
            ImageDraw.Draw(filled).polygon([(x, y) for x, y in shape["polygon"]], fill=1)
    mask = dilate(np.array(filled), margin_px)
    for shape in shapes:
        if "stroke" in shape:
            box, painted = stroke_to_mask(shape["stroke"], shape["brush_px"], size)
            mask[box.slices] |= painted
    return mask


def load_pairs(removals: Sequence[Removal], data: Path) -> Iterator[tuple[Removal, Image.Image, np.ndarray]]:
    """Yield each removal with its photo (RGB) and mask (bool (H, W), True = hole); those of one dataset together.

    Args:
        removals: in any order.
        data: folder of the datasets' folders.

    Raises:
        ValueError: a dataset has fewer photos than a removal asks for, or cannot be opened.
    """
    for removal in removals:
        if removal.photo:
            yield _pair(removal, Image.fromarray(to_rgb(open_photo(ROOT / removal.photo))))
    wanted: dict[tuple[str, str], dict[int, Removal]] = {}
    for removal in removals:
        if removal.dataset:
            wanted.setdefault((removal.dataset, removal.split), {})[removal.row] = removal
    for (dataset, split), rows in wanted.items():
        for row, photo in enumerate(iter_photos(str(data / dataset), split, limit=max(rows) + 1)):
            if row in rows:
                yield _pair(rows.pop(row), photo)
        if rows:
            raise ValueError(f"{data / dataset} has no row {min(rows)} in its split {split!r}; {LIST.name} asks for it")


def _pair(removal: Removal, photo: Image.Image) -> tuple[Removal, Image.Image, np.ndarray]:
    painted = Image.fromarray(to_mask(ROOT / removal.mask, photo.size)) if removal.mask else None
    photo = _cut(photo, removal)
    mask = paint_mask(removal.shapes, photo.size, removal.margin_px)
    if painted:
        mask |= np.asarray(_cut(painted, removal).convert("1"))
    return removal, photo, mask


def _cut(picture: Image.Image, removal: Removal) -> Image.Image:
    part = picture.crop(removal.crop) if removal.crop else picture
    if removal.scale == 1:
        return part
    size = (round(part.width * removal.scale), round(part.height * removal.scale))
    return part.resize(size, Image.Resampling.LANCZOS)
