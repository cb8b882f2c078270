"""`python -m train damage`: trains the network that finds damage."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from inpaint.damage import load_damage_network
from inpaint.hub.weights import save_generator
from inpaint.networks.damage import DamageNetwork
from train.damage.degradation.degrade import IGNORE_INDEX
from train.data.order import Position
from train.data.stream import Batch
from train.metrics.efficientnet import fold_front, load_lite0
from train.run.checkpoint import claim_run_dir, load_checkpoint, save_checkpoint
from train.run.device import Diverged, pick_device, to_model
from train.run.ema import EMA
from train.run.progress import Progress, plot_losses
from train.run.signals import Interrupts

from .config import DamageTrainConfig, to_dict
from .stream import DegradedStream

MAY_CHANGE = (
    "images", "cooldown_images", "log_every", "sample_every", "checkpoint_every", "max_minutes", "workers", "run_dir",
    "device",
)  # fmt: skip
"""Settings that may differ when a run goes on."""
SHEET_PICTURES = 12
LARGE, AROUND_PX = 1.0, 31
"""A pixel inside of large damage counts 1 + so many times less than one on a thin line; how far "around" reaches."""


class DamageTrainer:
    """The network, its average, its optimizer and one update of them."""

    def __init__(self, config: DamageTrainConfig) -> None:
        self.config, self.device = config, pick_device(config.device)
        torch.manual_seed(config.seed)
        network = _initial(config)
        self.network = network.to(self.device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        self.ema = EMA(self.network, config.ema_halflife_images)
        fused = self.device.type in ("cpu", "cuda")
        learnt = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(learnt, config.learning_rate, weight_decay=config.weight_decay, fused=fused)
        self.images_seen = 0
        self.position = Position(0, 0)

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """One update; returns the losses (scalars, detached).

        Raises:
            Diverged: a loss is not finite; no weight has been touched by it.
        """
        image, target = to_model(batch.image, batch.mask, self.device, channels_last=True)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * learning_rate_factor(self.config, self.images_seen)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16):
            logits = self.network(image)
        terms = damage_losses(logits.float(), target)
        total = 4 * terms["focal"] + terms["dice"]
        if not torch.isfinite(total):
            raise Diverged(
                f"The loss is not finite after {self.images_seen:,} images. The last checkpoint is intact: start a new"
                " run with a lower learning rate, or without bf16."
            )
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        self.optimizer.step()
        self.images_seen += len(image)
        self.position = batch.position
        self.ema.update(self.network, len(image), self.images_seen)
        return {f"damage/{name}": term.detach() for name, term in terms.items()}

    def state(self) -> dict[str, Any]:
        """The whole state, to go on as if nothing had happened."""
        return {
            "network": self.network.state_dict(),
            "ema": self.ema.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "images_seen": self.images_seen,
            "position": list(self.position),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned."""
        self.network.load_state_dict(state["network"])
        self.ema.network.load_state_dict(state["ema"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.images_seen, self.position = state["images_seen"], Position(*state["position"])

    @torch.no_grad()
    def draw_sheet(self, path: Path, batch: Batch) -> None:
        """Writes a sheet of scans, what is to be marked (doubtful pixels grey), and the averaged weights' answer."""
        image, target = to_model(batch.image[:SHEET_PICTURES], batch.mask[:SHEET_PICTURES], self.device, True)
        wanted = torch.where(target == IGNORE_INDEX, 0.4, target)
        found = torch.sigmoid(self.ema.network(image).float())
        rows = torch.cat([(image + 1) / 2, wanted.expand(-1, 3, -1, -1), found.expand(-1, 3, -1, -1)])
        pixels = (make_grid(rows, nrow=len(image), padding=2) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def damage_losses(logits: Tensor, target: Tensor) -> dict[str, Tensor]:
    """Focal cross-entropy over all pixels, and one minus the batch's dice coefficient.

    Args:
        logits: (B, 1, H, W).
        target: (B, 1, H, W) in {0, 1}, or IGNORE_INDEX where neither answer is wrong.

    Returns:
        "focal" and "dice", scalars; damaged pixels weigh twice in the first, and less inside of large damage.

    Reference:
        Lin et al. 2017, arXiv:1708.02002, Eq. 4, with gamma = 1; Milletari et al. 2016, arXiv:1606.04797, Eq. 1,
        without squares in the denominator.
    """
    counts = (target != IGNORE_INDEX).to(logits.dtype)
    wanted = target * counts
    found = torch.sigmoid(logits)
    nearby = F.avg_pool2d(wanted, (AROUND_PX, 1), 1, (AROUND_PX // 2, 0))
    nearby = F.avg_pool2d(nearby, (1, AROUND_PX), 1, (0, AROUND_PX // 2))  # one side after the other: 15 times faster
    counts = counts / (1 + LARGE * wanted * nearby)
    weight = counts * (1 + wanted) * (found.detach() - wanted).abs()
    entropy = F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    focal = (weight * entropy).sum() / counts.sum().clamp(1)
    both, either = (found * wanted * counts).sum(), ((found + wanted) * counts).sum()
    return {"focal": focal, "dice": 1 - (2 * both + 1) / (either + 1)}


def learning_rate_factor(config: DamageTrainConfig, images_seen: int) -> float:
    """Share of the full learning rate: a rise, a plateau, and a fall to a hundredth at the end of the run."""
    rise = min(1.0, (images_seen + config.batch_size) / max(1, config.warmup_images))
    left = max(0, config.images - images_seen) / max(1, config.cooldown_images)
    return rise * min(1.0, 0.01 + 0.99 * left)


def train_damage(config: DamageTrainConfig) -> Path:
    """Runs, or goes on with, a training run.

    Returns:
        The run's folder, with `weights/`, sample sheets, losses and the last checkpoint.

    Raises:
        ValueError: the dataset or the weights to start from cannot be used.
        CheckpointError: the folder holds another run, or the disk is full.
        Diverged: a loss is not finite.
        KeyboardInterrupt: interrupted; a checkpoint has been written.
    """
    run_dir = Path(config.folder)
    claim_run_dir(run_dir, to_dict(config), MAY_CHANGE)
    trainer = DamageTrainer(config)
    if state := load_checkpoint(run_dir, trainer.device):
        trainer.restore(state)
    if trainer.images_seen >= config.images:
        save_generator(trainer.ema.network, run_dir / "weights")
        return run_dir
    stream = DegradedStream(config, trainer.position)
    progress = Progress(run_dir, trainer.images_seen, config.images)
    try:
        with Interrupts() as interrupts:
            _run(trainer, stream, progress, run_dir, interrupts)
    finally:
        stream.close()
        progress.close()
    return run_dir


def _run(
    trainer: DamageTrainer, stream: DegradedStream, progress: Progress, run_dir: Path, interrupts: Interrupts
) -> None:
    config = trainer.config
    deadline = time.monotonic() + config.max_minutes * 60 if config.max_minutes else float("inf")
    for batch in stream:
        before = trainer.images_seen
        progress.advance(config.batch_size, trainer.train_step(batch), config.images)
        done = trainer.images_seen >= config.images

        def due(every: int, before: int = before, done: bool = done) -> bool:
            return done or before // every != trainer.images_seen // every

        if due(config.log_every):
            progress.write(trainer.images_seen, stream.waited_s, epoch=trainer.position.epoch, skipped=stream.skipped)
        if due(config.sample_every):
            trainer.draw_sheet(run_dir / "samples" / f"images-{trainer.images_seen:09d}.png", batch)
        stop = interrupts.requested or time.monotonic() > deadline
        if stop or due(config.checkpoint_every):
            save_checkpoint(run_dir, trainer.state())
            save_generator(trainer.ema.network, run_dir / "weights")
        if done:
            break
        if stop:
            raise KeyboardInterrupt
    plot_losses(run_dir)


def _initial(config: DamageTrainConfig) -> DamageNetwork:
    """The network that a run starts with: what `init_from` lacks of EfficientNet-Lite0 has its ImageNet weights."""
    network = DamageNetwork(config.network)
    lacks = bool(network.lite0)
    if config.init_from is not None:
        loaded = load_damage_network(None if config.init_from == "bundled" else config.init_from)
        lacks = lacks and loaded.lite0 is None
        wanted = dataclasses.replace(config.network, lite0_blocks=0) if lacks else config.network
        if loaded.config != wanted:
            raise ValueError(
                f"The weights of {config.init_from} belong to {loaded.config}, the run asks for {config.network}:"
                " give the same network settings, or leave out --init-from."
            )
        network.load_state_dict(loaded.state_dict(), strict=not lacks)
    if lacks:
        assert network.lite0 is not None
        fold_front(load_lite0(), network.lite0.stem, network.lite0.blocks)
    return network
