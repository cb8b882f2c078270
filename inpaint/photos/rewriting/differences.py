"""Comparing an upright photo with the picture in its file, strip by strip, in the orientation of the file."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.photos.orientation import TURNED_BACK


class Change(NamedTuple):
    """Rows of a stored picture in which pixels differ from the photo.

    Attributes:
        top: the first row.
        rows: how many there are.
        packed: `numpy.packbits` of bool (rows, width), True = changed.
    """

    top: int
    rows: int
    packed: np.ndarray

    def mask(self, width: int) -> np.ndarray:
        """Return the changed pixels: bool (rows, width)."""
        return np.unpackbits(self.packed, axis=1, count=width).astype(bool)


def stored_rows(photo: Image.Image, orientation: int, top: int, bottom: int) -> Image.Image:
    """Return rows of a photo as they lie in its file.

    Args:
        photo: upright.
        orientation: EXIF orientation of the file, 1 to 8.
        top: first row of the stored picture.
        bottom: the row after the last one, of the stored picture.
    """
    is_turned = orientation >= 5
    height = photo.width if is_turned else photo.height
    if orientation in (3, 4, 6, 7):  # the rows lie in reversed order in the photo
        top, bottom = height - bottom, height - top
    box = (top, 0, bottom, photo.height) if is_turned else (0, top, photo.width, bottom)
    part = photo.crop(box)
    return part.transpose(TURNED_BACK[orientation]) if orientation in TURNED_BACK else part


def changes(photo: Image.Image, orientation: int, stored: Image.Image, rows: int) -> Iterator[Change]:
    """Yield the strips in which a photo differs from the picture in its file, in few bytes each.

    Args:
        photo: upright.
        orientation: EXIF orientation of the file, 1 to 8.
        stored: the picture in the file, in the photo's mode.
        rows: height of a strip.
    """
    for top in range(0, stored.height, rows):
        bottom = min(top + rows, stored.height)
        now = stored_rows(photo, orientation, top, bottom)
        before = stored.crop((0, top, stored.width, bottom))
        if now.tobytes() == before.tobytes():
            continue
        differs = (np.asarray(now) != np.asarray(before)).reshape(bottom - top, stored.width, -1)
        changed = np.logical_or.reduce([differs[..., channel] for channel in range(differs.shape[2])])
        yield Change(top, bottom - top, np.packbits(changed, axis=1))
