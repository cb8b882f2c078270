"""The exponential moving average of a network's weights, which is what a run saves for use."""

import copy

import torch
from torch import nn


class EMA:
    """Exponential moving average of a network's parameters, with a half-life in images.

    Early in a run the half-life is shortened to a twentieth of the images seen, so that the random initialization is
    soon forgotten. Buffers (batch norm statistics) are copied. With a half-life of 0 `network` is the given network
    itself, in whatever mode it is: nothing is copied or computed.

    Args:
        network: averaged; not modified.
        halflife_images: images after which the past counts half.

    Attributes:
        network: holds the averaged weights, in eval mode.

    Reference:
        Karras et al. 2022, arXiv:2206.00364, training loop of the release (ramp-up of the half-life).
    """

    def __init__(self, network: nn.Module, halflife_images: int):
        self.network = copy.deepcopy(network).eval().requires_grad_(False) if halflife_images else network
        self.halflife_images = halflife_images

    @torch.no_grad()
    def update(self, network: nn.Module, batch_size: int, images_seen: int) -> None:
        """Update the average after a training step.

        Args:
            network: the network in training.
            batch_size: images of the step.
            images_seen: images of the run, those of the step included.
        """
        if network is self.network:
            return
        halflife = min(self.halflife_images, images_seen / 20)
        decay = 0.5 ** (batch_size / halflife) if halflife else 0.0
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), 1 - decay)
        if buffers := list(self.network.buffers()):
            torch._foreach_copy_(buffers, list(network.buffers()))
