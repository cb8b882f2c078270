"""Adversarial training of a generator: networks, optimizers and the two updates of a step."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaint.hub.weights import save_generator
from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.generators import build_generator
from inpaint.networks.pyramid import shrink
from inpaint.networks.tensors import composite
from train.config import TrainConfig
from train.data.order import START
from train.data.stream import Batch
from train.metrics.perceptual import EfficientNetFeatures, hole_perceptual_loss, perceptual_loss
from train.presets import PRESETS
from train.registry import LOSSES, load
from train.run.device import autocast, grad_scaler, pick_device, to_model_input
from train.run.distributed import ProcessGroup
from train.run.ema import EMA
from train.run.finite import CHECK_EVERY, FiniteCheck
from train.run.optimize import Part, optimizer_step, raise_failure
from train.run.progress import save_sheet
from train.run.schedule import Schedule

from . import losses
from .discriminator_files import build_discriminator, save_discriminator
from .initial_weights import initial_generator

LAST_LEARNING_RATE = 0.1
"""Share of the learning rate that the cool-down ends at."""


class GeneratorTrainer:
    """A generator and its discriminator in training, see `train.run.trainer.Trainer`.

    Args:
        config: of the run.
        processes: those of the run; None: this one alone.
        discriminator: state dict of a trained one, which needs no warm-up; None: a new one.

    Attributes:
        generator: the network itself.
        wrapped_generator: what a training step calls: the generator, distributed and compiled where that is set.
        discriminator: the network itself.
        wrapped_discriminator: what a training step calls.

    Raises:
        ValueError: the weights to start from do not fit the config.
        WeightsError: they cannot be loaded.
    """

    def __init__(
        self,
        config: TrainConfig,
        processes: ProcessGroup | None = None,
        discriminator: Mapping[str, Tensor] | None = None,
    ):
        self.config, self.processes = config, processes or ProcessGroup()
        self.device = pick_device(config.device, self.processes.local_rank)
        torch.manual_seed(config.seed)
        generator = initial_generator(config)
        layout = torch.channels_last if config.channels_last else torch.contiguous_format
        self.generator = generator.to(self.device, memory_format=layout).train()  # type: ignore[call-overload]
        self.discriminator = build_discriminator(config).to(self.device, memory_format=layout)  # type: ignore[call-overload]
        if discriminator is not None:
            self.discriminator.load_state_dict(discriminator)
        self.discriminator_warmup_images = config.discriminator_warmup_images if discriminator is None else 0
        self.ema = EMA(self.generator, config.ema_halflife_images)
        rate = config.learning_rate
        fused = self.device.type in ("cpu", "cuda")
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), rate, config.betas, fused=fused)
        d_rate = config.discriminator_learning_rate or rate
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), d_rate, config.betas, fused=fused)
        self._learning_rates = (rate, d_rate)
        self.features = EfficientNetFeatures().to(self.device) if config.loss.perceptual_weight else None
        self.wrapped_generator, self.wrapped_discriminator = (
            torch.compile(network) if config.compile else network
            for network in (self.processes.wrap(self.generator), self.processes.wrap(self.discriminator))
        )
        self._check = FiniteCheck(self.device) if config.data.on_device and fused else None
        self.extra_terms = {name: load(LOSSES, name, "loss.extra") for name, _ in config.loss.extra}
        scalers = {name: grad_scaler(self.device, config.bf16) for name in ("generator", "discriminator")}
        self.scalers = {name: scaler for name, scaler in scalers.items() if scaler is not None}
        preset = PRESETS.get(config.preset)
        self.schedule = Schedule(config, preset[1] if preset else None)
        self.images_seen = 0
        self.steps = 0
        self.position = START
        self.samples: dict[str, Tensor] | None = None

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """Update discriminator and generator.

        Args:
            batch: this process's share of the step's photos.

        Returns:
            The loss terms (scalars, detached), averaged over the processes.

        Raises:
            NonFiniteError: a loss is not finite; no weight has been changed by it.
            OtherProcessError: that happened in another process.
        """
        image, mask = to_model_input(batch.image, batch.mask, self.device, self.config.channels_last)
        self._set_learning_rates()
        parts = self.config.accumulate
        reports = [
            self._train_part(*photos, Part(number, parts))
            for number, photos in enumerate(zip(image.chunk(parts), mask.chunk(parts), strict=True))
        ]
        report = {name: torch.stack([part[name] for part in reports]).mean() for name in reports[0]}
        self.steps += 1
        if self._check and self.steps % CHECK_EVERY == 0:
            raise_failure(self._check)
        images = len(image) * self.processes.world_size
        self.images_seen += images
        self.position = batch.position
        self.ema.update(self.generator, images, self.images_seen)
        return dict(zip(report, self.processes.mean(torch.stack(list(report.values()))), strict=True))

    def _train_part(self, image: Tensor, mask: Tensor, part: Part) -> dict[str, Tensor]:
        """Add the gradients of a part of the step's photos, and update the networks after the last part."""
        config = self.config.loss
        with self._autocast():
            prediction = self.wrapped_generator(image * (1 - mask), mask, *self._coarse_fill(image, mask))
        prediction = prediction.float()
        prediction, image, mask = self._shifted(prediction, image, mask)
        filled = composite(image, prediction, mask)
        real, fake, seen_mask = (self._discriminator_crop(x) for x in (image, filled, mask))
        report: dict[str, Tensor] = {}

        # Discriminator:
        if config.adversarial_weight:
            terms = self._discriminator_terms(real, fake.detach(), seen_mask)
            weights = losses.discriminator_weights(config)
            report |= self._update("discriminator", self.d_optimizer, terms, weights, part)

        # Generator:
        terms = self._generator_terms(self._discriminator_crop(prediction), real, fake, seen_mask)
        if self.features is not None:
            with self._autocast():
                terms["perceptual"] = (
                    hole_perceptual_loss(self.features, filled, image, mask)
                    if config.perceptual_area == "hole"
                    else perceptual_loss(self.features, filled, image)
                )
        inputs = losses.LossInputs(prediction, filled, image, mask)
        terms |= {name: term(inputs) for name, term in self.extra_terms.items()}
        weights = losses.generator_weights(config, terms)
        return report | self._update("generator", self.g_optimizer, terms, weights, part)

    def _discriminator_terms(self, real: Tensor, fake: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return the loss terms of the discriminator by name, from what it sees of ground truth and composite."""
        config = self.config.loss
        with self._autocast():
            if self.config.data.on_device and self.discriminator.treats_images_apart:
                # half as many passes, whose kernels are twice as large
                both = self.wrapped_discriminator(torch.cat([real, fake]), torch.cat([mask, mask])).logits
                real_logits, fake_logits = both.chunk(2)
            else:
                real_logits = self.wrapped_discriminator(real, mask).logits
                fake_logits = self.wrapped_discriminator(fake, mask).logits
        terms = {"adversarial": losses.discriminator_loss(
            config.adversarial, real_logits.float(), fake_logits.float(), mask, self.processes.mean)}  # fmt: skip
        if config.r1_gamma and self.steps % config.r1_interval == 0:
            terms["r1"] = losses.r1_penalty(self.discriminator, real, mask)
        return terms

    def _generator_terms(self, prediction: Tensor, real: Tensor, fake: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Return the loss terms of the generator by name, from what the discriminator sees."""
        config = self.config.loss
        terms = {"reconstruction": losses.reconstruction_loss(
            prediction, real, mask, power=1 if config.reconstruction == "l1" else 2,
            known_weight=config.known_weight, border_weight=config.border_weight, border_px=config.border_px,
        )}  # fmt: skip
        if config.adversarial_weight and self.images_seen >= self.discriminator_warmup_images:
            self.discriminator.requires_grad_(False)
            with self._autocast():
                fake_output = self.wrapped_discriminator(fake, mask)
                terms["adversarial"] = losses.adversarial_loss(
                    config.adversarial, fake_output.logits.float(), mask, self.processes.mean
                )
                if config.feature_matching_weight:
                    with torch.no_grad():
                        real_output = self.wrapped_discriminator(real, mask)
                    terms["feature_matching"] = losses.feature_matching_loss(fake_output, real_output)
            self.discriminator.requires_grad_(True)
        return terms

    def _shifted(self, *maps: Tensor) -> Sequence[Tensor]:
        """Return maps (B, C, H, W) shifted cyclically, all by the same random number of pixels."""
        if not self.config.loss.shift_px:
            return maps
        shift = torch.randint(self.config.loss.shift_px, (2,)).tolist()  # drawn on the CPU: no wait for the device
        return [x.roll(shift, (2, 3)) for x in maps]

    @torch.no_grad()
    def _coarse_fill(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """Return the generator's own fill of a copy of half the size, enlarged, as an argument tuple.

        It is empty in the steps that are not guided.
        """
        share = self.config.guided
        if int((self.steps + 1) * share) == int(self.steps * share):
            return ()
        small, small_mask = shrink(image, mask, 2)
        filled = composite(small, self.wrapped_generator(small, small_mask).float(), small_mask)
        return (F.interpolate(filled, scale_factor=2, mode="bicubic", align_corners=False).clamp(-1, 1),)

    def _update(
        self,
        name: str,
        optimizer: torch.optim.Optimizer,
        terms: dict[str, Tensor],
        weights: dict[str, float],
        part: Part,
    ) -> dict[str, Tensor]:
        scaler = self.scalers.get(name)
        return optimizer_step(
            name,
            optimizer,
            terms,
            weights,
            self.images_seen,
            self.processes,
            check=None if scaler else self._check,  # a scaler leaves out steps that are not finite by itself
            clip_norm=self.config.clip_norm,
            scaler=scaler,
            part=part,
        )

    def _discriminator_crop(self, x: Tensor) -> Tensor:
        """Return the part that the discriminator sees: the centre if only that is predicted, else all of it."""
        generator = self.config.generator
        if isinstance(generator, ContextEncoderConfig) and generator.region == "center":
            margin = x.shape[-1] // 4
            return x[..., margin:-margin, margin:-margin]
        return x

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        return autocast(self.device, self.config.bf16)

    def _set_learning_rates(self) -> None:
        factor = self.schedule.learning_rate_factor(self.images_seen, LAST_LEARNING_RATE)
        for optimizer, rate in zip((self.g_optimizer, self.d_optimizer), self._learning_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor

    def state(self) -> dict[str, Any]:
        """Return everything that training depends on, apart from the position.

        Raises:
            NonFiniteError: a loss was not finite since it was last checked.
        """
        if self._check:
            raise_failure(self._check)
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.network.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "images_seen": self.images_seen,
            "steps": self.steps,
            "discriminator_warmup_images": self.discriminator_warmup_images,
            "samples": self.samples,
            "random": torch.get_rng_state(),
            "scalers": {name: scaler.state_dict() for name, scaler in self.scalers.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        for name in ("generator", "discriminator", "g_optimizer", "d_optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.ema.network.load_state_dict(state["ema"])
        self.images_seen, self.steps = state["images_seen"], state["steps"]
        self.discriminator_warmup_images = state.get("discriminator_warmup_images", self.discriminator_warmup_images)
        self.samples = state["samples"]
        torch.set_rng_state(state["random"].cpu())
        for name, scaler in self.scalers.items():
            if name in state.get("scalers", {}):  # older checkpoints have none
                scaler.load_state_dict(state["scalers"][name])

    def save_weights(self, folder: Path) -> None:
        """Write the averaged weights, and the discriminator beside them if the run has one."""
        save_generator(self.ema.network, folder)
        if self.config.loss.adversarial_weight:
            save_discriminator(self.discriminator, self.config, folder)

    @torch.no_grad()
    def draw_sheet(self, path: Path) -> None:
        """Fill the sample photos with the averaged weights and write the sheet."""
        assert self.samples is not None
        image, mask = to_model_input(
            self.samples["image"], self.samples["mask"], self.device, self.config.channels_last
        )
        network = build_generator(self.config.generator).to(self.device)  # not wrapped: only the main process draws
        network.load_state_dict(self.ema.network.state_dict())
        network.train(not self.images_seen)  # before the first step batch norm has no statistics: all would be grey
        save_sheet(path, image, mask, network(image * (1 - mask), mask))
