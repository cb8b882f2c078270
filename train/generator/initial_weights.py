"""The generator that a training run starts with."""

import dataclasses
from typing import Any

from inpaint.hub.weights import load_generator, load_weights
from inpaint.networks.config import FreeFormConfig, GeneratorConfig
from inpaint.networks.context_encoder import ContextEncoder
from inpaint.networks.free_form import FreeFormGenerator
from inpaint.networks.generators import build_generator
from train.config import TrainConfig
from train.presets import PRESETS


def with_loaded_generator(config: TrainConfig) -> TrainConfig:
    """Return the config with the generator of the weights that the run starts from, unless another one was chosen.

    Raises:
        WeightsError: the weights cannot be loaded.
        ValueError: they are of another architecture than the one that the preset trains.
    """
    preset = PRESETS.get(config.preset)
    if config.init_from is None or preset is None or config.generator != preset[1].generator:
        return config
    loaded = load_weights(config.init_from).config
    if loaded.architecture != config.generator.architecture:
        fitting = [name for name, (_, other) in PRESETS.items() if other.generator.architecture == loaded.architecture]
        advice = f"use the preset {' or '.join(fitting)}, or" if fitting else "give"
        raise ValueError(
            f"The weights of {config.init_from} are those of a {loaded.architecture} network, but the preset"
            f" {config.preset} trains a {config.generator.architecture} one: {advice} other weights to --init-from."
        )
    network: Any = loaded
    return config if network == config.generator else dataclasses.replace(config, generator=network)


def initial_generator(config: TrainConfig) -> ContextEncoder | FreeFormGenerator:
    """Return the generator that a run starts with: random weights, or those of `init_from` as far as there are any.

    Of a network without global context the numbers of blocks may differ: blocks that the weights lack start as new ones
    do, and those that the run's generator lacks are left out.

    Raises:
        WeightsError: the weights cannot be loaded.
        ValueError: they do not fit the config.
    """
    if config.init_from is None:
        return build_generator(config.generator)
    loaded = load_generator(config.init_from)
    if loaded.generator.config == config.generator:
        return loaded.generator
    if not _differ_in_depth(loaded.generator.config, config.generator):
        raise ValueError(
            f"The weights of {loaded.source} belong to {loaded.generator.config}, but the run has {config.generator}:"
            " give the same generator settings, apart from blocks and deep_blocks where attention_every is 0, or leave"
            " out --init-from."
        )
    generator = build_generator(config.generator)
    known = generator.state_dict()
    generator.load_state_dict({n: v for n, v in loaded.generator.state_dict().items() if n in known}, strict=False)
    return generator


def _differ_in_depth(loaded: GeneratorConfig, wanted: GeneratorConfig) -> bool:
    """Return whether two configs differ in the numbers of blocks alone, so that the other layers fit."""
    if not isinstance(loaded, FreeFormConfig) or not isinstance(wanted, FreeFormConfig):
        return False
    deep = loaded.deep_channels if loaded.deep_blocks and wanted.deep_blocks else wanted.deep_channels
    same = dataclasses.replace(loaded, blocks=wanted.blocks, deep_blocks=wanted.deep_blocks, deep_channels=deep)
    return same == wanted and not wanted.attention_every
