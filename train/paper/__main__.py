"""python -m train.paper --data DATA: trains what the paper compares at one budget, and writes its table and figure.

Losses (L2, adversarial, joint), bottlenecks (fully connected, channel-wise, convolutional) and holes (central square,
random blocks, random region), each model tested on held-out pictures beside classical methods and the bundled weights.
Run the same command again after Ctrl-C: finished models are kept and the one in hand goes on.
"""

import argparse
import dataclasses
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from inpaint.benchmark.baselines import BASELINES
from inpaint.hub.weights import WeightsError
from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig
from train.data.datasets import load_silhouettes
from train.evaluate.methods import our_method, prepare
from train.evaluate.scores import elp_ready
from train.evaluate.sheets import SheetRow
from train.generator.trainer import train_generator
from train.presets import PRESETS
from train.run.checkpoint import CheckpointError, claim_run_dir
from train.run.device import pick_device
from train.run.optimize import NonFiniteError
from train.run.progress import read_losses

from .report import Setup, figure, report
from .scores import Candidate, PaperScore, held_out_pictures, network, score_pictures
from .variants import Variant, variants

IMAGES_ON_A_GPU, IMAGES_ON_A_CPU = 600_000, 12_000
FLAGSHIP = "free-form (bundled)"


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    preset = PRESETS["context-encoder"][1]
    parser = argparse.ArgumentParser(
        prog="python -m train.paper", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = parser.add_argument_group("data")
    data.add_argument("--data", default=preset.data.dataset[0], help="Hub id, folder or parquet file (%(default)s)")
    data.add_argument("--split", default="train", help="what is trained on (%(default)s)")
    data.add_argument("--held-out", default="validation", metavar="SPLIT", help="what is tested on (%(default)s)")
    data.add_argument("--shapes", help="a segmentation dataset for random regions; default: generated shapes")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--images",
        type=int,
        help=f"budget of each model (default: {IMAGES_ON_A_GPU:,} on a GPU, {IMAGES_ON_A_CPU:,} on a CPU)",
    )
    length.add_argument("--epochs", type=int, help="the same in epochs")
    runs = parser.add_argument_group("models")
    runs.add_argument("--variants", nargs="*", choices=list(variants()), default=list(variants()), metavar="NAME",
                      help="only these, or with no name none, of: " + ", ".join(variants()))  # fmt: skip
    runs.add_argument("--also", nargs="+", default=[], metavar="RUN", help="test these finished runs too")
    runs.add_argument("--channels", type=int, default=64, help="width of the first layer (%(default)s)")
    runs.add_argument("--units", type=int, default=4000, help="of the fully connected bottleneck (%(default)s)")
    runs.add_argument("--batch-size", type=int, default=preset.data.batch_size, help="pictures a step (%(default)s)")
    runs.add_argument("--learning-rate", type=float, default=preset.learning_rate,
                      help="of the generators; the release has 2e-3 (%(default)s)")  # fmt: skip
    runs.add_argument("--seed", type=int, default=0, help="of training and test (%(default)s)")
    runs.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (%(default)s)")
    runs.add_argument("--bf16", action="store_true", help="forward passes in bfloat16")
    output = parser.add_argument_group("test and output")
    output.add_argument("--photos", type=int, default=200, help="held-out pictures (%(default)s)")
    output.add_argument("--slow-photos", type=int, default=20, help="slow methods: the first so many (%(default)s)")
    output.add_argument("--shown", type=int, default=3, help="pictures in the figure (%(default)s)")
    output.add_argument("--runs", type=Path, default=Path("runs/paper"), help="folder of the models (%(default)s)")
    output.add_argument("--table", type=Path, help="Markdown file to write (default: RUNS/paper.md)")
    output.add_argument("--figure", type=Path, help="picture to write (default: RUNS/paper.png)")
    return parser.parse_args(arguments)


def base_config(options: argparse.Namespace) -> TrainConfig:
    """What the models that were asked for have in common.

    Raises:
        ValueError: a setting is impossible; the message says which.
    """
    preset = PRESETS["context-encoder"][1]
    masks = dataclasses.replace(preset.data.masks, shapes=options.shapes)
    data = dataclasses.replace(
        preset.data, dataset=(options.data,), split=options.split, batch_size=options.batch_size, masks=masks
    )
    images = options.images
    if images is None and options.epochs is None:
        images = IMAGES_ON_A_CPU if pick_device(options.device).type == "cpu" else IMAGES_ON_A_GPU
    return dataclasses.replace(
        preset,
        data=data,
        generator=ContextEncoderConfig(channels=options.channels, bottleneck_channels=options.units),
        images=images,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        discriminator_learning_rate=preset.learning_rate,
        seed=options.seed,
        device=options.device,
        bf16=options.bf16,
        sample_split=options.held_out,
    )


def plan(options: argparse.Namespace) -> list[tuple[Variant, TrainConfig]]:
    """The models that were asked for, each with its whole config.

    Raises:
        ValueError: a setting is impossible, or there is nothing to do; the message says which.
    """
    if not options.variants and not options.also:
        raise ValueError("Nothing is to be compared: name variants, or finished runs with --also.")
    base = base_config(options)
    chosen = [variant for name, variant in variants(base).items() if name in options.variants]
    folders = [str(options.runs / variant.name) for variant in chosen]
    return [(v, dataclasses.replace(v.config, run_dir=folder)) for v, folder in zip(chosen, folders, strict=True)]


def is_finished(config: TrainConfig) -> bool:
    """Whether a run has reached its length, without opening its checkpoint.

    Raises:
        CheckpointError: the folder holds a run with other settings.
    """
    run_dir = Path(config.folder)
    if not (run_dir / "losses.jsonl").exists() or not (run_dir / "weights" / "model.safetensors").exists():
        return False
    claim_run_dir(run_dir, config)
    last = read_losses(run_dir / "losses.jsonl")[-1]
    return last["images_seen"] >= (config.images or math.inf) or last["epoch"] >= (config.epochs or math.inf)


def compare(options: argparse.Namespace) -> tuple[str, Path, Path]:
    """Train what is not yet trained, test everything, write table and figure; returns the table and both paths."""
    runs = plan(options)
    for number, (variant, config) in enumerate(runs, 1):
        state = "is there" if is_finished(config) else "trains"
        print(f"[{number}/{len(runs)}] {variant.title} {state}: {config.folder}", file=sys.stderr, flush=True)
        if state == "trains":
            train_generator(config)
    models = [network(variant.title, Path(config.folder) / "weights") for variant, config in runs]
    longer = {_longer_name(run): run for run in options.also}
    models += [network(name, _weights(run)) for name, run in longer.items()]
    classical = [prepare(baseline) for baseline in BASELINES]
    flagship = our_method(None)._replace(name=FLAGSHIP)
    candidates = [*map(Candidate, classical), *models, Candidate(flagship)]
    base = base_config(options)
    scores, rows = _test(options, base, candidates)
    length = f"{options.epochs} epochs" if options.epochs else f"{base.images:,} images"
    setup = Setup(
        titles={variant.name: variant.title for variant, _ in runs},
        longer=list(longer),
        flagship=FLAGSHIP,
        classical={method.name: method.reason for method in classical},
        slow=[method.name for method in classical if method.slow],
        budget=f"{length} of {_named(options.data)} ({options.split}), {options.batch_size} at a time",
        test=f"{len(rows)} pictures of {_named(options.data)} ({options.held_out}) at 128x128, seed {options.seed}",
    )
    table, picture = options.table or options.runs / "paper.md", options.figure or options.runs / "paper.png"
    text = report(scores, setup)
    for path in (table, picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(text, encoding="utf-8")
    figure(rows[: options.shown], setup).save(picture)
    for name, run in longer.items():
        _leave_results(Path(run), name, scores)
    return text, table, picture


def _test(
    options: argparse.Namespace, config: TrainConfig, candidates: Sequence[Candidate]
) -> tuple[list[PaperScore], list[list[SheetRow]]]:
    pictures = held_out_pictures(config.data, options.held_out, options.photos, options.seed)
    shapes = load_silhouettes(options.shapes) if options.shapes else None
    scores, rows = [], []
    tested = score_pictures(pictures, candidates, seed=options.seed, shapes=shapes,
                            slow_pictures=options.slow_photos, with_elp=elp_ready())  # fmt: skip
    for picture_scores, picture_rows in tested:
        scores += picture_scores
        rows.append(picture_rows)
        print(f"\rtested on {len(rows)} of {options.photos} pictures", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if not rows:
        raise ValueError(f"{options.data} (split {options.held_out}) holds no pictures: name another with --held-out.")
    return scores, rows


def _weights(run: str) -> str | Path:
    """A run's weights; anything else is a folder of weights or a Hub repository itself."""
    folder = Path(run) / "weights"
    return folder if folder.is_dir() else run


def _longer_name(run: str) -> str:
    losses = Path(run) / "losses.jsonl"
    lines = read_losses(losses) if losses.exists() else []
    return f"{Path(run).name}, {int(lines[-1]['images_seen']):,} images" if lines else _named(run)


def _named(data: str) -> str:
    """A dataset or model as it may be told to others: a folder or file by its name only."""
    return Path(data).name if Path(data).exists() else data


def _leave_results(run_dir: Path, name: str, scores: Sequence[PaperScore]) -> None:
    """Writes a run's scores beside those of the other methods to its results.json, from which its card is made."""
    if not (run_dir / "weights").is_dir():
        return
    others = {*(baseline.name for baseline in BASELINES), FLAGSHIP}
    lines = []
    for score in scores:
        if score.coverage == "central" and (score.method == name or score.method in others):
            values = {
                key: None if value != value or value == math.inf else value for key, value in score._asdict().items()
            }
            lines.append(values | {"method": "ours" if score.method == name else score.method})
    (run_dir / "results.json").write_text(json.dumps(lines, indent=1, allow_nan=False) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 done, 1 a problem that was explained, 130 interrupted."""
    options = parse(arguments)
    try:
        text, table, picture = compare(options)
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same command to go on.", file=sys.stderr)
        return 130
    except (ValueError, WeightsError, CheckpointError, NonFiniteError, OSError, ModuleNotFoundError) as error:
        print(f"python -m train.paper: {error}\nThe same command goes on where it stopped.", file=sys.stderr)
        return 1
    print(f"{text}\nThis table is in {table}, the figure in {picture}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
