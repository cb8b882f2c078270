"""What an evaluation shows: tables of mean scores in Markdown, and a picture sheet with the methods side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from inpaint.markdown import markdown_table

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
    rows = []
    for name, reason in methods.items():
        if mean := means[name]:
            cells = [_cell(mean[field], digits, best.get(field)) for _, field, digits, _ in COLUMNS]
        else:
            cells = [f"not run: {reason}", *[""] * (len(COLUMNS) - 1)]
        rows.append([name, *cells])
    return markdown_table(["method", *(heading for heading, *_ in COLUMNS)], rows, "l" + "r" * len(COLUMNS))


def _photos(numbers: set[int]) -> str:
    return f"{len(numbers)} photo" + "s" * (len(numbers) != 1)


def _means(scores: Sequence[Score]) -> dict[str, float]:
    """Mean of each field shown in a table; empty without scores."""
    return {field: float(np.mean([getattr(s, field) for s in scores])) for _, field, *_ in COLUMNS} if scores else {}


def _cell(value: float, digits: int, best: float | None) -> str:
    if math.isnan(value):
        return "-"
    return f"**{value:.{digits}f}**" if round(value, digits) == best else f"{value:.{digits}f}"
