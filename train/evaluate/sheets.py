"""The picture sheet of an evaluation: photos with the fills of the methods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from train.sheets import picture_sheet

CELL = (208, 156)
"""Width and height in pixels of the box that a picture is scaled into."""


class SheetRow(NamedTuple):
    """One photo with one mask.

    Attributes:
        label: text to the left of the row.
        ground_truth: RGB uint8 (H, W, 3).
        mask: bool (H, W), True = hole.
        fills: method name -> RGB uint8 (H, W, 3). A method that did not run is left out.
    """

    label: str
    ground_truth: np.ndarray
    mask: np.ndarray
    fills: dict[str, np.ndarray]


def comparison_sheet(
    rows: Sequence[SheetRow], methods: Sequence[str], cell: tuple[int, int] | None = CELL
) -> Image.Image:
    """Draw one row per photo and mask; the columns are the ground truth, the masked photo and the methods.

    Args:
        rows: at least one.
        methods: the columns after the first two, in order.
        cell: as in `picture_sheet`.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("a sheet of 0 rows was requested; evaluate at least one photo")
    pictures = []
    for row in rows:
        masked = np.where(row.mask[:, :, None], np.uint8(255), row.ground_truth)
        pictures.append([row.ground_truth, masked, *(row.fills.get(name) for name in methods)])
    labels = [row.label for row in rows]
    return picture_sheet(pictures, headings=["ground truth", "masked", *methods], labels=labels, cell=cell)
