"""What a run is about to do, printed before it starts, and its run.yaml."""

import json
import shutil
from pathlib import Path

import torch
import yaml

from inpaint.atomic_write import atomic_write
from inpaint.networks.damage import DamageNetwork
from inpaint.networks.generators import build_generator
from train.config import TrainConfig
from train.config_file import nested_differences
from train.data.counting import count_rows
from train.generator.discriminator_files import find_discriminator
from train.jobs.cost import images_per_s, local_hardware
from train.jobs.spec import ALL_PRESETS
from train.run.checkpoint import read_ran
from train.run.device import available_cores, computes_in_16_bit, pick_device
from train.run.progress import FILE as LOSSES_FILE
from train.run.progress import read_losses
from train.run_config import RunConfig

RUN_FILE = "run.yaml"
CHECKPOINT_COPIES = 2
"""The checkpoint is written beside the previous one."""


def summary(config: RunConfig) -> str:
    """Return what a run does as lines of text: start, pictures, length, rate, device, and estimates of time and space.

    Args:
        config: of the run.
    """
    rows, data = count_rows(config.data_config), config.data_config
    device = pick_device(config.device)
    steps = [f"{config.images:,} images" if config.images else f"{config.epochs} epochs" if config.epochs else ""]
    steps += [f"{config.max_minutes:g} minutes" if config.max_minutes else ""]
    length = " or ".join(filter(None, steps))
    images = config.images or (rows * config.epochs if rows and config.epochs else None)
    if rows and images:
        length += f", {images / rows:.1f} passes over the pictures"
    held_out = ", those that are held out included" if config.evaluations and not config.held_out else ""
    lines = [
        ("start", config.init_from or "random weights"),
        ("discriminator", find_discriminator(config).note if isinstance(config, TrainConfig) else ""),
        ("pictures", f"{rows:,}{held_out}" if rows else "a number that is not known yet"),
        ("from", ", ".join(data.dataset)),
        ("mixed in", _mixed_in(config)),
        ("length", f"{length}, in steps of {data.batch_size} crops of {data.resolution} px"),
        ("rate", f"{getattr(config, 'learning_rate', 0):g}"),
        ("device", f"{device}{_number_format(device, config.bf16)}"),
        ("time", _time(config, images)),
        ("disk", _disk(config)),
        ("folder", config.folder),
        ("trackio", config.trackio),
    ]
    return "\n".join(f"{name + ': ':10}{value}" for name, value in lines if value)


def _number_format(device: torch.device, bf16: bool) -> str:
    if not bf16:
        return ""
    return ", 16-bit" if computes_in_16_bit(device, bf16) else ", 32-bit, as this CPU is not faster in 16-bit"


def _time(config: RunConfig, images: int | None) -> str:
    if config.max_minutes:
        return f"at most {config.max_minutes:g} minutes, and the last measurement"
    if images is None or not isinstance(config, TrainConfig):
        return ""
    device = pick_device(config.device)
    gpu = ""
    if device.type == "cuda":
        gpu = torch.cuda.get_device_name(device)
    speed = images_per_s(config, local_hardware("", available_cores(), gpu))
    minutes = images / speed / 60
    if minutes >= 120:
        return f"about {minutes / 60:.0f} hours, a rough estimate"
    return f"about {minutes:.0f} minutes, a rough estimate" if minutes >= 1.5 else "a minute or two, a rough estimate"


def _mixed_in(config: RunConfig) -> str:
    data = config.data_config
    if data.mixed:
        return f"{', '.join(data.mixed)}: {data.mixed_share:.0%} of the pictures that are shown"
    if config.preset == "finetune":
        return "no other photos; --data.mixed DATASET shows some, to keep what the weights can do on them"
    return ""


def _parameters(config: RunConfig) -> int:
    """Return the number of weights of the network that is trained, which is built without memory for them."""
    with torch.device("meta"):
        network: torch.nn.Module
        if isinstance(config, TrainConfig):
            network = build_generator(config.generator)
        else:
            network = DamageNetwork(config.network)  # type: ignore[attr-defined]
    return sum(parameter.numel() for parameter in network.parameters())


def _disk(config: RunConfig) -> str:
    """Return the space of checkpoints: weights, average, best and initial ones, two moments of Adam, in float32."""
    parameters = _parameters(config)
    megabytes = CHECKPOINT_COPIES * (5 + config.interpolate) * 4 * parameters / 1e6
    folder = Path(config.folder)
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 1e6
    text = f"about {max(1, megabytes):.0f} MB for checkpoints"
    return f"{text}; only {free:.0f} MB are free: choose another --run-dir" if free < megabytes else text


def final_figures(run_dir: Path) -> dict[str, float]:
    """Return the figures of a run that has ended: its length, its last losses, and its last held-out figures.

    Args:
        run_dir: the run's folder.

    Returns:
        `images`, `minutes` and the settings of the schedule that ran; and by "group/name", the last value of each loss
        and of each figure.
    """
    path = run_dir / LOSSES_FILE
    figures = {name: value for line in (read_losses(path) if path.exists() else []) for name, value in line.items()}
    return {**read_ran(run_dir), **{name: value for name, value in figures.items() if "/" in name}}


def write_run_file(config: RunConfig) -> None:
    """Write the settings that differ from the preset to run.yaml in the run's folder, for --config.

    What has run so far stands in comments at its end.
    """
    try:
        values = json.loads(json.dumps(nested_differences(config, ALL_PRESETS)))
    except ValueError:  # a config without a preset
        return
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    if ran := read_ran(Path(config.folder)):  # comments, so that another run scales its schedule to its own length
        text += "".join(["# What ran:\n", *(f"# {name}: {value}\n" for name, value in ran.items())])
    with atomic_write(Path(config.folder) / RUN_FILE, single_writer=True) as file:
        file.write(text.encode())
