"""Small runs of each kind, and what they leave behind."""

import dataclasses
import shutil
import signal
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from inpaint.networks.config import ContextEncoderConfig, DamageConfig, FreeFormConfig
from train.config import TrainConfig
from train.damage.config import DamageTrainConfig
from train.damage.trainer import train_damage
from train.data.order import Position
from train.data.stream import Batch
from train.generator.run import train_generator
from train.presets import PRESETS
from train.run.events import Callback
from train.run.progress import read_losses
from train.run_config import RunConfig


def free_form(photos, run_dir, **changes) -> TrainConfig:
    """The preset "tiny" with an even smaller network: 12 steps of 4 crops of 32x32."""
    base = PRESETS["tiny"][1]
    data = dataclasses.replace(base.data, dataset=(photos,), resolution=32)
    generator = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)
    settings = {"data": data, "generator": generator, "run_dir": str(run_dir), "images": 48, "checkpoint_every": 16}
    return dataclasses.replace(base, **(settings | changes))


def context_encoder(photos, run_dir, **changes) -> TrainConfig:
    """The paper's preset with narrow networks: 6 steps of 8 photos."""
    base = PRESETS["context-encoder"][1]
    data = dataclasses.replace(base.data, dataset=(photos,), batch_size=8)
    settings = {
        "data": data,
        "generator": ContextEncoderConfig(channels=4, bottleneck_channels=16),
        "run_dir": str(run_dir),
        "epochs": None,
        "images": 48,
        "checkpoint_every": 16,
        "log_every": 8,
        "sample_epochs": (),
        "device": "cpu",
    }
    return dataclasses.replace(base, **(settings | changes))


def damage(photos, run_dir, **changes) -> DamageTrainConfig:
    """The preset "damage" with a small network: 12 steps of 4 crops of 32x32."""
    settings = {
        "dataset": (photos,),
        "network": DamageConfig(channels=(8, 8, 8, 8), blocks=1, lite0_blocks=0),
        "resolution": 32,
        "batch_size": 4,
        "images": 48,
        "evaluations": 0,
        "warmup_images": 8,
        "cooldown_images": 16,
        "log_every": 8,
        "sample_every": 24,
        "checkpoint_every": 16,
        "device": "cpu",
        "run_dir": str(run_dir),
    }
    return DamageTrainConfig(**(settings | changes))


RUNS = {"free-form": free_form, "context-encoder": context_encoder, "damage": damage}


def train(config: RunConfig, *arguments) -> Path:
    """Run, or resume, a config of any kind."""
    return (train_damage if isinstance(config, DamageTrainConfig) else train_generator)(config, *arguments)


class Interrupt(Callback):
    """Sends this process SIGINT in the step after some images."""

    def __init__(self, images):
        self.images = images

    def on_log(self, line, total):
        if line["images_seen"] == self.images:
            signal.raise_signal(signal.SIGINT)


def write_splits(photos, folder):
    """The photos as "train", and red ones as "validation"; the folder as text."""
    (folder / "validation").mkdir(parents=True)
    shutil.copytree(photos, folder / "train")
    for number in range(3):
        Image.new("RGB", (130, 140), (220 + 10 * number, 0, 0)).save(folder / "validation" / f"{number}.png")
    return str(folder)


def weights(run_dir):
    return load_file(run_dir / "weights" / "model.safetensors")


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def losses_of(run_dir):
    """The lines of the losses file without what depends on the time of day."""
    timed = ("images_per_s", "step_ms", "waiting_for_data")
    lines = read_losses(run_dir / "losses.jsonl")
    return [{name: value for name, value in line.items() if name not in timed} for line in lines]


def checkpoint(run_dir):
    return torch.load(run_dir / "checkpoint.pt", weights_only=True)


def sheet(run_dir, images_seen):
    with Image.open(run_dir / "samples" / f"images-{images_seen:09d}.png") as picture:
        return np.asarray(picture)


def batch_of(side=32, count=4) -> Batch:
    """Stripes, which no smooth fill continues, with a central hole."""
    mask = torch.zeros(count, 1, side, side, dtype=torch.uint8)
    mask[..., side // 4 : -side // 4, side // 4 : -side // 4] = 1
    stripes = 120 + 80 * torch.sin(torch.arange(side) * 0.8)
    image = stripes.view(1, 1, 1, side).expand(count, 3, side, side)
    return Batch(image.to(torch.uint8), mask, Position(0, count), 0)
