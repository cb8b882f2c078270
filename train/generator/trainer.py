"""Networks, optimizers and the two updates of a run."""

import contextlib
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inpaint.hub.weights import load_generator
from inpaint.networks.config import ContextEncoderConfig
from inpaint.networks.generators import ContextEncoder, FreeFormGenerator, build_generator
from inpaint.networks.pyramid import shrink
from inpaint.networks.tensors import composite
from train.config import TrainConfig
from train.data.order import START
from train.data.stream import Batch
from train.metrics.perceptual import EfficientNetFeatures, perceptual_loss
from train.run.device import Diverged, pick_device, to_model
from train.run.distributed import OtherProcessError, Processes
from train.run.ema import EMA
from train.run.progress import save_sheet

from . import losses
from .discriminators import PatchDiscriminator, PictureDiscriminator


class Trainer:
    """Everything a run consists of, and the two updates.

    Args:
        config: the run.
        processes: those that train together; None: this one alone.
    """

    def __init__(self, config: TrainConfig, processes: Processes | None = None):
        self.config, self.processes = config, processes or Processes()
        self.device = pick_device(config.device, self.processes.local_rank)
        torch.manual_seed(config.seed)
        generator = _initial_generator(config)
        layout = torch.channels_last if config.channels_last else torch.contiguous_format
        self.generator = generator.to(self.device, memory_format=layout).train()  # type: ignore[call-overload]
        self.discriminator = _build_discriminator(config).to(self.device, memory_format=layout)  # type: ignore[call-overload]
        self.ema = EMA(self.generator, config.ema_halflife_images)
        rate = config.learning_rate
        fused = self.device.type in ("cpu", "cuda")
        self.g_optimizer = torch.optim.Adam(self.generator.parameters(), rate, config.betas, fused=fused)
        d_rate = config.discriminator_learning_rate or rate
        self.d_optimizer = torch.optim.Adam(self.discriminator.parameters(), d_rate, config.betas, fused=fused)
        self._base_rates = (rate, d_rate)
        self.features = EfficientNetFeatures().to(self.device) if config.loss.perceptual_weight else None
        generate, judge = self.processes.share(self.generator), self.processes.share(self.discriminator)
        self.generate: Any = torch.compile(generate) if config.compile else generate
        self.judge: Any = torch.compile(judge) if config.compile else judge
        self.images_seen = 0
        self.steps = 0
        self.position = START
        self.samples: dict[str, Tensor] | None = None

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        """One update of both networks; returns the losses (scalars, detached), averaged over the processes.

        Args:
            batch: this process's share of the step's pictures.

        Raises:
            Diverged: a loss is not finite; no weight has been touched by it.
            OtherProcessError: that happened in another process.
        """
        config, everywhere = self.config.loss, self.processes.mean
        image, mask = to_model(batch.image, batch.mask, self.device, self.config.channels_last)
        self._set_learning_rates()
        report: dict[str, Tensor] = {}
        with self._autocast():
            prediction = self.generate(image * (1 - mask), mask, *self._guide(image, mask))
        prediction = prediction.float()
        filled = composite(image, prediction, mask)
        real, fake, seen_mask = (self._judged(x) for x in (image, filled, mask))

        # Discriminator:
        if config.adversarial_weight:
            with self._autocast():
                real_logits = self.judge(real, seen_mask).logits
                fake_logits = self.judge(fake.detach(), seen_mask).logits
            terms = {"adversarial": losses.discriminator_loss(
                config.adversarial, real_logits.float(), fake_logits.float(), seen_mask, everywhere)}  # fmt: skip
            if config.r1_gamma and self.steps % config.r1_interval == 0:
                terms["r1"] = losses.r1_penalty(self.discriminator, real, seen_mask)
            weights = {"adversarial": 1.0, "r1": config.r1_gamma / 2 * config.r1_interval}
            self._update("discriminator", self.d_optimizer, terms, weights, report)

        # Generator:
        terms = {"reconstruction": losses.reconstruction_loss(
            self._judged(prediction), real, seen_mask, power=1 if config.reconstruction == "l1" else 2,
            known_weight=config.known_weight, border_weight=config.border_weight, border_px=config.border_px,
        )}  # fmt: skip
        if config.adversarial_weight:
            self.discriminator.requires_grad_(False)
            with self._autocast():
                fake_judgement = self.judge(fake, seen_mask)
                terms["adversarial"] = losses.adversarial_loss(
                    config.adversarial, fake_judgement.logits.float(), seen_mask, everywhere
                )
                if config.feature_matching_weight:
                    with torch.no_grad():
                        real_judgement = self.judge(real, seen_mask)
                    terms["feature_matching"] = losses.feature_matching_loss(fake_judgement, real_judgement)
            self.discriminator.requires_grad_(True)
        if self.features is not None:
            terms["perceptual"] = perceptual_loss(self.features, filled, image)
        weights = {name: getattr(config, f"{name}_weight") for name in terms}
        self._update("generator", self.g_optimizer, terms, weights, report)

        self.steps += 1
        images = len(image) * self.processes.count
        self.images_seen += images
        self.position = batch.position
        self.ema.update(self.generator, images, self.images_seen)
        return dict(zip(report, everywhere(torch.stack(list(report.values()))), strict=True))

    @torch.no_grad()
    def _guide(self, image: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        """In a guided step the generator's own fill of a copy of half the size, in its place among the arguments."""
        share = self.config.guided
        if int((self.steps + 1) * share) == int(self.steps * share):
            return ()
        small, small_mask = shrink(image, mask, 2)
        filled = composite(small, self.generate(small, small_mask).float(), small_mask)
        return (F.interpolate(filled, scale_factor=2, mode="bicubic", align_corners=False).clamp(-1, 1),)

    def _update(
        self,
        who: str,
        optimizer: torch.optim.Optimizer,
        terms: dict[str, Tensor],
        weights: dict[str, float],
        report: dict[str, Tensor],
    ) -> None:
        total = sum((weights[name] * term for name, term in terms.items()), torch.zeros((), device=self.device))
        failed = self.processes.lowest(not torch.isfinite(total))
        if failed is not None and failed != self.processes.rank:
            raise OtherProcessError("A loss is not finite in another process.")
        if failed is not None:
            bad = ", ".join(name for name, term in terms.items() if not torch.isfinite(term)) or "total"
            raise Diverged(
                f"The {who}'s {bad} loss is not finite after {self.images_seen:,} images."
                " The last checkpoint is intact: start a new run with a lower learning rate, or without bf16."
            )
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        report |= {f"{who}/{name}": term.detach() for name, term in terms.items()}

    def _judged(self, x: Tensor) -> Tensor:
        """The part of a picture that is judged: the centre where only that is predicted, else all of it."""
        generator = self.config.generator
        if isinstance(generator, ContextEncoderConfig) and generator.region == "center":
            rim = x.shape[-1] // 4
            return x[..., rim:-rim, rim:-rim]
        return x

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.bf16)

    def _set_learning_rates(self) -> None:
        config, seen = self.config, self.images_seen
        factor = min(1.0, (seen + config.data.batch_size) / config.warmup_images) if config.warmup_images else 1.0
        if config.cooldown_images and config.images:
            left = max(0, config.images - seen) / config.cooldown_images
            factor *= min(1.0, 0.1 + 0.9 * left)
        for optimizer, base in zip((self.g_optimizer, self.d_optimizer), self._base_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = base * factor

    def state(self) -> dict[str, Any]:
        """The whole state, to go on as if nothing had happened."""
        return {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "ema": self.ema.network.state_dict(),
            "g_optimizer": self.g_optimizer.state_dict(),
            "d_optimizer": self.d_optimizer.state_dict(),
            "images_seen": self.images_seen,
            "steps": self.steps,
            "samples": self.samples,
            "random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Takes over what `state` returned, but for the position in the stream."""
        for name in ("generator", "discriminator", "g_optimizer", "d_optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.ema.network.load_state_dict(state["ema"])
        self.images_seen, self.steps = state["images_seen"], state["steps"]
        self.samples = state["samples"]
        torch.set_rng_state(state["random"].cpu())

    @torch.no_grad()
    def draw_sheet(self, path: Path) -> None:
        """Fills the run's sample pictures with the averaged weights and writes the sheet."""
        assert self.samples is not None
        image, mask = to_model(self.samples["image"], self.samples["mask"], self.device, self.config.channels_last)
        network = build_generator(self.config.generator).to(self.device)  # not shared with other processes
        network.load_state_dict(self.ema.network.state_dict())
        network.train(not self.images_seen)  # before the first step batch norm has no statistics: all would be grey
        save_sheet(path, image, mask, network(image * (1 - mask), mask))


def _initial_generator(config: TrainConfig) -> ContextEncoder | FreeFormGenerator:
    if config.init_from is None:
        return build_generator(config.generator)
    loaded = load_generator(None if config.init_from == "bundled" else config.init_from)
    if loaded.generator.config != config.generator:
        raise ValueError(
            f"The weights of {loaded.source} belong to {loaded.generator.config}, the run asks for {config.generator}:"
            " give the same generator settings, or leave out --init-from."
        )
    return loaded.generator


def _build_discriminator(config: TrainConfig) -> nn.Module:
    if config.loss.discriminator == "patch":
        return PatchDiscriminator()
    generator = config.generator
    center = isinstance(generator, ContextEncoderConfig) and generator.region == "center"
    return PictureDiscriminator(config.data.resolution // 2 if center else config.data.resolution)
