"""Mean scores per kind of hole and method, as they are published."""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import Any

OURS = "ours"


METRICS = (  # field of a score, heading, digits
    ("psnr", "PSNR, dB (higher is better)", 2),
    ("ssim", "SSIM (higher is better)", 3),
    ("l1", "L1, % (lower is better)", 2),
    ("elp", "ELP (lower is better)", 3),
)


COVERAGES = {
    "central": "128x128, the central square of half the side is the hole",
    "scratches": "scratches, 2 to 5 % of the picture",
    "strokes": "strokes, 10 to 25 %",
    "large": "large holes, 30 to 45 %",
}


def summary(scores: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean scores as {coverage: {method: {metric: mean}}} of the list that `train.evaluate --json` writes."""
    grouped: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for score in scores:
        grouped.setdefault(str(score["coverage"]), {}).setdefault(str(score["method"]), []).append(score)
    return {
        coverage: {method: {**_means(rows), "photos": len(rows)} for method, rows in methods.items()}
        for coverage, methods in grouped.items()
    }


def _means(rows: list[Mapping[str, Any]]) -> dict[str, float]:
    values = {field: [row[field] for row in rows if row.get(field) is not None] for field, _, _ in METRICS}
    return {field: fmean(known) for field, known in values.items() if known}
