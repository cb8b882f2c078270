"""The damage network that a training run starts with."""

import dataclasses

from inpaint.damage import load_damage_network
from inpaint.networks.damage import DamageNetwork
from train.metrics.efficientnet import LITE0, fold_front, load_lite

from .config import DamageTrainConfig
from .growth import grown, why_not_grown


def with_loaded_network(config: DamageTrainConfig) -> DamageTrainConfig:
    """Return the config with the network of the weights that the run starts from, unless another one was chosen.

    It has the features of EfficientNet-Lite0 in any case, unless it was chosen to have none.

    Raises:
        WeightsError: the weights cannot be loaded.
    """
    if config.init_from is None or config.network != DamageTrainConfig().network:
        return config
    loaded = _loaded(config.init_from).config
    lite0_blocks = loaded.lite0_blocks or config.network.lite0_blocks
    return dataclasses.replace(config, network=dataclasses.replace(loaded, lite0_blocks=lite0_blocks))


def initial_network(config: DamageTrainConfig) -> DamageNetwork:
    """Return the network that a run starts with: random weights, or those of `init_from`, grown to the run's network.

    EfficientNet-Lite0 has its ImageNet weights if `init_from` has none for it.

    Raises:
        WeightsError: the weights cannot be loaded.
        ValueError: the run's network is no larger one of theirs.
    """
    network = DamageNetwork(config.network)
    needs_lite0 = network.lite0 is not None
    if config.init_from is not None:
        loaded = _loaded(config.init_from)
        needs_lite0 = needs_lite0 and loaded.lite0 is None
        expected = dataclasses.replace(config.network, lite0_blocks=0) if needs_lite0 else config.network
        if (reason := why_not_grown(loaded.config, expected)) is not None:
            raise ValueError(
                f"The network of this run does not fit the weights of {config.init_from}, {loaded.config}: {reason};"
                " or leave out --init-from."
            )
        network.load_state_dict(grown(loaded, expected).state_dict(), strict=not needs_lite0)
    if needs_lite0:
        assert network.lite0 is not None
        fold_front(load_lite(LITE0), network.lite0.stem, network.lite0.blocks)
    return network


def _loaded(init_from: str) -> DamageNetwork:
    return load_damage_network(None if init_from == "bundled" else init_from)
