"""The runs in which the paper's ideas are compared: each differs from the joint recipe in one point."""

import dataclasses
from typing import Any, NamedTuple

from inpaint.networks.config import ContextEncoderConfig
from train.config import MaskConfig, TrainConfig
from train.presets import PRESETS

HOLES = ("central", "blocks", "region")
"""The paper's three kinds of holes (section 3.3): central square, random blocks, random region."""


class Variant(NamedTuple):
    """One run of the comparison.

    Attributes:
        name: of its folder, and on the command line.
        title: in tables and figures.
        config: the run without its data, length and folder.
    """

    name: str
    title: str
    config: TrainConfig

    @property
    def holes(self) -> tuple[str, ...]:
        """The kinds of holes that it can fill: a network that predicts the centre only has no others."""
        return HOLES if getattr(self.config.generator, "region", None) == "full" else HOLES[:1]


def variants(base: TrainConfig = PRESETS["context-encoder"][1]) -> dict[str, Variant]:
    """All runs of the comparison by name.

    Args:
        base: the joint recipe, for a Context Encoder; changes to it reach every run.
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

    # a single term has weight 1: Adam does not care about its size, but its epsilon does
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
