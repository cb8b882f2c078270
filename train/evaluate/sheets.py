"""The picture sheet of an evaluation: photos with their methods side by side."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TILE = (208, 156)  # width and height in pixels of the box that a picture is fitted into


GAP = 6


SIDE = 92  # width of the row labels


INK, FAINT, HOLE = "#1d2733", "#8a94a0", (255, 255, 255)


class SheetRow(NamedTuple):
    """One photo with one mask.

    Attributes:
        label: stands left of the row.
        truth: uint8 (H, W, 3).
        mask: bool (H, W), True = hole.
        fills: method name -> uint8 (H, W, 3); a method that did not run is left out.
    """

    label: str
    truth: np.ndarray
    mask: np.ndarray
    fills: dict[str, np.ndarray]


def comparison_sheet(rows: list[SheetRow], methods: list[str], tile: tuple[int, int] = TILE) -> Image.Image:
    """One row per photo and mask, one column for the truth, the masked photo and each method.

    Args:
        rows: at least one.
        methods: the columns behind the first two, in order.
        tile: width and height in pixels of the box that a picture is fitted into.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("a sheet of 0 rows was asked for: evaluate at least one photo")
    columns = ["truth", "masked", *methods]
    heads = [textwrap.fill(name, tile[0] // 8) for name in columns]
    head_px = 12 + 18 * max(head.count("\n") + 1 for head in heads)
    width = SIDE + len(columns) * (tile[0] + GAP) + GAP
    sheet = Image.new("RGB", (width, head_px + len(rows) * (tile[1] + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for column, head in enumerate(heads):
        centre = SIDE + column * (tile[0] + GAP) + tile[0] / 2
        draw.text((centre, head_px / 2), head, fill=INK, font=font, anchor="mm", align="center")
    for number, row in enumerate(rows):
        top = head_px + number * (tile[1] + GAP)
        draw.text((SIDE - 10, top + tile[1] / 2), row.label, fill=INK, font=font, anchor="rm", align="right")
        masked = np.where(row.mask[:, :, None], np.array(HOLE, dtype=np.uint8), row.truth)
        pictures = {"truth": row.truth, "masked": masked, **row.fills}
        for column, name in enumerate(columns):
            left = SIDE + column * (tile[0] + GAP)
            if name in pictures:
                _paste_fitted(sheet, pictures[name], left, top, tile)
            else:
                middle = (left + tile[0] / 2, top + tile[1] / 2)
                draw.text(middle, "not run", fill=FAINT, font=font, anchor="mm")
    return sheet


def _paste_fitted(sheet: Image.Image, pixels: np.ndarray, left: int, top: int, tile: tuple[int, int]) -> None:
    """The picture as large as the box allows, in its middle, with a thin frame so that white holes have an edge."""
    picture = Image.fromarray(pixels)
    scale = min(tile[0] / picture.width, tile[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    place = (left + (tile[0] - size[0]) // 2, top + (tile[1] - size[1]) // 2)
    sheet.paste(picture, place)
    frame = (place[0] - 1, place[1] - 1, place[0] + size[0], place[1] + size[1])
    ImageDraw.Draw(sheet).rectangle(frame, outline="#c8ced6")
