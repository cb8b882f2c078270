"""The variants of the Context Encoder that are compared: each differs from the joint recipe in one point."""

import dataclasses
from typing import Any, NamedTuple

from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig
from train.data_config import MaskConfig
from train.presets import PRESETS

HOLE_KINDS = ("central", "blocks", "region")
"""Mask families of the paper's section 3.3: central region, random block, random region."""


class Variant(NamedTuple):
    """A training run of the comparison.

    Attributes:
        name: of its folder, and on the command line.
        title: in tables and figures.
        config: the run without its data, length and folder.
    """

    name: str
    title: str
    config: TrainConfig

    @property
    def hole_kinds(self) -> tuple[str, ...]:
        """Kinds of holes that the network can fill; one that predicts only the centre fills only central holes."""
        return HOLE_KINDS if getattr(self.config.generator, "region", None) == "full" else HOLE_KINDS[:1]


def variants(base: TrainConfig = PRESETS["context-encoder"][1]) -> dict[str, Variant]:
    """Return all variants by name.

    Args:
        base: the joint recipe, for a Context Encoder; its settings hold for every variant.
    """
    generator = base.generator
    assert isinstance(generator, ContextEncoderConfig)

    def with_loss(**changes: Any) -> TrainConfig:
        return dataclasses.replace(base, loss=dataclasses.replace(base.loss, **changes))

    def with_generator(**changes: Any) -> TrainConfig:
        return dataclasses.replace(base, generator=dataclasses.replace(generator, **changes))

    def with_masks(**weights: Any) -> TrainConfig:
        masks = MaskConfig(shapes=base.data.masks.shapes, **weights)
        data = dataclasses.replace(base.data, masks=masks)
        return dataclasses.replace(with_generator(region="full"), data=data)

    # A single loss term has weight 1: Adam is invariant to the scale of the loss apart from its epsilon.
    runs = [
        Variant("l2", "L2 only", with_loss(reconstruction_weight=1.0, adversarial_weight=0.0)),
        Variant("adversarial", "adversarial only", with_loss(reconstruction_weight=0.0, adversarial_weight=1.0)),
        Variant("joint", "joint", base),
        Variant("channelwise", "joint, channel-wise", with_generator(bottleneck="channelwise")),
        Variant("conv", "joint, convolutional", with_generator(bottleneck="conv")),
        Variant("central", "trained on central squares", with_masks(central=1.0)),
        Variant("blocks", "trained on random blocks", with_masks(blocks=1.0)),
        Variant("region", "trained on random regions", with_masks(region=1.0)),
    ]
    return {run.name: run for run in runs}
