"""Checks of strokes as the browser sends them: lines of a brush, outlines of an area, and masks in a box."""

import base64
import binascii
import io

import numpy as np
from PIL import Image

from page.server.checks import GROW_PX, check_grow_px
from page.server.errors import PageError

MAX_STROKES, MAX_POINTS, MAX_BRUSH_PX = 64, 20_000, 4_000
MAX_MASK_BYTES, MAX_MASK_PIXELS = 2_000_000, 100_000_000
"""Of the PNGs of all masks in base64, and of their pixels."""


def check_strokes(strokes: object) -> list[dict]:
    """Return strokes as the browser sent them, each {shape, erase, grow_px, only_damage} and what belongs to its shape.

    Args:
        strokes: a list of at most MAX_STROKES strokes with MAX_POINTS points in all. `erase` says whether a stroke is
            taken out of the mask; `grow_px`, the dilation, is optional; `shape` is "line" if it is missing. With
            `only_damage`, only damage inside the stroke is painted.
            "line": {points, brush}, [x, y] in photo pixels, and the brush's diameter.
            "area": {points}, the corners of an outline.
            "mask": {left, top, png}, a PNG in base64, white where to paint; it becomes `area`, bool (h, w).

    Raises:
        PageError: "bad_request" for anything else, as for numbers that are not finite.
    """
    if not isinstance(strokes, list) or not 0 < len(strokes) <= MAX_STROKES:
        raise PageError("bad_request")
    checked, points_left, bytes_left, pixels_left = [], MAX_POINTS, MAX_MASK_BYTES, MAX_MASK_PIXELS
    for stroke in strokes:
        if not isinstance(stroke, dict) or not isinstance(stroke.get("erase"), bool):
            raise PageError("bad_request")
        grow_px = check_grow_px(stroke.get("grow_px", GROW_PX))
        shape = stroke.get("shape", "line")
        if shape == "mask":
            bytes_left -= len(stroke["png"]) if isinstance(stroke.get("png"), str) else bytes_left + 1
            parts = _check_mask(stroke, bytes_left, pixels_left)
            pixels_left -= parts["area"].size
        elif shape in ("line", "area"):
            parts = {"points": _check_points(stroke, points_left)}
            points_left -= len(parts["points"])
        else:
            raise PageError("bad_request")
        if shape == "line":
            parts["brush"] = _check_brush(stroke.get("brush"))
        only_damage = stroke.get("only_damage", False)
        if not isinstance(only_damage, bool):
            raise PageError("bad_request")
        common = {"shape": shape, "erase": stroke["erase"], "grow_px": grow_px, "only_damage": only_damage}
        checked.append(common | parts)
    return checked


def _check_points(stroke: dict, most: int) -> list:
    points = stroke.get("points")
    if not isinstance(points, list) or not 0 < len(points) <= most:
        raise PageError("bad_request")
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise PageError("bad_request")
    if not all(_is_finite_number(coordinate) for point in points for coordinate in point):
        raise PageError("bad_request")
    return points


def _check_brush(brush: object) -> float:
    if not isinstance(brush, int | float) or not _is_finite_number(brush) or not 0 < brush <= MAX_BRUSH_PX:
        raise PageError("bad_request")
    return float(brush)


def _check_mask(stroke: dict, bytes_left: int, pixels_left: int) -> dict:
    """Return {left, top, area} of a mask; its size is checked before it is decoded."""
    corner = [stroke.get("left"), stroke.get("top")]
    if bytes_left < 0 or not all(isinstance(each, int) and _is_finite_number(each) for each in corner):
        raise PageError("bad_request")
    try:
        with Image.open(io.BytesIO(base64.b64decode(stroke["png"], validate=True)), formats=["PNG"]) as image:
            if image.width * image.height > pixels_left:
                raise PageError("bad_request")
            area = np.asarray(image.convert("L")) > 127
    except (binascii.Error, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise PageError("bad_request") from None
    return {"left": corner[0], "top": corner[1], "area": area}


def _is_finite_number(value: object) -> bool:
    """Return whether a value is a number between -1e6 and 1e6; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6
