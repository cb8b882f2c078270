"""Picture sheets: pictures in a grid with headings, row labels and captions."""

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Picture = Image.Image | np.ndarray
"""A PIL image, or RGB uint8 (H, W, 3)."""
INK, FAINT, FRAME = "#1d2733", "#6b7785", "#c8ced6"
FONT_PX, SMALL_FONT_PX, TITLE_FONT_PX = 15, 12, 19
LABEL_PX = 92
"""Minimum width of the column of row labels."""


def picture_sheet(
    rows: Sequence[Sequence[Picture | None]],
    *,
    headings: Sequence[str] = (),
    labels: Sequence[str] = (),
    captions: Sequence[Sequence[str]] = (),
    cell: tuple[int, int] | None = None,
    gap_px: int = 6,
    frame: bool = True,
    missing: str = "not run",
) -> Image.Image:
    """Arrange pictures in a grid on a white background.

    Args:
        rows: the pictures of each row, from left to right. Each is scaled to fit its cell, with its aspect ratio kept;
            None leaves the cell without a picture.
        headings: above the columns, wrapped to their width. Empty: no line of headings.
        labels: left of the rows; may have several lines. Empty: no column of labels.
        captions: a line below each picture, shaped like `rows`. Empty: no captions.
        cell: width and height of a cell in pixels. None: those of the largest picture, so nothing is scaled down.
        gap_px: white between cells and around them.
        frame: draw a thin line around each picture, so that white areas have an edge.
        missing: text of a cell without a picture.

    Returns:
        RGB picture. Without headings, labels and captions, the picture in row r and column c has its top left corner
        at ((gap_px + cell width) c + gap_px, (gap_px + cell height) r + gap_px).

    Raises:
        ValueError: there are no pictures.
    """
    pictures = [[None if item is None else _image(item) for item in row] for row in rows]
    present = [picture for row in pictures for picture in row if picture]
    if not present:
        raise ValueError("a sheet of 0 pictures was requested; it needs at least one")
    width, height = cell or (max(p.width for p in present), max(p.height for p in present))
    font, small = ImageFont.load_default(FONT_PX), ImageFont.load_default(SMALL_FONT_PX)
    heads = [textwrap.fill(text, max(4, width // 8)) for text in headings]
    head_px = 12 + 18 * max(text.count("\n") + 1 for text in heads) if heads else gap_px
    label_px = max(LABEL_PX, *(_text_width(text, font) + 20 for text in labels)) if labels else gap_px
    step_x, step_y = width + gap_px, height + gap_px + (18 if captions else 0)
    columns = max(map(len, pictures))
    sheet = Image.new("RGB", (label_px + columns * step_x, head_px + len(pictures) * step_y), "white")
    draw = ImageDraw.Draw(sheet)
    for column, text in enumerate(heads):
        centre = (label_px + column * step_x + width / 2, head_px / 2)
        draw.text(centre, text, fill=INK, font=font, anchor="mm", align="center")
    for number, row in enumerate(pictures):
        top = head_px + number * step_y
        if labels:
            draw.text((label_px - 10, top + height / 2), labels[number], INK, font, anchor="rm", align="right")
        for column, picture in enumerate(row):
            left = label_px + column * step_x
            if picture:
                _paste_fitted(sheet, picture, (left, top), (width, height), frame)
            else:
                draw.text((left + width / 2, top + height / 2), missing, FAINT, font, anchor="mm")
            if captions:
                draw.text((left + width / 2, top + height + 4), captions[number][column], FAINT, small, anchor="mt")
    return sheet


def stack_sheets(sheets: Sequence[Image.Image], titles: Sequence[str]) -> Image.Image:
    """Put sheets below one another, each under its title.

    Args:
        sheets: from top to bottom, aligned at the left edge.
        titles: one per sheet.
    """
    title_px = 34
    width, height = max(sheet.width for sheet in sheets), sum(sheet.height + title_px for sheet in sheets)
    stacked = Image.new("RGB", (width, height), "white")
    draw, top = ImageDraw.Draw(stacked), 0
    for title, sheet in zip(titles, sheets, strict=True):
        draw.text((6, top + title_px / 2), title, INK, ImageFont.load_default(TITLE_FONT_PX), anchor="lm")
        stacked.paste(sheet, (0, top + title_px))
        top += title_px + sheet.height
    return stacked


def _image(picture: Picture) -> Image.Image:
    return Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture.convert("RGB")


def _text_width(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> int:
    return int(max(font.getlength(line) for line in text.split("\n")))


def _paste_fitted(
    sheet: Image.Image, picture: Image.Image, corner: tuple[int, int], cell: tuple[int, int], frame: bool
) -> None:
    """Paste a picture into the middle of its cell, as large as the cell allows."""
    scale = min(cell[0] / picture.width, cell[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    place = (corner[0] + (cell[0] - size[0]) // 2, corner[1] + (cell[1] - size[1]) // 2)
    sheet.paste(picture.resize(size, Image.Resampling.LANCZOS), place)
    if frame:
        outline = (place[0] - 1, place[1] - 1, place[0] + size[0], place[1] + size[1])
        ImageDraw.Draw(sheet).rectangle(outline, outline=FRAME)
