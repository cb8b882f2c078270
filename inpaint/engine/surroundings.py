"""What surrounds a hole: one plain colour, or skin."""

import numpy as np
from PIL import Image

from inpaint.morphology.squares import dilate

RING_PX = 8
PLAIN_LEVELS = 1
"""Surroundings whose colours differ by no more levels than this are plain."""

SKIN_SHARE = 0.75
"""Share of skin-coloured pixels from which on surroundings count as skin."""

_SKIN_CB, _SKIN_CR = (77, 127), (140, 173)


def places_around(hole: np.ndarray, usable: np.ndarray, box: tuple[slice, slice]) -> np.ndarray:
    """Return rows and columns of the known pixels within RING_PX of a hole, across, down and diagonally: int (n, 2).

    Args:
        hole: bool (H, W).
        usable: bool (H, W), the known pixels.
        box: rows and columns of the bounding box of the hole.
    """
    rows, columns = (slice(max(span.start - RING_PX, 0), span.stop + RING_PX) for span in box)
    near = dilate(hole[rows, columns], RING_PX) & usable[rows, columns]
    return np.argwhere(near) + np.array([rows.start, columns.start])


def plain_colour(colours: np.ndarray) -> np.ndarray | None:
    """Return the colour of plain surroundings, uint8 (3,); None if they are not plain.

    Args:
        colours: uint8 (n, 3).
    """
    if not len(colours):
        return None
    some = colours[:: len(colours) // 64 + 1]  # which tells at once in most cases
    if (np.ptp(some, axis=0) > PLAIN_LEVELS).any() or (np.ptp(colours, axis=0) > PLAIN_LEVELS).any():
        return None
    return np.rint(colours.mean(axis=0)).astype(np.uint8)


def shows_skin(colours: np.ndarray) -> bool:
    """Return whether most of the colours around a hole are those of skin, light or dark.

    Args:
        colours: RGB uint8 (n, 3).

    Reference:
        Chai and Ngan 1999, Face Segmentation Using Skin-Color Map in Videophone Applications, IEEE TCSVT 9(4),
        Eq. 1: Cb from 77 to 127, Cr from 133 to 173. Here Cr begins at 140, which leaves out most sand and stone.
    """
    if not len(colours):
        return False
    _, cb, cr = np.moveaxis(np.asarray(Image.fromarray(colours[None]).convert("YCbCr"))[0], -1, 0)
    skin = (cb >= _SKIN_CB[0]) & (cb <= _SKIN_CB[1]) & (cr >= _SKIN_CR[0]) & (cr <= _SKIN_CR[1])
    return bool(skin.mean() >= SKIN_SHARE)
