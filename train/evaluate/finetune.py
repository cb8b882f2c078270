"""python -m train.evaluate.finetune RUN_DIR: compare the weights of a run with those that it started from.

Both fill the same holes in the same photos, as `Inpainter` does it: held-out photos of the run's own kind, and photos
of other kinds. The table is written to comparison.md in the run's folder, the figures to comparison.json, and the fills
side by side to comparison.png. With `--network-only` the networks' own fills are compared, and only printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from inpaint.atomic_write import atomic_write
from inpaint.hub.files import WEIGHTS_FILE
from inpaint.inpainter import Inpainter
from inpaint.markdown import markdown_table
from inpaint.os_errors import sentence_of
from train.data.held_out import find_held_out, other_photos
from train.data.retry import StreamError
from train.data_config import DataConfig

from .methods import Method, inpainter_method, without_synthesis
from .results import METRICS, Score, mean_scores, score_as_json, write_scores
from .scores import available_distances, evaluate
from .sheets import SheetRow, comparison_sheet

JSON_FILE, TABLE_FILE, SHEET_FILE = "comparison.json", "comparison.md", "comparison.png"
OLD, NEW = "start", "trained"
OWN, OTHER = "own", "other"
COUNT = 24
"""Largest number of photos of each group: with 8, weights seemed 1.6 % worse on other photos, with 24 0.6 %."""
SHEET_PHOTOS = 2
TITLES = {OWN: "your own kind", OTHER: "other photos"}
DECIDING = ("elp", "elp2")


class Group(NamedTuple):
    """Photos of one kind.

    Attributes:
        title: what they are, as text.
        photos: RGB uint8 (H, W, 3) each.
    """

    title: str
    photos: Sequence[np.ndarray]


def compare(
    old: Method, new: Method, groups: Mapping[str, Group], count: int = COUNT
) -> tuple[dict[str, Any], list[SheetRow]]:
    """Measure two methods on groups of photos.

    Args:
        old: named OLD.
        new: named NEW.
        groups: OWN, and OTHER where there are such photos.
        count: largest number of photos of each group.

    Returns:
        The figures as JSON holds them, see `summary`, and the rows of the picture sheet.
    """
    distances, figures, rows = available_distances(), {}, []
    for name, group in groups.items():
        scores: list[Score] = []
        photos = group.photos[:count]
        for photo_scores, photo_rows in evaluate(photos, [old, new], distances=distances, sheet_images=SHEET_PHOTOS):
            scores += photo_scores
            rows += photo_rows
        plain = [score_as_json(score) for score in scores]
        means = mean_scores([*plain, *({**row, "coverage": "all"} for row in plain)])
        figures[name] = {"title": group.title, "photos": len(photos), "holes": means}
    return figures, rows


def summary(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return figures with the verdict.

    Returns:
        {"groups": figures, "score": mean ratio of ELP and ELP2 to those of the start on the own kind, or of L1 where
        they were not measured, "other_score": the same on other photos or None, "better": whether the score is below
        1}.
    """
    score = _ratio(figures[OWN]["holes"]["all"])
    other = _ratio(figures[OTHER]["holes"]["all"]) if OTHER in figures else None
    return {"version": 1, "groups": dict(figures), "score": score, "other_score": other, "better": score < 1}


def _ratio(means: Mapping[str, Mapping[str, float]]) -> float:
    old, new = means[OLD], means[NEW]
    fields = [field for field in DECIDING if field in new and old.get(field)] or ["l1"]
    return fmean(new[field] / old[field] for field in fields)


def table(comparison: Mapping[str, Any]) -> str:
    """Return a comparison as Markdown: a table for each group of photos, and a sentence with the verdict."""
    parts = [_verdict(comparison)]
    for name, group in comparison["groups"].items():
        rows = []
        for coverage, means in group["holes"].items():
            for metric in METRICS:
                old, new = (means[method].get(metric.field) for method in (OLD, NEW))
                if old is not None and new is not None and (coverage == "all" or metric.field in DECIDING):
                    change = f"{new / old - 1:+.1%}" if old else ""
                    cells = [f"{value:.{metric.digits + 1}f}" for value in (old, new)]
                    rows.append([coverage, metric.explained_heading, *cells, change])
        title = f"{TITLES[name].capitalize()}: {group['title']}"
        parts.append(f"{title}\n\n{markdown_table(['Holes', 'Metric', 'Start', 'Trained', 'Change'], rows, 'llrrr')}")
    return "\n\n".join(parts)


def _verdict(comparison: Mapping[str, Any]) -> str:
    score, other = comparison["score"], comparison["other_score"]
    word = "better" if score < 1 else "worse"
    text = f"On photos of your own kind the trained weights are {abs(1 - score):.1%} {word} than those at the start"
    if other is not None:
        text += f", on other photos {abs(1 - other):.1%} {'better' if other < 1 else 'worse'}"
    return f"{text} (mean change of ELP and ELP2)."


def compare_run(
    run_dir: Path,
    requested: str | None = None,
    other: str | None = None,
    *,
    network_only: bool = False,
    count: int = COUNT,
) -> dict[str, Any] | None:
    """Compare the weights of a run with those that it started from, and write table, figures and sheet to its folder.

    Args:
        run_dir: the run, whose config.json names its dataset and what it started from.
        requested: held-out photos, as in `find_held_out`; None: those of the run.
        other: photos of other kinds, as in `other_photos`; None: those of the run.
        network_only: compare fills without synthesis, and write nothing.
        count: largest number of photos of each group.

    Returns:
        The figures with the verdict; None if the run started from random weights, or has no held-out photos.

    Raises:
        ValueError: weights or photos cannot be loaded.
        StreamError: the Hub cannot be reached.
    """
    config = json.loads((run_dir / "config.json").read_text())
    start = config.get("init_from")
    if start is None:
        return None
    data = data_of(config)
    held_out = find_held_out(data, requested or config.get("held_out"))
    if held_out is None:
        return None
    groups = {OWN: Group(held_out.name, held_out.photos)}
    mixed = tuple((config.get("data") or {}).get("mixed") or ())
    if photos := other_photos(other or config.get("other_photos"), mixed, free_only=data.free_only):
        groups[OTHER] = Group(f"{len(photos)} photos of other kinds", photos)
    old, new = Inpainter.from_pretrained(start), Inpainter.from_pretrained(str(run_dir / "weights"))
    if network_only:
        old, new = without_synthesis(old), without_synthesis(new)
    figures, rows = compare(inpainter_method(OLD, old), inpainter_method(NEW, new), groups, count)
    comparison = {**summary(figures), "start": start, "weights": weights_digest(run_dir / "weights")}
    if network_only:
        return comparison
    write_scores(run_dir / JSON_FILE, comparison)
    with atomic_write(run_dir / TABLE_FILE) as file:
        file.write(f"{table(comparison)}\n".encode())
    with atomic_write(run_dir / SHEET_FILE) as file:
        comparison_sheet(rows, [OLD, NEW]).save(file, "PNG")
    return comparison


def weights_digest(folder: Path) -> str:
    """Return the SHA-256 of the weights in a folder."""
    return hashlib.sha256((folder / WEIGHTS_FILE).read_bytes()).hexdigest()


def data_of(config: Mapping[str, Any]) -> DataConfig:
    """Return what a run trained on, from its config as plain values."""
    data = config.get("data") or config  # the settings of a damage network's run are not nested
    return DataConfig(
        dataset=tuple(data.get("dataset") or ()),
        split=data.get("split", "train"),
        revision=data.get("revision"),
        column=data.get("column"),
        free_only=bool(data.get("free_only")),  # else other pictures would be held out than those of the run
    )


def read_comparison(run_dir: Path) -> dict[str, Any] | None:
    """Return the comparison of a run with its current weights; None if there is none."""
    try:
        found = json.loads((run_dir / JSON_FILE).read_text())
        return found if found["weights"] == weights_digest(run_dir / "weights") else None
    except (OSError, ValueError, LookupError):
        return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0 compared and within the limits, 1 not, 2 an error."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate.finetune", description=__doc__)
    parser.add_argument("run_dir", type=Path, help="a run that started from other weights")
    parser.add_argument("--held-out", help="photos of the own kind: DATASET[@SPLIT]; default: those of the run")
    parser.add_argument("--other-photos", help="photos of other kinds: DATASET[@SPLIT]; default: those of the run")
    parser.add_argument("--gain", type=float, help="fail unless ELP and ELP2 are at least this many percent better")
    parser.add_argument("--loss", type=float, help="fail if other photos are more than this many percent worse")
    parser.add_argument("--network-only", action="store_true", help="compare the networks without the synthesis")
    parser.add_argument("--count", type=int, default=COUNT, help="largest number of photos of each kind (%(default)s)")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("--count must be at least 1")
    try:
        comparison = compare_run(
            options.run_dir,
            options.held_out,
            options.other_photos,
            network_only=options.network_only,
            count=options.count,
        )
    except (ValueError, StreamError, OSError) as error:
        print(f"python -m train.evaluate.finetune: {sentence_of(error)}", file=sys.stderr)
        return 2
    if comparison is None:
        print("The run started from random weights, or has no held-out photos.", file=sys.stderr)
        return 2
    print(table(comparison))
    missed = list(missed_limits(comparison, options.gain, options.loss))
    print("\n".join(missed), file=sys.stderr)
    return 1 if missed else 0


def missed_limits(comparison: Mapping[str, Any], gain: float | None, loss: float | None) -> Iterator[str]:
    """Yield a sentence for each distance that has not improved by `gain` percent, or is worse by more than `loss`."""
    limits: tuple[tuple[str, float | None, Callable[[float], float]], ...] = (
        (OWN, gain, lambda value: 1 - value / 100),
        (OTHER, loss, lambda value: 1 + value / 100),
    )
    for name, limit, ratio in limits:
        group = comparison["groups"].get(name)
        if limit is None or group is None:
            continue
        means = group["holes"]["all"]
        for field in DECIDING:
            if field in means[NEW] and means[NEW][field] > ratio(limit) * means[OLD][field]:
                change = means[NEW][field] / means[OLD][field] - 1
                yield f"{field.upper()} on {TITLES[name]}: {change:+.1%}; the limit is {ratio(limit) - 1:+.1%}."


if __name__ == "__main__":
    sys.exit(main())
