"""A larger damage network that computes the same as a trained one: training continues from it with more capacity."""

import torch
from torch import Tensor

from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork, Residual


def why_not_grown(config: DamageConfig, larger: DamageConfig) -> str | None:
    """Return why a network of one config cannot be grown into one of another, as a sentence; None: it can be.

    Args:
        config: of the trained network.
        larger: of the other one, which may differ only in more blocks or a wider decoder.
    """
    for name, flag in (("channels", "channels"), ("lite0_blocks", "lite0-blocks")):
        own, wanted = getattr(config, name), getattr(larger, name)
        if own != wanted:
            own = " ".join(map(str, own)) if isinstance(own, tuple) else own
            return f"their {name} must stay: add --network.{flag} {own}"
    if larger.blocks < config.blocks:
        return f"no block can be left out: add --network.blocks {config.blocks}, or more"
    if larger.decoder_width < config.decoder_width:
        return f"the decoder can only become wider: add --network.decoder-channels {config.decoder_width}, or more"
    if config.lite0_blocks and not config.blocks and larger.blocks:
        # what EfficientNet-Lite0 adds may be negative, which the first block would cut off
        return "with EfficientNet-Lite0 and without blocks they cannot get any: add --network.blocks 0"
    return None


@torch.no_grad()
def grown(network: DamageNetwork, larger: DamageConfig) -> DamageNetwork:
    """Return a larger network that computes the same as a trained one.

    Args:
        network: trained; not modified.
        larger: config of the result, see `why_not_grown`.

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
    before, after = network.config.decoder_width, larger.decoder_width
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
