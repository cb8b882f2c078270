"""The text report of an evaluation: mean scores as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from inpaint.markdown import markdown_table

from .results import COVERAGE_TITLES, METRICS, Metric, Score

COLUMNS = (*METRICS, Metric("seconds", "s/photo", "", 2, None))


def report(scores: Sequence[Score], methods: Mapping[str, str], slow: Sequence[str], coverages: Sequence[str]) -> str:
    """Return all tables of an evaluation: the fast methods on all photos, then every method on the slow ones' subset.

    Args:
        scores: of every method, kind of hole and photo.
        methods: method name -> why it could not run; empty if it ran.
        slow: names of the methods that ran on the first photos only.
        coverages: kinds of holes, one table each.
    """
    photos = {score.photo for score in scores}
    subset = {score.photo for score in scores if score.method in slow}
    fast = {name: reason for name, reason in methods.items() if name not in slow}
    blocks = [(f"All methods on {_count(photos)}", methods, photos)]
    if subset != photos:
        blocks = [(f"Fast methods on {_count(photos)}", fast, photos)]
        blocks += [(f"All methods on the first {_count(subset)} of these", methods, subset)] if subset else []
    lines = []
    for title, shown, chosen in blocks:
        lines.append(f"## {title}\n")
        for coverage in coverages:
            counted = [score for score in scores if score.photo in chosen and score.coverage == coverage]
            heading = COVERAGE_TITLES[coverage]
            lines.append(f"### {heading[0].upper()}{heading[1:]}\n\n{score_table(counted, shown)}\n")
    return "\n".join(lines)


def score_table(scores: Sequence[Score], methods: Mapping[str, str]) -> str:
    """Return a table with one row per method: its means over photos, the best value of a column in bold.

    Args:
        scores: of one kind of hole.
        methods: method name -> why it could not run; empty if it ran.
    """
    means = {name: column_means([score for score in scores if score.method == name]) for name in methods}
    rows = score_rows({name: mean for name, mean in means.items() if mean}, methods, COLUMNS)
    return markdown_table(["method", *(column.heading for column in COLUMNS)], rows, "l" + "r" * len(COLUMNS))


def score_rows(
    means: Mapping[str, Mapping[str, float]], methods: Mapping[str, str], columns: Sequence[Metric]
) -> list[list[str]]:
    """Return the rows of a table of scores.

    Args:
        means: method name -> {field: mean}. A nan is shown as "-".
        methods: the rows in order: method name -> why it has no means.
        columns: the metrics to show. The best value of a column is bold where the metric has a direction.
    """
    best: dict[str, float] = {}
    for column in columns:
        values = [round(means[name][column.field], column.digits) for name in methods if name in means]
        values = [value for value in values if not math.isnan(value)]
        if column.better and values:
            best[column.field] = min(values, key=column.rank)
    rows = []
    for name, reason in methods.items():
        cells = [f"not run: {reason}", *[""] * (len(columns) - 1)]
        if name in means:
            cells = [score_cell(means[name][c.field], c.digits, best.get(c.field)) for c in columns]
        rows.append([name, *cells])
    return rows


def score_cell(value: float, digits: int, best: float | None = None) -> str:
    """Return a value as text: "-" for nan, bold if it rounds to `best`."""
    if math.isnan(value):
        return "-"
    return f"**{value:.{digits}f}**" if round(value, digits) == best else f"{value:.{digits}f}"


def column_means(scores: Sequence[NamedTuple], columns: Sequence[Metric] = COLUMNS) -> dict[str, float]:
    """Return the mean of each column over the scores in which it is defined; empty without scores."""
    means = {}
    for column in columns if scores else ():
        values = [value for score in scores if not math.isnan(value := getattr(score, column.field))]
        means[column.field] = float(np.mean(values)) if values else math.nan
    return means


def _count(photos: set[int]) -> str:
    return f"{len(photos)} photo" + "s" * (len(photos) != 1)
