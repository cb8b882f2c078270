"""python -m train.paper --data DATA: train the variants of the paper at one budget, write a table and a figure.

The variants differ in loss (L2, adversarial, joint), bottleneck (fully connected, channel-wise, convolutional) or kind
of hole (central square, random blocks, random region). Each is tested on held-out pictures beside classical methods and
the bundled weights. Run the same command again after Ctrl-C: finished models are kept, the interrupted one resumes.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from inpaint.benchmark.baselines import BASELINES
from inpaint.os_errors import sentence_of
from train.config import TrainConfig
from train.data.datasets import load_silhouettes
from train.data.names import display_name
from train.data.retry import StreamError
from train.evaluate.methods import load_baseline, our_method
from train.evaluate.results import OURS, score_as_json, write_scores
from train.evaluate.scores import available_distances
from train.evaluate.sheets import SheetRow
from train.generator.run import train_generator
from train.run.checkpoint import CheckpointError
from train.run.optimize import NonFiniteError
from train.run.progress import read_losses

from .findings import findings
from .plan import base_config, is_finished, parse, plan
from .report import Comparison, report
from .scores import Candidate, PaperScore, held_out_pictures, network_candidate, score_pictures
from .sheets import paper_sheet
from .variants import Variant

BUNDLED = "free-form (bundled)"


def compare(options: argparse.Namespace) -> tuple[str, Path, Path]:
    """Train what is not trained yet, test all methods, write table and figure.

    Returns:
        The report, and the paths of table and figure.

    Raises:
        ValueError: a setting or a dataset cannot be used.
        WeightsError: weights cannot be loaded.
        StreamError: a dataset cannot be read.
        CheckpointError: a run's folder holds a run with other settings.
        NonFiniteError: a loss became non-finite.
    """
    runs = plan(options)
    _train_unfinished(runs)
    models = [network_candidate(variant.title, Path(config.folder) / "weights") for variant, config in runs]
    extra = {_run_title(run): run for run in options.also}
    models += [network_candidate(name, _weights(run)) for name, run in extra.items()]
    baselines = [load_baseline(baseline) for baseline in BASELINES]
    bundled = our_method(None)._replace(name=BUNDLED)
    base, data = base_config(options), display_name(options.data)
    scores, rows = _test(options, base, [*map(Candidate, baselines), *models, Candidate(bundled)])
    length = f"{options.epochs} epochs" if options.epochs else f"{base.images:,} images"
    comparison = Comparison(
        titles={variant.name: variant.title for variant, _ in runs},
        extra_runs=list(extra),
        bundled=BUNDLED,
        baselines={method.name: method.reason for method in baselines},
        slow_baselines=[method.name for method in baselines if method.slow],
        budget=f"{length} of {data} ({options.split}), batches of {options.batch_size}",
        test=f"{len(rows)} pictures of {data} ({options.held_out}) at 128x128, seed {options.seed}",
    )
    table, picture = options.table or options.runs / "paper.md", options.figure or options.runs / "paper.png"
    text = report(scores, comparison, findings(scores, comparison))
    for path in (table, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(text, encoding="utf-8")
    paper_sheet(rows[: options.shown], comparison).save(picture)
    for name, run in extra.items():
        _write_results(Path(run), name, scores)
    return text, table, picture


def _train_unfinished(runs: Sequence[tuple[Variant, TrainConfig]]) -> None:
    for number, (variant, config) in enumerate(runs, 1):
        finished = is_finished(config)
        state = "already trained" if finished else "training"
        print(f"[{number}/{len(runs)}] {variant.title}, {state}: {config.folder}", file=sys.stderr, flush=True)
        if not finished:
            train_generator(config)


def _test(
    options: argparse.Namespace, config: TrainConfig, candidates: Sequence[Candidate]
) -> tuple[list[PaperScore], list[list[SheetRow]]]:
    pictures = held_out_pictures(config.data, options.held_out, options.photos, options.seed)
    silhouettes = load_silhouettes(options.shapes) if options.shapes else None
    scores, rows = [], []
    tested = score_pictures(pictures, candidates, seed=options.seed, silhouettes=silhouettes,
                            slow_pictures=options.slow_photos, distances=available_distances())  # fmt: skip
    for picture_scores, picture_rows in tested:
        scores += picture_scores
        rows.append(picture_rows)
        print(f"\rtested on {len(rows)} of {options.photos} pictures", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not rows:
        raise ValueError(
            f"{options.data} (split {options.held_out}) has no readable pictures: name another split with --held-out"
        )
    return scores, rows


def _weights(run: str) -> str | Path:
    """Return the weights folder of a run; anything else is a folder of weights or a Hub repository itself."""
    folder = Path(run) / "weights"
    return folder if folder.is_dir() else run


def _run_title(run: str) -> str:
    losses = Path(run) / "losses.jsonl"
    lines = read_losses(losses) if losses.exists() else []
    return f"{Path(run).name}, {int(lines[-1]['images_seen']):,} images" if lines else display_name(run)


def _write_results(run_dir: Path, name: str, scores: Sequence[PaperScore]) -> None:
    """Write the scores of a run and of the methods beside it to its results.json, which its model card is made from."""
    if not (run_dir / "weights").is_dir():
        return
    others = {*(baseline.name for baseline in BASELINES), BUNDLED}
    rows = [
        score_as_json(score) | {"method": OURS if score.method == name else score.method}
        for score in scores
        if score.coverage == "central" and (score.method == name or score.method in others)
    ]
    write_scores(run_dir / "results.json", rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the return value is the exit code: 0 done, 1 an error with a message, 130 interrupted."""
    options = parse(arguments, __doc__)
    try:
        text, table, picture = compare(options)
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command to resume.", file=sys.stderr)
        return 130
    except (ValueError, StreamError, CheckpointError, NonFiniteError, OSError, ModuleNotFoundError) as error:
        print(f"python -m train.paper: {sentence_of(error)}\nRun the same command to resume.", file=sys.stderr)
        return 1
    print(f"{text}\nThe table is in {table}, the figure in {picture}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
