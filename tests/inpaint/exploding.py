"""A generator with finite weights whose predictions are not finite."""

import torch

from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator

TINY = FreeFormConfig(channels=(8, 8, 16), blocks=1, attention_every=0, key_channels=0)


def exploding(weight=3e38):
    """A generator whose last layer overflows to infinity, which is white once it is clipped to [-1, 1]."""
    generator = build_generator(TINY)
    with torch.no_grad():
        generator.up_full[1].weight.zero_()
        generator.up_full[1].bias.fill_(100)
        generator.to_rgb.weight.fill_(weight)
    return generator.eval()
