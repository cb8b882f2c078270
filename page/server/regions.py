"""Regions that a program can say in numbers, as it cannot paint: boxes, points and a polygon, as a mask."""

import math
import reprlib
from typing import Literal, get_args

import numpy as np

from inpaint import MaskError
from inpaint.engine.brush import discs_to_mask
from inpaint.engine.polygon import polygon_to_mask
from inpaint.engine.regions import Box

Unit = Literal["pixels", "fractions", "thousandths"]
"""Of coordinates: photo pixels; shares of width and height; or their thousandths, as some vision models answer."""
MAX_BOXES, MAX_POINTS, MAX_CORNERS = 100, 100, 10_000
MAX_CROSSINGS = 200
"""How often a polygon may run up or down the photo's whole height: the time that it takes depends on it."""
POINT_RADIUS = 0.03
"""Default radius of the disc around a point, as a share of the photo's longer side."""
Point = tuple[float, float]


class RegionError(MaskError):
    """Boxes, points or a polygon that cannot be used; the message says which value, the rule and the next step."""


def regions_to_mask(
    size: tuple[int, int],
    *,
    boxes: object = None,
    points: object = None,
    polygon: object = None,
    unit: object = "pixels",
    point_radius: object = None,
) -> np.ndarray:
    """Return the mask of all regions together.

    Args:
        size: width and height of the upright photo.
        boxes: one [x0, y0, x1, y1] or a list of them, x to the right and y down from the upper left corner. The pixels
            of a box are those that it touches.
        points: one [x, y] or a list of them; each marks a disc around it.
        polygon: a list of at least three corners [x, y], in order.
        unit: a `Unit`, which all coordinates have.
        point_radius: of the discs, in the same unit, where a fraction or thousandth is one of the photo's longer side;
            None: POINT_RADIUS of it.

    Returns:
        bool (H, W), True = hole.

    Raises:
        RegionError: a value is not of this form, out of range, or lies outside the photo.
    """
    mask = np.zeros(size[::-1], bool)
    for box in boxes_in_photo(boxes, size, unit):
        mask[box.slices] = True
    radius = _radius(point_radius, size, unit)
    if found := points_in_photo(points, size, unit):
        area, discs = discs_to_mask(found, 2 * radius, size)
        mask[area.slices] |= discs
    if corners := _in_pixels(polygon, 2, "polygon", MAX_CORNERS, size, unit):
        _mark_polygon(mask, [(x, y) for x, y in corners])
    return mask


def boxes_in_photo(boxes: object, size: tuple[int, int], unit: object) -> list[Box]:
    """Return the pixels that boxes touch, as boxes inside the photo; see `regions_to_mask` for arguments and errors."""
    found = _in_pixels(boxes, 4, "boxes", MAX_BOXES, size, unit)
    return [_clipped(box, size, given) for box, given in zip(found, _listed(boxes, 4, "boxes", MAX_BOXES), strict=True)]


def points_in_photo(points: object, size: tuple[int, int], unit: object) -> list[Point]:
    """Return points in photo pixels; see `regions_to_mask` for arguments and errors."""
    found, (width, height) = _in_pixels(points, 2, "points", MAX_POINTS, size, unit), size
    for (x, y), given in zip(found, _listed(points, 2, "points", MAX_POINTS), strict=True):
        if not (0 <= x <= width and 0 <= y <= height):
            raise RegionError(f"points has {given}, which lies outside the photo of {_words_of(size)}: correct it")
    return [(x, y) for x, y in found]


def _in_pixels(
    value: object, length: int, name: str, limit: int, size: tuple[int, int], unit: object
) -> list[list[float]]:
    """Return lists of coordinates, x and y in turns, in photo pixels."""
    if unit not in get_args(Unit):
        raise RegionError(f"unit is {reprlib.repr(unit)}; it must be one of {', '.join(get_args(Unit))}")
    found = _listed(value, length, name, limit)
    _check_unit(found, size, unit, name)
    scales = [_scale(side, unit) for side in size] * (length // 2)
    return [[number * scale for number, scale in zip(each, scales, strict=True)] for each in found]


def _scale(side: int, unit: object) -> float:
    """Return the photo pixels of one unit along a side."""
    return {"pixels": 1.0, "fractions": float(side), "thousandths": side / 1000}[str(unit)]


def _listed(value: object, length: int, name: str, limit: int) -> list[list[float]]:
    """Return a list of lists of numbers; one of them alone, as programs like to send it, becomes a list."""
    form = "[x0, y0, x1, y1]" if length == 4 else "[x, y]"
    if value is None or value == []:
        return []
    if isinstance(value, list) and not isinstance(value[0], list):
        value = [value]
    if not isinstance(value, list) or len(value) > limit:
        raise RegionError(f"{name} is {reprlib.repr(value)}; it must be a list of at most {limit} {form}")
    for each in value:
        if not isinstance(each, list) or len(each) != length or not all(map(_is_number, each)):
            raise RegionError(f"{name} has {reprlib.repr(each)}; each must be {form} with {length} numbers")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def _check_unit(found: list[list[float]], size: tuple[int, int], unit: object, name: str) -> None:
    """Refuse coordinates of another unit than the one that was named, as far as they show it."""
    numbers = [number for each in found for number in each]
    if not numbers:
        return
    if unit == "pixels" and max(numbers) <= 1 and any(not float(number).is_integer() for number in numbers):
        raise RegionError(
            f"{name} has {reprlib.repr(found[0])}, which looks like fractions, and unit is 'pixels': add"
            " unit='fractions'"
        )
    most = {"fractions": 1.0, "thousandths": 1000.0}.get(str(unit), math.inf)
    if max(numbers) > 1.5 * most:
        raise RegionError(
            f"{name} has {reprlib.repr(found[0])}; {unit} run from 0 to {most:g}: give another unit, or divide by the"
            f" photo's size, which is {size[0]}x{size[1]}"
        )


def _radius(value: object, size: tuple[int, int], unit: object) -> float:
    """Return the radius of a disc in photo pixels."""
    longer = max(size)
    if value is None:
        return POINT_RADIUS * longer
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1e6:
        raise RegionError(f"point_radius is {reprlib.repr(value)}; it must be a number above 0, in {unit}")
    return min(float(value) * _scale(longer, unit), 2.0 * longer)


def _clipped(box: list[float], size: tuple[int, int], given: list[float]) -> Box:
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        raise RegionError(
            f"boxes has {given}; x0 must be less than x1, and y0 less than y1: [left, top, right, bottom]"
        )
    touched = Box(math.floor(x0), math.floor(y0), math.ceil(x1), math.ceil(y1)).intersection(Box(0, 0, *size))
    if touched.width <= 0 or touched.height <= 0:
        raise RegionError(f"boxes has {given}, which lies outside the photo of {_words_of(size)}: correct it")
    return touched


def _mark_polygon(mask: np.ndarray, corners: list[Point]) -> None:
    if len(corners) < 3:
        raise RegionError(f"polygon has {len(corners)} corners; it needs at least 3, each [x, y]")
    heights = np.clip([y for _, y in (*corners, corners[0])], 0, len(mask))
    if (times := np.abs(np.diff(heights)).sum() / len(mask)) > MAX_CROSSINGS:
        raise RegionError(
            f"polygon crosses the photo {times:.0f} times, and at most {MAX_CROSSINGS} are drawn: give its corners in"
            " the order of the outline, and fewer of them"
        )
    box, area = polygon_to_mask(corners, mask.shape[::-1])
    if not area.any():
        raise RegionError(f"polygon lies outside the photo of {_words_of(mask.shape[::-1])}: correct its corners")
    mask[box.slices] |= area


def _words_of(size: tuple[int, ...]) -> str:
    return f"{size[0]}x{size[1]} pixels"
