"""What strokes cover: the object below them and its shadow, as masks for the browser."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaint.engine.regions import Part, bounding_part
from page.editor import object_mask, shadow
from page.editor.patches import base64_text
from page.editor.strokes import Stroke, draw_strokes


def look_at(photo: Image.Image, strokes: Sequence[Stroke]) -> dict[str, dict | None]:
    """Return the object that strokes cover loosely, and the shadow that touches it.

    Args:
        photo: in any mode.
        strokes: as `check_strokes` returns them.

    Returns:
        {object, shadow}, each {left, top, png} in photo pixels, the PNG in base64 and transparent outside of the mask;
        None where there is none.
    """
    (box, hole), _ = draw_strokes(strokes, photo.size)
    stroke = bounding_part(box.left, box.top, hole)
    if stroke is None:
        return {"object": None, "shadow": None}
    crop = object_mask.crop_around(photo, stroke, object_mask.MARGIN)
    found = object_mask.find_object(crop)
    covered = stroke if found is None else crop.enlarged(found)
    ground = object_mask.crop_around(photo, covered, shadow.MARGIN)
    dark = shadow.find_shadow(ground, ground.painted)
    return {
        "object": None if found is None else _encoded(covered),
        "shadow": None if dark is None else _encoded(ground.enlarged(dark)),
    }


def _encoded(part: Part) -> dict | None:
    bounded = bounding_part(part.box.left, part.box.top, part.hole)
    if bounded is None:
        return None
    (left, top, *_), hole = bounded
    Image.fromarray(np.ascontiguousarray(hole)).save(file := io.BytesIO(), "PNG", transparency=0)
    return {"left": left, "top": top, "png": base64_text(file.getvalue())}
