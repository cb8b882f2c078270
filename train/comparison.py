"""What an evaluation shows: tables of mean scores in Markdown, and a picture sheet with the methods side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TILE = (208, 156)  # width and height in pixels of the box that a picture is fitted into
GAP = 6
SIDE = 92  # width of the row labels
INK, FAINT, HOLE = "#1d2733", "#8a94a0", (255, 255, 255)


COLUMNS = (  # heading, field of Score, digits, whether high is good (None: neither)
    ("mPSNR dB", "psnr", 2, True),
    ("SSIM", "ssim", 3, True),
    ("L1 %", "l1", 2, False),
    ("ELP", "elp", 3, False),
    ("s/photo", "seconds", 2, None),
)


class Score(NamedTuple):
    """What one method reached on one photo with one mask.

    Attributes:
        method: its name.
        coverage: name of the kind of hole.
        photo: number of the photo, from 0.
        psnr: over the hole, in dB; inf for a perfect fill.
        ssim: over the hole.
        l1: mean absolute error over the hole in percent of the range.
        l2: mean squared error over the hole in percent of the range squared.
        elp: perceptual distance; nan if not measured.
        seconds: wall time of the fill.
    """

    method: str
    coverage: str
    photo: int
    psnr: float
    ssim: float
    l1: float
    l2: float
    elp: float
    seconds: float


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
        tile: width and height in pixels of the box that each picture is fitted into.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("a sheet of 0 rows was asked for: evaluate at least one photo")
    columns = ["truth", "masked", *methods]
    head_px = 30
    width = SIDE + len(columns) * (tile[0] + GAP) + GAP
    sheet = Image.new("RGB", (width, head_px + len(rows) * (tile[1] + GAP) + GAP), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for column, name in enumerate(columns):
        centre = SIDE + column * (tile[0] + GAP) + tile[0] / 2
        draw.text((centre, head_px / 2), name, fill=INK, font=font, anchor="mm")
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


def report(scores: Sequence[Score], methods: Mapping[str, str], slow: Sequence[str], titles: Mapping[str, str]) -> str:
    """All tables of an evaluation as Markdown: fast methods on all photos, then every method on the slow ones' subset.

    Args:
        scores: of every method, coverage and photo.
        methods: method name -> why it could not run, or "" if it ran.
        slow: names of those that ran on the first photos only.
        titles: name of a coverage -> its heading.
    """
    photos = {score.photo for score in scores}
    subset = {score.photo for score in scores if score.method in slow}
    fast = {name: reason for name, reason in methods.items() if name not in slow}
    blocks = [(f"All methods on {_photos(photos)}", methods, photos)]
    if subset != photos:
        blocks = [(f"Fast methods on {_photos(photos)}", fast, photos)]
        blocks += [(f"All methods on the first {_photos(subset)} of these", methods, subset)] if subset else []
    lines = []
    for title, shown, chosen in blocks:
        lines.append(f"## {title}\n")
        for coverage, heading in titles.items():
            counted = [score for score in scores if score.photo in chosen and score.coverage == coverage]
            lines.append(f"### {heading}\n\n{table(counted, shown)}\n")
    return "\n".join(lines)


def table(scores: Sequence[Score], methods: Mapping[str, str]) -> str:
    """One row per method with its means over photos; the best of a column is bold.

    Args:
        scores: of one coverage.
        methods: method name -> why it could not run, or ""; the row of one that could not run says so.
    """
    means = {name: _means([score for score in scores if score.method == name]) for name in methods}
    best = {}
    for _, field, digits, high in COLUMNS:
        values = [round(mean[field], digits) for mean in means.values() if mean and not math.isnan(mean[field])]
        if high is not None and values:
            best[field] = max(values) if high else min(values)
    lines = ["| method | " + " | ".join(heading for heading, *_ in COLUMNS) + " |", "|---|" + "--:|" * len(COLUMNS)]
    for name, reason in methods.items():
        if mean := means[name]:
            cells = [_cell(mean[field], digits, best.get(field)) for _, field, digits, _ in COLUMNS]
        else:
            cells = [f"not run: {reason}", *[""] * (len(COLUMNS) - 1)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _photos(numbers: set[int]) -> str:
    return f"{len(numbers)} photo" + "s" * (len(numbers) != 1)


def _means(scores: Sequence[Score]) -> dict[str, float]:
    """Mean of each field shown in a table; empty without scores."""
    return {field: float(np.mean([getattr(s, field) for s in scores])) for _, field, *_ in COLUMNS} if scores else {}


def _cell(value: float, digits: int, best: float | None) -> str:
    if math.isnan(value):
        return "-"
    return f"**{value:.{digits}f}**" if round(value, digits) == best else f"{value:.{digits}f}"
