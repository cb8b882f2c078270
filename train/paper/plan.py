"""Command line of the comparison, and the training runs that follow from it."""

import argparse
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig
from train.presets import PRESETS
from train.run.checkpoint import claim_run_dir
from train.run.device import pick_device
from train.run.progress import read_losses

from .variants import Variant, variants

IMAGES_ON_A_GPU, IMAGES_ON_A_CPU = 600_000, 12_000


def parse(arguments: Sequence[str] | None = None, description: str | None = None) -> argparse.Namespace:
    """Parse the command line; an error ends the process with a message."""
    parser = argparse.ArgumentParser(
        prog="python -m train.paper", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    _add_training_arguments(parser)
    output = parser.add_argument_group("test and output")
    output.add_argument("--photos", type=int, default=200, help="number of held-out pictures (%(default)s)")
    output.add_argument(
        "--slow-photos", type=int, default=20, help="pictures for slow methods, the first ones (%(default)s)"
    )
    output.add_argument("--shown", type=int, default=3, help="pictures in the figure (%(default)s)")
    output.add_argument("--runs", type=Path, default=Path("runs/paper"), help="folder of the models (%(default)s)")
    output.add_argument("--table", type=Path, help="Markdown file to write (default: RUNS/paper.md)")
    output.add_argument("--figure", type=Path, help="picture to write (default: RUNS/paper.png)")
    return parser.parse_args(arguments)


def _add_training_arguments(parser: argparse.ArgumentParser) -> None:
    preset, names = PRESETS["context-encoder"][1], list(variants())
    data = parser.add_argument_group("data")
    data.add_argument("--data", default=preset.data.dataset[0], help="Hub id, folder or parquet file (%(default)s)")
    data.add_argument("--split", default="train", help="split to train on (%(default)s)")
    data.add_argument("--held-out", default="validation", metavar="SPLIT", help="split to test on (%(default)s)")
    data.add_argument("--shapes", help="a segmentation dataset for random regions; default: generated shapes")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--images",
        type=int,
        help=f"training images per model (default: {IMAGES_ON_A_GPU:,} on a GPU, {IMAGES_ON_A_CPU:,} on a CPU)",
    )
    length.add_argument("--epochs", type=int, help="training epochs per model, in place of --images")
    runs = parser.add_argument_group("models")
    runs.add_argument("--variants", nargs="*", choices=names, default=names, metavar="NAME",
                      help="variants to train; without a NAME none. Default: all, " + ", ".join(names))  # fmt: skip
    runs.add_argument("--also", nargs="+", default=[], metavar="RUN", help="finished runs to test as well")
    runs.add_argument("--channels", type=int, default=64, help="width of the first layer (%(default)s)")
    runs.add_argument("--units", type=int, default=4000, help="channels of the bottleneck (%(default)s)")
    runs.add_argument("--batch-size", type=int, default=preset.data.batch_size, help="images per step (%(default)s)")
    runs.add_argument("--learning-rate", type=float, default=preset.learning_rate,
                      help="of the generators; 2e-3 in the paper's release (%(default)s)")  # fmt: skip
    runs.add_argument("--seed", type=int, default=0, help="seed of training and test (%(default)s)")
    runs.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (%(default)s)")
    runs.add_argument("--bf16", action="store_true", help="forward passes in bfloat16")


def base_config(options: argparse.Namespace) -> TrainConfig:
    """Return the config that the variants have in common.

    Raises:
        ValueError: a setting is invalid; the message says which.
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
    """Return the requested variants, each with its complete config.

    Raises:
        ValueError: a setting is invalid, or neither variants nor finished runs are given; the message says which.
    """
    if not options.variants and not options.also:
        raise ValueError("--variants names none and --also is not given: name variants, or finished runs with --also")
    base = base_config(options)
    chosen = [variant for name, variant in variants(base).items() if name in options.variants]
    folders = [str(options.runs / variant.name) for variant in chosen]
    return [(v, dataclasses.replace(v.config, run_dir=folder)) for v, folder in zip(chosen, folders, strict=True)]


def is_finished(config: TrainConfig) -> bool:
    """Return whether a run has reached its length, without opening its checkpoint.

    Raises:
        CheckpointError: the folder holds a run with other settings.
    """
    run_dir = Path(config.folder)
    if not (run_dir / "losses.jsonl").exists() or not (run_dir / "weights" / "model.safetensors").exists():
        return False
    claim_run_dir(run_dir, config)
    last = read_losses(run_dir / "losses.jsonl")[-1]
    return last["images_seen"] >= (config.images or math.inf) or last["epoch"] >= (config.epochs or math.inf)
