"""The running average of the generator's weights, which is what ships."""

import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average of a network's parameters, with a half-life in images.

    Early in a run the half-life is shortened to a twentieth of the images seen, so that the random start is forgotten.
    Buffers (batch norm statistics) are copied. With a half-life of 0 `network` is the very network that was given, in
    whatever mode it is in: nothing is copied or computed.

    Args:
        network: averaged; not modified.
        halflife_images: after so many images a weight's past counts half.

    Reference:
        Karras et al. 2022, arXiv:2206.00364, training loop (ramp-up of the half-life).
    """

    def __init__(self, network: nn.Module, halflife_images: int):
        self.network = copy.deepcopy(network).eval().requires_grad_(False) if halflife_images else network
        self.halflife_images = halflife_images

    @torch.no_grad()
    def update(self, network: nn.Module, batch_size: int, images_seen: int) -> None:
        """Takes in the weights after a step of `batch_size` images, the last of which was number `images_seen`."""
        if network is self.network:
            return
        halflife = min(self.halflife_images, images_seen / 20)
        decay = 0.5 ** (batch_size / halflife) if halflife else 0.0
        for average, parameter in zip(self.network.parameters(), network.parameters(), strict=True):
            average.lerp_(parameter, 1 - decay)
        for copied, buffer in zip(self.network.buffers(), network.buffers(), strict=True):
            copied.copy_(buffer)
