"""New weights beside those that are published, on the same held-out photos with the same holes."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from train.data.retry import StreamError
from train.evaluate.methods import Method, our_method
from train.evaluate.results import METRICS, OURS, Score, mean_scores, score_as_json
from train.evaluate.scores import elp_available, evaluate, read_photos

from .card import COMPARISON_FILE

PHOTOS, MAX_SIDE, SEED = 24, 512, 0
BEFORE = "the weights before"
OWN_SPLITS = ("validation", "test")


class HeldOut(NamedTuple):
    """Photos that no weights were trained on, and what to call them."""

    name: str
    photos: Sequence[np.ndarray]


class Improvement(NamedTuple):
    """How good the new weights are, and those before.

    Attributes:
        photos: which photos, as text.
        new: mean of each metric over all photos and holes, by its field in `card_results.METRICS`.
        old: the same of the weights before; None if there are none.
    """

    photos: str
    new: Mapping[str, float]
    old: Mapping[str, float] | None

    @property
    def better(self) -> bool:
        """Whether the fills look more like the truth: a lower ELP, or a higher PSNR where ELP was not measured."""
        if self.old is None:
            return True
        return self.new["elp"] < self.old["elp"] if "elp" in self.new else self.new["psnr"] > self.old["psnr"]

    def headline(self) -> str:
        """The metric that decides, new and old, for the first line of a commit."""
        field, name, digits = ("elp", "ELP", 3) if "elp" in self.new else ("psnr", "PSNR", 2)
        was = f", was {self.old[field]:.{digits}f}" if self.old else ""
        return f"{name} {self.new[field]:.{digits}f}{was}"

    def table(self) -> str:
        """All metrics, new and old, as a Markdown table with a line that says on what they were measured."""
        rows = []
        heading = {metric.field: metric.explained_heading for metric in METRICS}
        for field, _, _, digits, _ in METRICS:
            if field in self.new:
                old = f"{self.old[field]:.{digits}f}" if self.old and field in self.old else ""
                rows.append([heading[field], f"{self.new[field]:.{digits}f}", old])
        which = "the same photos and holes for both" if self.old else "there were none before"
        text = f"Over the hole, means over scratches, strokes and large holes in {self.photos}; {which}."
        return f"{text}\n\n{markdown_table(['Metric', 'Now', 'Before'], rows, 'lrr')}"


def find_held_out(config: Mapping[str, Any], wanted: str | None) -> HeldOut | None:
    """Held-out photos of a run.

    Args:
        config: the run's config as plain values.
        wanted: a dataset, with @SPLIT if it is not its validation split. None: the validation or test split of the
            run's first dataset.

    Returns:
        None if nothing was asked for and the dataset has no such split.

    Raises:
        ValueError: what was asked for cannot be read.
        StreamError: the Hub cannot be reached.
    """
    if wanted is not None:
        name, _, split = wanted.rpartition("@") if "@" in wanted else (wanted, "", OWN_SPLITS[0])
        return _read(name, split)
    data = config.get("data") or {}
    named = data.get("dataset")
    if not named or Path(named[0]).is_file():  # a file has no splits
        return None
    for split in OWN_SPLITS:
        if split != data.get("split"):
            try:
                return _read(named[0], split)
            except (ValueError, StreamError):
                continue
    return None


def _read(name: str, split: str) -> HeldOut:
    photos = list(read_photos(name, split, PHOTOS, MAX_SIDE))
    if not photos:
        raise ValueError(f"{name} (split {split}) holds no photos that can be read.")
    shown = Path(name).name if Path(name).exists() else name
    return HeldOut(f"{len(photos)} held-out photos of {shown} ({split})", photos)


def compare(run_dir: Path, folder: Path, before: str | None, held_out: HeldOut) -> Improvement:
    """Measures the new weights, and those before; every single score goes to the run's held-out.json.

    Args:
        run_dir: of the new weights.
        folder: holds the new weights.
        before: REPO_ID@REVISION or a folder of the weights before; None if there are none.
        held_out: the photos.

    Raises:
        ValueError: weights cannot be read.
    """
    methods = [our_method(str(folder))]
    if before is not None:
        inpainter = Inpainter.from_pretrained(before)
        methods.append(Method(BEFORE, lambda pixels, mask: np.array(inpainter(pixels, mask))))
    scores: list[Score] = []
    for measured, _ in evaluate(held_out.photos, methods, seed=SEED, with_elp=elp_available()):
        scores += measured
    rows = [score_as_json(score) for score in scores]
    (run_dir / COMPARISON_FILE).write_text(json.dumps(rows, indent=1, allow_nan=False) + "\n")
    means = mean_scores({**row, "coverage": "all"} for row in rows)["all"]
    return Improvement(held_out.name, means[OURS], means.get(BEFORE))
