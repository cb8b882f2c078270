"""A generator without weights whose predictions can be computed by hand."""

from types import SimpleNamespace

import torch
from torch import nn

from inpaint.runtime.pytorch import PyTorchRuntime


class MeanGenerator(nn.Module):
    """Predicts its coarse fill, or the mean colour of the known pixels everywhere; `calls` are its arguments so far."""

    multiple = 16
    fixed_size = None
    config = SimpleNamespace(architecture="mean")

    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, masked_image, mask, coarse_fill=None):
        assert masked_image.shape[-1] % self.multiple == 0
        assert masked_image.shape[-2] % self.multiple == 0
        assert (masked_image * mask == 0).all()
        assert set(mask.unique().tolist()) <= {0.0, 1.0}
        assert not torch.is_grad_enabled()
        assert masked_image.abs().max() <= 1
        self.calls.append((masked_image, mask))
        if coarse_fill is not None:
            assert coarse_fill.shape == masked_image.shape
            return coarse_fill
        known = (1 - mask).sum((2, 3), keepdim=True).clamp_min(1)
        return (masked_image.sum((2, 3), keepdim=True) / known).expand_as(masked_image)


def in_pytorch(generator):
    """A generator in the runtime of PyTorch on the CPU, for a filler."""
    return PyTorchRuntime(generator.eval(), "cpu")
