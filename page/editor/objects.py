"""What strokes cover: the object below them and its shadow, as masks for the browser."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaint.engine.regions import Part, bounding_part
from page.editor.patches import base64_text
from page.editor.strokes import Stroke, draw_strokes
from page.objects.looking import look_below


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
    return {
        name: None if part is None else _encoded(part) for name, part in look_below(photo, stroke)._asdict().items()
    }


def _encoded(part: Part) -> dict:
    Image.fromarray(np.ascontiguousarray(part.hole)).save(file := io.BytesIO(), "PNG", transparency=0)
    return {"left": part.box.left, "top": part.box.top, "png": base64_text(file.getvalue())}
