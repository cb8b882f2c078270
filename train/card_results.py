"""Scores of weights as a model card tells them: means, tables, and entries of the card's metadata."""

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


def result_entry(coverage: str, means: Mapping[str, float]) -> dict[str, Any]:
    """What the metadata's `model-index` says of one kind of hole."""
    dataset = f"{means['photos']} held-out photos, {COVERAGES.get(coverage, coverage)}"
    return {
        "task": {"type": "image-to-image", "name": "Image inpainting"},
        "dataset": {"type": f"held-out-{coverage}", "name": dataset},
        "metrics": [
            {
                "type": field,
                "name": f"{heading.partition(' (')[0]}, over the hole",
                "value": round(means[field], digits),
            }
            for field, heading, digits in METRICS
            if field in means
        ],
    }


def results_tables(scores: list[Mapping[str, Any]]) -> str:
    """A table for each kind of hole; slow methods in one of their own, beside the others on the same few photos."""
    tables = []
    for coverage, methods in summary(scores).items():
        photos = max(int(means["photos"]) for means in methods.values())
        everywhere = {method: means for method, means in methods.items() if means["photos"] == photos}
        tables.append(f"Held-out photos ({photos}), {COVERAGES.get(coverage, coverage)}:\n\n{_table(everywhere)}")
        if len(everywhere) < len(methods):
            rows = [row for row in scores if row["coverage"] == coverage]
            seen = [{row["photo"] for row in rows if row["method"] == method} for method in methods]
            common = set.intersection(*seen)
            few = summary(row for row in rows if row["photo"] in common)[coverage]
            tables.append(f"The same with the slow methods, on {len(common)} of these photos:\n\n{_table(few)}")
    return "\n\n".join(tables)


def _table(methods: Mapping[str, Mapping[str, float]]) -> str:
    head = ["Method", *(heading for _, heading, _ in METRICS)]
    rows = [head, ["---"] * len(head)]
    for method, means in sorted(methods.items(), key=lambda pair: pair[0] != OURS):
        name = "**these weights**" if method == OURS else method
        rows.append([name, *(f"{means[field]:.{digits}f}" if field in means else "" for field, _, digits in METRICS)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
