"""Scores of an evaluation: one per method, photo and mask, and their means as they are published."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any, Literal, NamedTuple

from inpaint.atomic_write import atomic_write
from train.masks.families import LARGE_COVERAGE, SCRATCHES_COVERAGE, STROKES_COVERAGE

OURS = "ours"
"""Name of the evaluated weights among the methods."""


class Metric(NamedTuple):
    """A column of a table of scores.

    Attributes:
        field: name of the value in `Score` and in its JSON form.
        name: of the metric.
        unit: empty if it has none.
        digits: decimals shown.
        better: which values are better; None if none are.
    """

    field: str
    name: str
    unit: str
    digits: int
    better: Literal["higher", "lower", "closer to 1"] | None

    @property
    def heading(self) -> str:
        """Name and unit, such as "PSNR dB"."""
        return f"{self.name} {self.unit}".strip()

    @property
    def explained_heading(self) -> str:
        """Name, unit and direction, such as "PSNR, dB (higher is better)"."""
        name = f"{self.name}, {self.unit}" if self.unit else self.name
        return f"{name} ({self.better} is better)"

    def rank(self, value: float) -> float:
        """Return a number that is lower for a better value; nan if no value is better than another."""
        match self.better:
            case "higher":
                return -value
            case "lower":
                return value
            case "closer to 1":
                return abs(value - 1)
        return math.nan


METRICS = (
    Metric("psnr", "PSNR", "dB", 2, "higher"),
    Metric("ssim", "SSIM", "", 3, "higher"),
    Metric("l1", "L1", "%", 2, "lower"),
    Metric("elp", "ELP", "", 3, "lower"),
    Metric("elp2", "ELP2", "", 3, "lower"),
    Metric("detail", "detail", "", 2, "closer to 1"),
    Metric("seam", "seam", "", 2, "closer to 1"),
)
"""Published metrics, each measured over the hole."""


def _percent(coverage: tuple[float, float]) -> str:
    return f"{100 * coverage[0]:.0f} to {100 * coverage[1]:.0f} %"


COVERAGE_TITLES = {
    "central": "128x128, the central square of half the side is the hole",
    "scratches": f"scratches, {_percent(SCRATCHES_COVERAGE)} of the picture",
    "strokes": f"strokes, {_percent(STROKES_COVERAGE)}",
    "large": f"large holes, {_percent(LARGE_COVERAGE)}",
}
"""Kind of hole -> its title in reports and model cards."""


class Score(NamedTuple):
    """The metrics of one method on one photo with one mask.

    Attributes:
        method: its name.
        coverage: kind of hole, a key of `COVERAGE_TITLES`.
        photo: number of the photo, from 0.
        psnr: over the hole, in dB; inf for a perfect fill.
        ssim: over the hole.
        l1: mean absolute error over the hole in percent of the range.
        l2: mean squared error over the hole in percent of the squared range.
        elp: perceptual distance by EfficientNet-Lite0; nan if not measured.
        elp2: perceptual distance by EfficientNet-Lite2; nan if not measured.
        detail: gradient magnitude relative to the surroundings; nan where it is not defined.
        seam: step across the edge of the hole relative to the surroundings; nan where it is not defined.
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
    elp2: float
    detail: float
    seam: float
    seconds: float


def score_as_json(score: NamedTuple) -> dict[str, str | int | float | None]:
    """Return the fields of a named tuple, such as `Score`, as JSON can hold them: null for inf and nan."""
    values = score._asdict()
    return {name: None if isinstance(v, float) and not math.isfinite(v) else v for name, v in values.items()}


def write_scores(path: Path, scores: object) -> None:
    """Write scores, as `score_as_json` returns them, to a JSON file; its folder is made.

    Raises:
        ValueError: a number is not finite.
        OSError: the file cannot be written.
    """
    text = json.dumps(scores, indent=1, allow_nan=False) + "\n"
    with atomic_write(path) as file:
        file.write(text.encode())


def mean_scores(scores: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return mean scores per kind of hole and method.

    Args:
        scores: rows as `python -m train.evaluate --json` writes them.

    Returns:
        {coverage: {method: {field: mean}}}; "photos" is the number of rows. Values that are null do not count, and a
        field without other values is left out.
    """
    grouped: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for score in scores:
        grouped.setdefault(str(score["coverage"]), {}).setdefault(str(score["method"]), []).append(score)
    return {
        coverage: {method: {**_means(rows), "photos": len(rows)} for method, rows in methods.items()}
        for coverage, methods in grouped.items()
    }


def _means(rows: list[Mapping[str, Any]]) -> dict[str, float]:
    values = {
        metric.field: [row[metric.field] for row in rows if row.get(metric.field) is not None] for metric in METRICS
    }
    return {field: fmean(known) for field, known in values.items() if known}
