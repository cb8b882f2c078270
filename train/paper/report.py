"""The text report of the comparison: tables of mean scores in Markdown, and the findings."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from inpaint.markdown import markdown_table
from train.evaluate.report import score_cell, score_rows
from train.evaluate.results import Metric

from .scores import PaperScore
from .variants import HOLE_KINDS

COLUMNS = (
    Metric("l1", "L1", "%", 2, "lower"),
    Metric("l2", "L2", "%", 2, "lower"),
    Metric("psnr", "PSNR", "dB", 2, "higher"),
    Metric("elp", "ELP", "", 3, "lower"),
    Metric("sharpness", "sharpness", "", 2, None),
)
PUBLISHED = {
    "nearest neighbour, published (Paris StreetView)": ("15.10", "4.30", "14.70", "", ""),
    "joint, published (Paris StreetView)": ("9.37", "1.96", "18.58", "", ""),
}
"""Rows of Pathak et al. 2016, Table 1."""
HOLE_TITLES = {"central": "central square", "blocks": "random blocks", "region": "random region"}


class Means(NamedTuple):
    """Means over pictures; `sharpness` is the mean gradient of the fills divided by that of the ground truth."""

    l1: float
    l2: float
    psnr: float
    elp: float
    sharpness: float
    photos: int


class Comparison(NamedTuple):
    """What was compared. Names are those in the scores.

    Attributes:
        titles: variant -> its name, in the order of the table.
        extra_runs: names of further runs.
        bundled: name of the bundled weights.
        baselines: name of a classical method -> why it could not run; empty if it ran.
        slow_baselines: names of the classical methods that ran on the first pictures only.
        budget: what each variant was trained on, as text.
        test: what was tested on, as text.
    """

    titles: Mapping[str, str]
    extra_runs: Sequence[str]
    bundled: str
    baselines: Mapping[str, str]
    slow_baselines: Sequence[str]
    budget: str
    test: str


def means(scores: Iterable[PaperScore]) -> dict[str, dict[str, Means]]:
    """Return mean scores as {kind of hole: {method: means}}."""
    grouped: dict[str, dict[str, list[PaperScore]]] = {hole: {} for hole in HOLE_KINDS}
    for score in scores:
        grouped[score.coverage].setdefault(score.method, []).append(score)
    return {hole: {name: _mean(rows) for name, rows in methods.items()} for hole, methods in grouped.items()}


def _mean(rows: Sequence[PaperScore]) -> Means:
    l1, l2, psnr, elp = (float(np.mean([getattr(row, field) for row in rows])) for field in ("l1", "l2", "psnr", "elp"))
    truth = sum(row.true_gradient for row in rows)
    return Means(l1, l2, psnr, elp, sum(row.gradient for row in rows) / truth if truth else math.nan, len(rows))


def report(scores: Sequence[PaperScore], comparison: Comparison, findings: Sequence[str]) -> str:
    """Return the whole comparison as Markdown.

    Args:
        scores: of every method, kind of hole and picture.
        comparison: what was compared.
        findings: sentences for the last section.
    """
    by_hole, titles = means(scores), comparison.titles
    intro = f"Tested on {comparison.test}."
    if titles:
        intro = (
            f"Every variant of the Context Encoder was trained on {comparison.budget}, and tested on {comparison.test}."
        )
    parts = [
        "# The ideas of the paper, side by side",
        f"{intro} Percentages are of the full range of a pixel. Sharpness is the mean gradient of the fill divided by"
        " that of the ground truth: below 1 the fill is blurred, above 1 it is noisy.",
        *_central_tables(scores, comparison),
    ]
    if trained := [titles[hole] for hole in HOLE_KINDS if hole in titles]:
        extra = [name for name in comparison.extra_runs if all(name in by_hole[hole] for hole in HOLE_KINDS)]
        parts.append(_cross_table(by_hole, [*trained, *extra, comparison.bundled]))
    parts.append("## Findings\n\n" + "\n".join(f"- {line}" for line in findings))
    return "\n\n".join(parts) + "\n"


def _central_tables(scores: Sequence[PaperScore], comparison: Comparison) -> list[str]:
    """Return the table of central holes, and one with the slow methods on the pictures that they ran on."""
    central, titles, slow = means(scores)["central"], comparison.titles, comparison.slow_baselines
    fast = [name for name in comparison.baselines if name not in slow]
    trained = [title for title in titles.values() if title in central]
    names = [*fast, *trained, *comparison.extra_runs, comparison.bundled]
    parts = [f"## Central hole\n\n{_table(central, names, comparison, with_published=True)}"]
    if any(name in central for name in slow):
        first = {score.photo for score in scores if score.method in slow}
        subset = means(score for score in scores if score.photo in first)["central"]
        names = [*fast, *slow, *(titles[key] for key in ("l2", "joint") if key in titles), *comparison.extra_runs]
        table = _table(subset, names, comparison, with_published=False)
        parts.append(f"With the slow methods, on the first {len(first)} of these pictures:\n\n{table}")
    elif missing := {name: comparison.baselines[name] for name in slow if comparison.baselines[name]}:
        parts.append("\n".join(f"{name} was not run: {reason}." for name, reason in missing.items()))
    return parts


def _table(found: Mapping[str, Means], names: Sequence[str], comparison: Comparison, *, with_published: bool) -> str:
    values = {name: mean._asdict() for name, mean in found.items()}
    rows = score_rows(values, {name: comparison.baselines.get(name, "") for name in names}, COLUMNS)
    rows += [[name, *cells] for name, cells in PUBLISHED.items() if with_published]
    return markdown_table(["method", *(column.heading for column in COLUMNS)], rows, "l" + "r" * len(COLUMNS))


def _cross_table(by_hole: Mapping[str, Mapping[str, Means]], names: Sequence[str]) -> str:
    """Return the table of models that were trained on one kind of hole and tested on all; best PSNR in bold."""
    best = {
        hole: max((by_hole[hole][name].psnr for name in names if name in by_hole[hole]), default=0)
        for hole in HOLE_KINDS
    }
    rows = []
    for name in names:
        cells = []
        for hole in HOLE_KINDS:
            mean = by_hole[hole].get(name)
            psnr = "" if mean is None else score_cell(mean.psnr, 2, round(best[hole], 2))
            cells.append("" if mean is None else f"{psnr} / {mean.l1:.2f} / {score_cell(mean.elp, 3)}")
        rows.append([name, *cells])
    headings = ["", *(f"tested on: {HOLE_TITLES[hole]}" for hole in HOLE_KINDS)]
    return (
        "## Trained on one kind of hole, tested on all three\n\n"
        "Joint loss; the network predicts the whole picture. PSNR in dB / L1 in % / ELP.\n\n"
        + markdown_table(headings, rows, "l" + "r" * len(HOLE_KINDS))
    )
