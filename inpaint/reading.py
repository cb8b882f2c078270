"""What a crop of a photo shows while its holes are being filled, and all fills as patches of the photo."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from .fills import PackedFill
from .image import reflect_indices
from .modes import Patch
from .regions import Box, cover


class Seen(NamedTuple):
    """A crop: uint8 (h, w, 3), and bool (h, w) twice: what is hole, and what of it not even a guess is there for."""

    pixels: np.ndarray
    hole: np.ndarray
    blank: np.ndarray


def read_crop(box: Box, pixels: np.ndarray, mask: np.ndarray, guess: list[PackedFill], known: list[PackedFill]) -> Seen:
    """A crop of the photo and the mask with earlier fills drawn in; mirrored where it sticks out of the photo."""
    inside = box.cut(Box(0, 0, mask.shape[1], mask.shape[0]))
    seen = Seen(pixels[inside.slices].copy(), mask[inside.slices].copy(), mask[inside.slices].copy())
    for fill in guess:
        fill.draw(seen.pixels, inside, seen.blank)
    for fill in known:
        fill.draw(seen.pixels, inside, seen.hole)
    np.logical_and(seen.blank, seen.hole, out=seen.blank)
    if inside == box:
        return seen
    rows = reflect_indices(box.top - inside.top, box.bottom - inside.top, inside.height)
    columns = reflect_indices(box.left - inside.left, box.right - inside.left, inside.width)
    return Seen(*(array[rows[:, None], columns] for array in seen))


def gathered(fills: list[PackedFill], hole: np.ndarray) -> Iterator[Patch]:
    """Disjoint patches that hold all fills; a fill's own box may have pixels in it that another one fills."""
    for box in cover(hole):
        pixels = np.zeros((box.height, box.width, 3), np.uint8)
        for fill in fills:
            fill.draw(pixels, box)
        yield Patch(box.left, box.top, pixels)
