"""What a stroke, a box or a point means in a photo: an object and its shadow."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.engine.regions import Box, Part, bounding_part
from page.objects import outline, shadow
from page.objects.pointing import object_at


class Seen(NamedTuple):
    """What was found.

    Attributes:
        object: None if no object can be told from the background.
        shadow: the one that touches the object, or what was looked at where no object was found; None: there is none.
    """

    object: Part | None
    shadow: Part | None

    @property
    def parts(self) -> list[Part]:
        """The object and its shadow, as far as they were found."""
        return [part for part in self if part is not None]


def look_below(photo: Image.Image, stroke: Part) -> Seen:
    """Return the object that a stroke covers loosely, and its shadow.

    Args:
        photo: in any mode.
        stroke: inside the photo, not empty. A box is one too: `whole(box)`.
    """
    crop = outline.crop_around(photo, stroke, outline.MARGIN)
    found = outline.find_object(crop)
    covered = stroke if found is None else crop.enlarged(found)
    return Seen(None if found is None else _trimmed(covered), _shadow_of(photo, covered))


def look_at_point(photo: Image.Image, x: float, y: float) -> Seen:
    """Return the object at a point of a photo in any mode, and its shadow; neither, if no object stands out there."""
    found = object_at(photo, x, y)
    if found is None:
        return Seen(None, None)
    return Seen(_trimmed(found), _shadow_of(photo, found))


def whole(box: Box) -> Part:
    """Return all of a box as a part of a mask."""
    return Part(box, np.ones((box.height, box.width), bool))


def _shadow_of(photo: Image.Image, covered: Part) -> Part | None:
    ground = outline.crop_around(photo, covered, shadow.MARGIN)
    dark = shadow.find_shadow(ground, ground.painted)
    return None if dark is None else _trimmed(ground.enlarged(dark))


def _trimmed(part: Part) -> Part | None:
    return bounding_part(part.box.left, part.box.top, part.hole)
