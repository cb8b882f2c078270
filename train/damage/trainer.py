"""Training of the network that finds damage: `python -m train damage`."""

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inpaint.hub.weights import save_generator
from inpaint.networks.damage import DamageNetwork
from train.damage.degradation.degrade import IGNORE_INDEX
from train.data.held_out import find_held_out
from train.data.order import START, Position
from train.data.stream import Batch
from train.data_config import DataConfig
from train.run.device import autocast, grad_scaler, pick_device, to_model_input
from train.run.distributed import ProcessGroup
from train.run.ema import EMA
from train.run.events import Callback
from train.run.loop import train
from train.run.optimize import optimizer_step
from train.run.progress import save_rows
from train.run.schedule import Schedule

from .config import DamageTrainConfig
from .initial_weights import initial_network, with_loaded_network
from .losses import WEIGHTS, damage_losses
from .measure import DamageMeasure
from .stream import DegradedStream

LAST_LEARNING_RATE = 0.01
"""Share of the learning rate that the cool-down ends at."""


def train_damage(
    config: DamageTrainConfig, processes: ProcessGroup | None = None, callbacks: Sequence[Callback] = ()
) -> Path:
    """Train a damage network from the start, or resume; see `train.run.loop.train` for arguments, result and errors."""
    processes = processes or ProcessGroup()
    network = processes.run_on_main(lambda: with_loaded_network(config).network)
    config = dataclasses.replace(config, network=network)  # the other settings are each process's own
    held_out = processes.run_on_main(
        lambda: find_held_out(config.data_config, config.held_out) if config.evaluations else None
    )
    digests = held_out.digests if held_out else frozenset()

    def open_stream(data: DataConfig, start: Position, rank: int, world_size: int) -> DegradedStream:
        return DegradedStream(config, data, start, rank, world_size, digests)

    def build_measure() -> DamageMeasure | None:
        return DamageMeasure(held_out.photos, config, pick_device(config.device)) if held_out else None

    return train(config, open_stream, partial(DamageTrainer, config), processes, callbacks, build_measure)


class DamageTrainer:
    """A damage network in training, see `train.run.trainer.Trainer`.

    Args:
        config: of the run.
        processes: those of the run; None: this one alone.

    Attributes:
        network: the network itself.
        wrapped_network: what a training step calls: the network, distributed where there are several processes.

    Raises:
        ValueError: the weights to start from do not fit the config.
        WeightsError: they cannot be loaded.
    """

    def __init__(self, config: DamageTrainConfig, processes: ProcessGroup | None = None) -> None:
        self.config, self.processes = config, processes or ProcessGroup()
        self.device = pick_device(config.device, self.processes.local_rank)
        torch.manual_seed(config.seed)
        network = initial_network(config)
        self.network = network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.ema = EMA(self.network, config.ema_halflife_images)
        fused = self.device.type in ("cpu", "cuda")
        groups = _parameter_groups(self.network, config.pretrained_rate)
        self.optimizer = torch.optim.AdamW(groups, config.learning_rate, weight_decay=config.weight_decay, fused=fused)
        self.scaler = grad_scaler(self.device, config.bf16)
        self.wrapped_network = self.processes.wrap(self.network)
        self.schedule = Schedule(config, DamageTrainConfig())
        self.images_seen = 0
        self.position = START
        self.samples: dict[str, Tensor] | None = None

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Update the network.

        Args:
            batch: this process's share of the step's crops.

        Returns:
            The loss terms (scalars, detached) of the crops of all processes.

        Raises:
            NonFiniteError: a loss is not finite; no weight has been changed by it.
            OtherProcessError: that happened in another process.
        """
        image, target = to_model_input(batch.image, batch.mask, self.device, channels_last=True)
        factor = self.schedule.learning_rate_factor(self.images_seen, LAST_LEARNING_RATE)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * factor * group.get("share", 1.0)
        with autocast(self.device, self.config.bf16):
            logits = self.wrapped_network(image)
        terms = damage_losses(logits.float(), target, self.processes.sum)
        report = optimizer_step(
            "damage", self.optimizer, terms, WEIGHTS, self.images_seen, self.processes,
            clip_norm=self.config.clip_norm, scaler=self.scaler,
        )  # fmt: skip
        images = len(image) * self.processes.world_size
        self.images_seen += images
        self.position = batch.position
        self.ema.update(self.network, images, self.images_seen)
        return report

    def state(self) -> dict[str, Any]:
        """Return everything that training depends on, apart from the position."""
        return {
            "network": self.network.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "images_seen": self.images_seen,
            "samples": self.samples,
            "scaler": self.scaler.state_dict() if self.scaler else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.ema.network.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.images_seen = state["images_seen"]
        self.samples = state.get("samples")  # older checkpoints have none
        if self.scaler and state.get("scaler"):
            self.scaler.load_state_dict(state["scaler"])

    def save_weights(self, folder: Path) -> None:
        """Write the averaged weights."""
        save_generator(self.ema.network, folder)

    @torch.no_grad()
    def draw_sheet(self, path: Path) -> None:
        """Write a sheet with the sample crops, their targets (ignored pixels grey), and the network's probabilities."""
        assert self.samples is not None
        image, target = to_model_input(self.samples["image"], self.samples["mask"], self.device, channels_last=True)
        network = DamageNetwork(self.config.network).to(self.device)  # not wrapped: only the main process draws
        network.load_state_dict(self.ema.network.state_dict())
        expected = torch.where(target == IGNORE_INDEX, 0.4, target)
        found = torch.sigmoid(network.eval()(image).float())
        save_rows(path, [(image + 1) / 2, expected, found])


def _parameter_groups(network: DamageNetwork, pretrained_rate: float) -> list[dict[str, Any]]:
    """Return the parameters that are trained, those of the pretrained features in a group of their own.

    Args:
        network: whose pretrained features are frozen; they no longer are if they are to be trained.
        pretrained_rate: their learning rate as a share of the others'; 0 leaves them frozen.
    """
    groups: list[dict[str, Any]] = [{"params": [value for value in network.parameters() if value.requires_grad]}]
    if pretrained_rate and network.lite0 is not None:
        pretrained = [value for value in network.parameters() if not value.requires_grad]
        for value in pretrained:
            value.requires_grad_(True)
        # decay would draw them to 0, away from what they were trained for
        groups.append({"params": pretrained, "share": pretrained_rate, "weight_decay": 0.0})
    return groups
