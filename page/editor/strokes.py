"""Strokes of any shape as changes of a session's mask: one by one, or several as one change."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from inpaint import Patch
from inpaint.engine.brush import stroke_to_mask
from inpaint.engine.polygon import polygon_to_mask
from inpaint.engine.regions import Box, Part, dilate, union
from inpaint.session import Session

Stroke = dict[str, Any]
"""A stroke as `check_strokes` returns it."""


def area_of(stroke: Stroke, size: tuple[int, int]) -> Part:
    """Return what a stroke paints or erases, inside a photo of this size; erasing ignores the dilation."""
    grow_px = 0 if stroke["erase"] else stroke["grow_px"]
    if stroke["shape"] == "line":
        return Part(*stroke_to_mask(stroke["points"], stroke["brush"], size, grow_px))
    if stroke["shape"] == "area":
        return Part(*polygon_to_mask(stroke["points"], size, grow_px))
    left, top, area = stroke["left"], stroke["top"], stroke["area"]
    margin, photo = math.ceil(grow_px), Box(0, 0, *size)
    whole = Box(left, top, left + area.shape[1], top + area.shape[0])
    box = whole.intersection(photo.expanded(margin))  # what lies farther outside is not dilated into the photo
    inside = box.expanded(margin).intersection(photo)
    if min(box.width, box.height, inside.width, inside.height) <= 0:
        return Part(Box(0, 0, 0, 0), np.zeros((0, 0), bool))
    area, grown = area[box.relative_to(left, top).slices], box.expanded(margin)
    hole = dilate(np.pad(area, margin), grow_px)
    return Part(inside, hole[inside.relative_to(grown.left, grown.top).slices])


def draw_strokes(strokes: Sequence[Stroke], size: tuple[int, int]) -> tuple[Part, np.ndarray]:
    """Return what strokes paint together, one after the other, and what they erase.

    Returns:
        What they paint, in the bounding box of all of them, and bool of the same shape for what they erase. Erasing
        takes back what earlier strokes have painted.
    """
    box, painted, erased = Box(0, 0, 0, 0), np.zeros((0, 0), bool), np.zeros((0, 0), bool)
    for stroke in strokes:  # one by one: each may be as large as the photo
        area = area_of(stroke, size)
        if not area.hole.any():
            continue
        before, box = box, union([box, area.box]) if painted.size else area.box
        painted, erased = _enlarged(painted, before, box), _enlarged(erased, before, box)
        window = area.box.relative_to(box.left, box.top).slices
        painted[window] = painted[window] & ~area.hole if stroke["erase"] else painted[window] | area.hole
        erased[window] = erased[window] | area.hole if stroke["erase"] else erased[window] & ~area.hole
    return Part(box, painted), erased


def _enlarged(hole: np.ndarray, box: Box, around: Box) -> np.ndarray:
    """Return bool of the shape of a box that encloses another one, in which `hole` lies."""
    if box == around:
        return hole
    enlarged = np.zeros((around.height, around.width), bool)
    if hole.size:
        enlarged[box.relative_to(around.left, around.top).slices] = hole
    return enlarged


def paint_together(session: Session, strokes: Sequence[Stroke]) -> list[Patch]:
    """Paint strokes as one change, which is filled and undone as a whole; return the patches with its drafts."""
    (box, painted), erased = draw_strokes(strokes, session.photo.size)
    return session.replace_mask(box, session.mask_in(box) & ~erased | painted, finish=False)


def paint(session: Session, stroke: Stroke) -> list[Patch]:
    """Paint one stroke; return the patches with its draft."""
    if stroke["shape"] != "line":
        return paint_together(session, [stroke])
    points, brush, erase, grow_px = (stroke[key] for key in ("points", "brush", "erase", "grow_px"))
    return session.stroke(points, brush, erase, grow_px=grow_px, finish=False)
