"""Annotations of LabelMe as masks."""

import base64
import binascii
from typing import Any

import numpy as np

from inpaint.photos.errors import MaskError, PhotoError
from inpaint.photos.opening import open_photo

from .shapes import add_disk, add_line, add_polygon, checked_overlap, checked_points

LINE_PX, POINT_PX = 10, 5
"""What LabelMe draws lines with, and the radius of points."""
LINES = (
    f"lines of the annotations are drawn {LINE_PX} px wide and points with a radius of {POINT_PX} px, as LabelMe does"
)


def is_labelme(content: Any) -> bool:
    """Return whether the content of a JSON file was written by LabelMe."""
    return isinstance(content, dict) and isinstance(content.get("shapes"), list)


def labelme_to_hole(content: dict, size: tuple[int, int]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the union of the shapes of a LabelMe file, bool (H, W), and notes about it.

    Args:
        content: of the file.
        size: (width, height) of the photo.

    Raises:
        MaskError: it is damaged, or of another size.

    Reference:
        github.com/wkentaro/labelme, labelme/utils/shape.py: shape_to_mask.
    """
    own = content.get("imageWidth"), content.get("imageHeight")
    if own != (None, None) and own != tuple(size):
        raise MaskError(
            f"the mask has annotations of a photo of {own[0]}x{own[1]}, and this one is {size[0]}x{size[1]}; they must "
            "have the same size: use the photo that was annotated"
        )
    hole, has_lines, drawn = np.zeros((size[1], size[0]), bool), False, 0
    for shape in content["shapes"]:
        if not isinstance(shape, dict):
            raise MaskError("the mask is a LabelMe file with a shape that cannot be read; save it again")
        drawn = checked_overlap(drawn, _extent(shape), hole)
        has_lines |= _add_shape(hole, shape)
    return hole, (LINES,) if has_lines else ()


def _extent(shape: dict) -> np.ndarray:
    """Return points whose box is about what drawing a shape looks at: float64 (N, 2)."""
    points, kind = checked_points(shape.get("points")), shape.get("shape_type")
    if kind in ("point", "points") or not len(points):
        return np.zeros((1, 2))
    if kind == "circle":
        radius = float(np.hypot(*(points[-1] - points[0])))
        return np.array([points[0] - radius, points[0] + radius])
    return points


def _add_shape(hole: np.ndarray, shape: dict) -> bool:
    """Mark a shape, and return whether it is a line or a point, which has no area of its own."""
    points, kind = checked_points(shape.get("points")), shape.get("shape_type") or "polygon"
    if kind == "polygon" and len(points) > 2:
        add_polygon(hole, points)
    elif kind == "rectangle" and len(points) == 2:
        (left, top), (right, bottom) = points
        add_polygon(hole, np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
    elif kind in ("rectangle", "oriented_rectangle", "rotation") and len(points) == 4:
        add_polygon(hole, points)
    elif kind == "circle" and len(points) == 2:
        add_disk(hole, points[0], float(np.hypot(*(points[1] - points[0]))))
    elif kind == "mask" and len(points) == 2:
        _add_picture(hole, shape.get("mask"), points)
    elif kind in ("line", "linestrip") and len(points) > 1:
        add_line(hole, points, LINE_PX)
        return True
    elif kind in ("point", "points"):
        for point in points:
            add_disk(hole, point, POINT_PX)
        return len(points) > 0
    else:
        raise MaskError(f"the mask is a LabelMe file with a {kind} of {len(points)} points, which cannot be drawn")
    return False


def _add_picture(hole: np.ndarray, encoded: object, corners: np.ndarray) -> None:
    """Mark a shape of the type "mask", a PNG file in base64 whose upper left and lower right corner are given."""
    corner, most = corners[0], 4 * int(np.prod(np.abs(corners[1] - corners[0]) + 50))  # not much more is decoded
    try:
        data = base64.b64decode(encoded if isinstance(encoded, str) else "", validate=True)
        picture = open_photo(data, what="mask of a shape", max_pixels=min(hole.size, most))
    except (binascii.Error, PhotoError) as error:
        raise MaskError(f"the mask is a LabelMe file with a mask that cannot be read ({error})") from None
    values = np.asarray(picture.convert("L")) > 0
    left, top = corner.round().astype(int).tolist()
    first_row, first_column = max(0, -top), max(0, -left)
    window = hole[max(0, top) : max(0, top + values.shape[0]), max(0, left) : max(0, left + values.shape[1])]
    window |= values[first_row : first_row + window.shape[0], first_column : first_column + window.shape[1]]
