"""The objects that a program names by a box around them or a point on them: their mask, and what was found in words."""

import numpy as np
from PIL import Image

from inpaint.engine.regions import Part, joined
from page.objects.looking import Seen, look_at_point, look_below, whole
from page.server.regions import RegionError, Unit, boxes_in_photo, points_in_photo, regions_to_mask

MAX_OBJECTS = 20
"""Of a call. Each takes up to a second."""


def objects_to_mask(
    photo: Image.Image, *, boxes: object = None, points: object = None, unit: Unit = "pixels", with_shadow: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the mask of the objects in boxes and at points, and a sentence about each.

    Where no object stands out, a box is marked as a whole, and a point with a disc around it.

    Args:
        photo: in any mode.
        boxes: as for `regions_to_mask`.
        points: as for `regions_to_mask`.
        unit: as for `regions_to_mask`.
        with_shadow: also mark a darker part of the ground that touches an object.

    Returns:
        bool (H, W), True = hole, and the sentences.

    Raises:
        RegionError: as for `regions_to_mask`, or there are more than MAX_OBJECTS.
    """
    areas, places = boxes_in_photo(boxes, photo.size, unit), points_in_photo(points, photo.size, unit)
    if len(areas) + len(places) > MAX_OBJECTS:
        raise RegionError(
            f"there are {len(areas) + len(places)} boxes and points, and at most {MAX_OBJECTS} objects are looked for "
            "in a call: give fewer, or fit=false, which takes up to 100 of each as they are"
        )
    mask, notes = np.zeros(photo.size[::-1], bool), []
    for index, area in enumerate(areas):
        seen = look_below(photo, whole(area))
        if seen.object is None:
            mask[area.slices] = True
            notes.append(f"boxes[{index}]: no object stands out in it, so that all of the box is marked")
        else:
            notes.append(_marked(mask, seen, f"boxes[{index}]", with_shadow))
    for index, (x, y) in enumerate(places):
        seen = look_at_point(photo, x, y)
        if seen.object is None:
            mask |= regions_to_mask(photo.size, points=[[x, y]])
            notes.append(f"points[{index}]: no object stands out there, so that a disc is marked; a box may do better")
        else:
            notes.append(_marked(mask, seen, f"points[{index}]", with_shadow))
    return mask, tuple(notes)


def _marked(mask: np.ndarray, seen: Seen, name: str, with_shadow: bool) -> str:
    """Mark an object, in place, and return what there is to say about it."""
    part = joined(seen.parts if with_shadow else seen.parts[:1])
    mask[part.box.slices] |= part.hole
    shadow = ""
    if seen.shadow is not None:
        shadow = ", with its shadow" if with_shadow else f"; it may have a shadow, {_where(seen.shadow)}: shadow=true"
    return f"{name}: an object of {int(part.hole.sum())} pixels, {_where(part)}{shadow}"


def _where(part: Part) -> str:
    return f"within [{', '.join(map(str, part.box))}]"
