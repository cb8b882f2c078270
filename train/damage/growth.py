"""A larger damage network that computes the same as a trained one: training continues from it with more capacity."""

import dataclasses

import torch
from torch import Tensor

from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork, Residual


def can_grow(config: DamageConfig, larger: DamageConfig) -> bool:
    """Return whether a network of one config can become one of another: the same, with more blocks or a wider decoder.

    Args:
        config: of the trained network.
        larger: of the other one.
    """
    if config.lite0_blocks and not config.blocks and larger.blocks:
        return False  # what EfficientNet-Lite0 adds may be negative, which the first block would cut off
    same = dataclasses.replace(larger, blocks=config.blocks, decoder_channels=config.decoder_channels) == config
    return same and larger.blocks >= config.blocks and decoder_width(larger) >= decoder_width(config)


def decoder_width(config: DamageConfig) -> int:
    """Return the channels of the decoder at 1/8 of the resolution."""
    return config.decoder_channels or config.channels[1]


@torch.no_grad()
def grown(network: DamageNetwork, larger: DamageConfig) -> DamageNetwork:
    """Return a larger network that computes the same as a trained one.

    Args:
        network: trained; not modified.
        larger: config of the result, see `can_grow`.

    Returns:
        On the CPU, in training mode. A further block adds nothing yet, as the scale of its last batch norm is 0; the
        further channels of the decoder have random weights, and nothing takes them up yet.

    Reference:
        Goyal et al. 2017, arXiv:1706.02677, section 5.1, of the scale of 0; Chen et al. 2016, arXiv:1511.05641, of
        networks that grow without changing what they compute.
    """
    result = DamageNetwork(larger)
    for block in result.at_sixteenth[network.config.blocks + 1 :]:
        assert isinstance(block, Residual)
        torch.nn.init.zeros_(block.norm.weight)
    before, after = decoder_width(network.config), decoder_width(larger)
    values = result.state_dict()
    for name, trained in network.state_dict().items():
        if trained.shape != values[name].shape:
            trained = _widened(name, trained, values[name], before, after)
        values[name].copy_(trained)
    return result


def _widened(name: str, trained: Tensor, random: Tensor, before: int, after: int) -> Tensor:
    """Return the weights of a wider decoder.

    Args:
        name: of the weights.
        trained: those of the narrower decoder.
        random: of the result's shape.
        before: width of the narrower decoder.
        after: width of the wider one.
    """
    widened = random.clone()
    if name == "to_quarter.0.weight":  # takes the decoder's channels, and then those of the encoder
        widened[:, :before], widened[:, before:after] = trained[:, :before], 0
        widened[:, after:] = trained[:, before:]
    else:
        widened[:before] = trained
    return widened
