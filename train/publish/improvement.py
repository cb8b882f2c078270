"""New weights compared with the published ones, on the same held-out photos with the same holes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from train.data.retry import StreamError
from train.evaluate.methods import Method, inpainter_method, our_method
from train.evaluate.results import METRICS, OURS, Metric, Score, display_name, mean_scores, score_as_json, write_scores
from train.evaluate.scores import available_distances, evaluate, read_photos

from .card import COMPARISON_FILE

PHOTOS, MAX_SIDE, SEED = 24, 512, 0
PREVIOUS = "previous weights"
HELD_OUT_SPLITS = ("validation", "test")


class HeldOut(NamedTuple):
    """Photos that the weights were not trained on.

    Attributes:
        name: what they are, as text.
        photos: RGB uint8 (H, W, 3) each.
    """

    name: str
    photos: Sequence[np.ndarray]


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


def find_held_out(config: Mapping[str, Any], requested: str | None) -> HeldOut | None:
    """Return held-out photos for a run.

    Args:
        config: of the run, as plain values.
        requested: a dataset, with @SPLIT if it is not its validation split; None: the validation or test split of the
            run's first dataset.

    Returns:
        None if nothing was requested and the dataset has no such split.

    Raises:
        ValueError: the requested photos cannot be read.
        StreamError: the Hub cannot be reached.
    """
    if requested is not None:
        name, _, split = requested.rpartition("@") if "@" in requested else (requested, "", HELD_OUT_SPLITS[0])
        return _read(name, split)
    data = config.get("data") or config  # the settings of a damage network's run are not nested
    datasets = data.get("dataset")
    if not datasets or Path(datasets[0]).is_file():  # a file has no splits
        return None
    for split in HELD_OUT_SPLITS:
        if split != data.get("split"):
            try:
                return _read(datasets[0], split)
            except (ValueError, StreamError):
                continue
    return None


def _read(name: str, split: str) -> HeldOut:
    photos = list(read_photos(name, split, PHOTOS, MAX_SIDE))
    if not photos:
        raise ValueError(f"{name} (split {split}) has no readable photos")
    return HeldOut(f"{len(photos)} held-out photos of {display_name(name)} ({split})", photos)


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
    rows = [score_as_json(score) for score in scores]
    write_scores(run_dir / COMPARISON_FILE, rows)
    means = mean_scores({**row, "coverage": "all"} for row in rows)["all"]
    return Improvement(held_out.name, means[OURS], means.get(PREVIOUS))
