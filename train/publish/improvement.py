"""New weights compared with the published ones, on the same held-out photos with the same holes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from train.data.held_out import HeldOut, find_held_out, find_split
from train.evaluate.finetune import data_of
from train.evaluate.methods import Method, inpainter_method, our_method
from train.evaluate.results import METRICS, OURS, Metric, Score, mean_scores, score_as_json, write_scores
from train.evaluate.scores import available_distances, evaluate
from train.evaluate.source import photo_source

from .card import COMPARISON_FILE

SEED = 0
PREVIOUS = "previous weights"


class Improvement(NamedTuple):
    """Metrics of new and previous weights.

    Attributes:
        photos: which photos, as text.
        new: mean of each metric over all photos and holes, by `Metric.field`.
        old: the same for the previous weights; None if there are none.
        metrics: the metrics, in the order of a table.
        deciding: fields of metrics; the first one that was measured decides which weights are better.
        regions: where in the photos they were measured, as text.
    """

    photos: str
    new: Mapping[str, float]
    old: Mapping[str, float] | None
    metrics: Sequence[Metric] = METRICS
    deciding: Sequence[str] = ("elp", "psnr")
    regions: str = "the holes (scratches, strokes and large holes)"

    @property
    def deciding_metric(self) -> Metric:
        """The metric that decides: ELP, or PSNR where ELP was not measured; F1 for damage networks."""
        field = next(field for field in self.deciding if field in self.new)
        return next(metric for metric in self.metrics if metric.field == field)

    @property
    def better(self) -> bool:
        """Whether the deciding metric of the new weights is better; True without previous weights."""
        if self.old is None:
            return True
        metric = self.deciding_metric
        return metric.rank(self.new[metric.field]) < metric.rank(self.old[metric.field])

    def headline(self) -> str:
        """Return the deciding metric, new and previous, for the first line of a commit."""
        field, name, _, digits, _ = self.deciding_metric
        was = f", was {self.old[field]:.{digits}f}" if self.old else ""
        return f"{name} {self.new[field]:.{digits}f}{was}"

    def table(self) -> str:
        """Return all metrics as a Markdown table, after a sentence about how they were measured."""
        rows = []
        for metric in self.metrics:
            if metric.field in self.new:
                values = [f"{m[metric.field]:.{metric.digits}f}" if m and metric.field in m else ""
                          for m in (self.new, self.old)]  # fmt: skip
                rows.append([metric.explained_heading, *values])
        both = "the same photos and holes for both weights" if self.old else "there are no previous weights"
        text = f"Means over {self.regions} in {self.photos}; {both}."
        return f"{text}\n\n{markdown_table(['Metric', 'New', 'Previous'], rows, 'lrr')}"


def held_out_of_run(config: Mapping[str, Any], requested: str | None) -> HeldOut | None:
    """Return held-out photos for a run.

    Args:
        config: of the run, as plain values.
        requested: a dataset, with @SPLIT if it is not its validation split; None: the validation or test split of the
            run's first dataset, or the pictures that the run has held out.

    Returns:
        None if nothing was requested and there are no such photos.

    Raises:
        ValueError: the requested photos cannot be read.
        StreamError: the Hub cannot be reached.
    """
    data, requested = data_of(config), requested or config.get("held_out")
    if config.get("evaluations"):
        return find_held_out(data, requested)
    return find_split(data, requested)


def compare_weights(run_dir: Path, folder: Path, previous: str | None, held_out: HeldOut) -> Improvement:
    """Measure new and previous weights, and write every single score to the run's held-out.json.

    Args:
        run_dir: of the new weights.
        folder: has the new weights.
        previous: REPO_ID@REVISION or a folder of the previous weights; None if there are none.
        held_out: the photos.

    Raises:
        ValueError: weights cannot be loaded.
    """
    methods: list[Method] = [our_method(str(folder))]
    if previous is not None:
        methods.append(inpainter_method(PREVIOUS, Inpainter.from_pretrained(previous)))
    scores: list[Score] = []
    for photo_scores, _ in evaluate(held_out.photos, methods, seed=SEED, distances=available_distances()):
        scores += photo_scores
    source = photo_source(*held_out.split) if held_out.split else {}
    rows = [{**score_as_json(score), **source} for score in scores]
    write_scores(run_dir / COMPARISON_FILE, rows)
    means = mean_scores({**row, "coverage": "all"} for row in rows)["all"]
    return Improvement(held_out.name, means[OURS], means.get(PREVIOUS))
