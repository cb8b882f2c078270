"""The results of an evaluation in a model card: tables for readers, EvalResults for the Hub."""

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import EvalResult

from inpaint.markdown import markdown_table
from train.evaluate.results import COVERAGE_TITLES, METRICS, OURS, mean_scores

LOCAL = "held-out-"
"""Start of the type of a dataset that is not on the Hub."""
RECIPE = "recipe"
"""Argument of the dataset in a result that was measured by this project: newer ones replace it."""
NOT_MEASURED = "Not measured yet: run `python -m train.evaluate WEIGHTS --data PHOTOS --json RUN_DIR/results.json`."


def eval_results(scores: Sequence[Mapping[str, Any]]) -> list[EvalResult]:
    """Return our means per kind of hole and metric.

    Args:
        scores: rows as `python -m train.evaluate --json` writes them. Those on a dataset of the Hub name it.

    Returns:
        On a dataset of the Hub, one result with the metrics of all kinds of holes. On local photos, which have no id,
        a result for each kind.
    """
    results = []
    source = next((row for row in scores if row.get("dataset")), None)
    for coverage, methods in mean_scores(scores).items():
        means = methods.get(OURS, {})
        holes = COVERAGE_TITLES.get(coverage, coverage)
        for metric in METRICS:
            if metric.field in means:
                name = f"{metric.name}{f', {metric.unit}' if metric.unit else ''}, over the hole"
                local = {
                    "dataset_type": f"{LOCAL}{coverage}",
                    "dataset_name": f"{means['photos']} held-out photos, {holes}",
                    "metric_name": name,
                }
                results.append(
                    EvalResult(
                        task_type="image-to-image",
                        task_name="Image inpainting",
                        metric_type=metric.field,
                        metric_value=round(means[metric.field], metric.digits),
                        **(_on_hub(source, name, coverage, holes) if source else local),
                    )
                )
    return results


def _on_hub(source: Mapping[str, Any], name: str, coverage: str, holes: str) -> dict[str, Any]:
    """Return what a result says about the dataset, and about the holes in which a metric was measured."""
    return {
        "dataset_type": source["dataset"],
        "dataset_name": source["dataset"],
        "dataset_config": source.get("config"),
        "dataset_split": source.get("split"),
        "dataset_revision": source.get("revision"),
        "dataset_args": {RECIPE: "train.evaluate"},
        "metric_name": f"{name}: {holes}",
        "metric_config": coverage,
    }


def change_since_start(comparison: Mapping[str, Any] | None) -> str:
    """Return how the weights compare with those that the run started from, as a paragraph; empty if that is not known.

    Args:
        comparison: as `train.evaluate.finetune` writes it.
    """
    if not comparison:
        return ""
    parts = [f"{comparison['score'] - 1:+.1%} on held-out photos of the kind that they were trained on"]
    if (other := comparison.get("other_score")) is not None:
        parts.append(f"{other - 1:+.1%} on other photos")
    return (
        f"Change of ELP and ELP2 against the weights that the run started from: {', '.join(parts)} (mean; lower is"
        " better)."
    )


def results_tables(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return a table per kind of hole; slow methods get a second table, with all methods on the photos they ran on.

    Args:
        scores: rows as `python -m train.evaluate --json` writes them. Without rows the text says how to measure.
    """
    tables = []
    for coverage, methods in mean_scores(scores).items():
        photos = max(int(means["photos"]) for means in methods.values())
        fast = {method: means for method, means in methods.items() if means["photos"] == photos}
        tables.append(f"Held-out photos ({photos}), {COVERAGE_TITLES.get(coverage, coverage)}:\n\n{_table(fast)}")
        if len(fast) < len(methods):
            rows = [row for row in scores if row["coverage"] == coverage]
            seen = [{row["photo"] for row in rows if row["method"] == method} for method in methods]
            common = set.intersection(*seen)
            subset = mean_scores(row for row in rows if row["photo"] in common)[coverage]
            tables.append(f"With the slow methods, on {len(common)} of these photos:\n\n{_table(subset)}")
    return "\n\n".join(tables) or NOT_MEASURED


def _table(methods: Mapping[str, Mapping[str, float]]) -> str:
    # files of scores that were written before a metric existed give tables without its column
    metrics = [metric for metric in METRICS if any(metric.field in means for means in methods.values())]
    rows = []
    for method, means in sorted(methods.items(), key=lambda pair: pair[0] != OURS):
        name = "**these weights**" if method == OURS else method
        rows.append([name, *(f"{means[m.field]:.{m.digits}f}" if m.field in means else "" for m in metrics)])
    return markdown_table(["Method", *(metric.explained_heading for metric in metrics)], rows)
