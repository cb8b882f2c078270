"""The network that segments damage in scans of old photos."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from .config import DamageConfig
from .efficientnet import MobileBlock, SameConv, normalize_for_lite
from .lite0 import AROUND_CELLS, BLOCKS, STEM_CHANNELS


class DamageNetwork(nn.Module):
    """A small U-Net whose first feature map has half of the resolution, so that large scans take seconds on a CPU.

    Args:
        config: sizes.

    Reference:
        Ronneberger et al. 2015, arXiv:1505.04597, with batch norm, residual blocks at the coarse levels, and pixel
        unshuffling and shuffling at the ends (Shi et al. 2016, arXiv:1609.05158).
    """

    multiple = DamageConfig.multiple
    reach = DamageConfig.reach

    def __init__(self, config: DamageConfig) -> None:
        super().__init__()
        self.config = config
        half, quarter, eighth, sixteenth = config.channels
        self.at_half = nn.Sequential(_conv(24, half), _conv(half, half))
        self.at_quarter = nn.Sequential(_conv(half, quarter, stride=2), _conv(quarter, quarter))
        self.at_eighth = nn.Sequential(_conv(quarter, eighth, stride=2), Residual(eighth))
        body = (Residual(sixteenth) for _ in range(config.blocks))
        self.at_sixteenth = nn.Sequential(_conv(eighth, sixteenth, stride=2), *body)
        self.to_eighth = _conv(sixteenth + eighth, config.decoder_width)
        self.to_quarter = _conv(config.decoder_width + quarter, half * 4 // 3)
        self.to_half = _conv(half * 4 // 3 + half, half * 4 // 3)
        self.lite0 = Lite0(config.lite0_blocks, config.channels) if config.lite0_blocks else None
        self.logits = nn.Conv2d(half * 4 // 3, 4, 1)
        nn.init.constant_(self.logits.bias, -3.0)  # type: ignore[arg-type]  # damage is rare

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of damage.

        Args:
            image: (B, 3, H, W) in [-1, 1], H and W multiples of 16.

        Returns:
            (B, 1, H, W), above 0 where damage is more likely than not.
        """
        pretrained = self.lite0(image) if self.lite0 else [0, 0, 0, 0]
        half = self.at_half(F.pixel_unshuffle(torch.cat([image, local_contrast(image)], 1), 2)) + pretrained[0]
        quarter = self.at_quarter(half) + pretrained[1]
        eighth = self.at_eighth(quarter) + pretrained[2]
        sixteenth = self.at_sixteenth[0](eighth) + pretrained[3]
        x = self.to_eighth(torch.cat([_twice(self.at_sixteenth[1:](sixteenth)), eighth], 1))
        x = self.to_quarter(torch.cat([_twice(x), quarter], 1))
        x = self.to_half(torch.cat([_twice(x), half], 1))
        return F.pixel_shuffle(self.logits(x), 2)


class Lite0(nn.Module):
    """Pretrained features of EfficientNet-Lite0, to be added to maps at 1/2, 1/4, 1/8 and 1/16 of the resolution.

    A network that is trained on synthetic scratches only mistakes wires, twigs and hair for scratches; the features of
    a classifier of a thousand kinds of objects distinguish them. The pretrained weights are frozen, so that training
    on synthetic damage cannot degrade them. The 1x1 convolutions after them are learnt and start at zero.

    Args:
        blocks: number of blocks of EfficientNet-Lite0, 6 to 11.
        channels: widths of the four maps.
    """

    def __init__(self, blocks: int, channels: tuple[int, int, int, int]) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM_CHANNELS, 3, 2)
        self.blocks = nn.ModuleList(MobileBlock(*sizes) for sizes in BLOCKS[:blocks])
        self.requires_grad_(False)
        halved = [number for number, sizes in enumerate(BLOCKS) if sizes[3] == 2]
        self._last = [min(following, blocks) - 1 for following in halved]  # of the blocks at each resolution
        self.adapt = nn.ModuleList(
            nn.Conv2d(BLOCKS[last][1], wide, 1) for last, wide in zip(self._last, channels, strict=True)
        )
        self.adapt_around = nn.Conv2d(BLOCKS[blocks - 1][1], channels[-1], 1)
        for parameter in (*self.adapt.parameters(), *self.adapt_around.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return one map for each of the four resolutions.

        Args:
            image: (B, 3, H, W) in [-1, 1], H and W multiples of 16.

        Returns:
            Maps (B, C, H / 2, W / 2) to (B, C, H / 16, W / 16), C being the widths given as `channels`.
        """
        x = F.relu6(self.stem(normalize_for_lite(image)))
        maps: list[Tensor] = []
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in self._last:
                maps.append(self.adapt[len(maps)](x))
        around = F.avg_pool2d(x, AROUND_CELLS, 1, AROUND_CELLS // 2, count_include_pad=False)
        return [*maps[:-1], maps[-1] + self.adapt_around(around)]


class Residual(nn.Module):
    """Two 3x3 convolutions with an identity shortcut.

    Args:
        channels: channels of the input and of the output.

    Reference:
        He et al. 2016, arXiv:1512.03385, figure 5, left.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output: (B, C, H, W) -> (B, C, H, W)."""
        return F.relu(x + self.norm(self.second(self.first(x))), inplace=True)


def fused(network: DamageNetwork) -> DamageNetwork:
    """Return a copy of a trained network, in eval mode, with batch norms fused into the convolutions before them.

    Args:
        network: not modified.
    """
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    for module in list(copied.modules()):
        if isinstance(module, Residual):
            module.second, module.norm = fuse_conv_bn_eval(module.second, module.norm), nn.Identity()  # type: ignore[assignment]
        elif isinstance(module, nn.Sequential) and isinstance(conv := module[0], nn.Conv2d):
            module[0], module[1] = fuse_conv_bn_eval(conv, module[1]), nn.Identity()  # type: ignore[arg-type]
    return copied


def local_contrast(image: Tensor) -> Tensor:
    """Return an image normalized by the mean and standard deviation of its surroundings.

    A line then has similar values in dark and light photos, at low and high contrast.

    Args:
        image: (B, 3, H, W), H and W multiples of 16.

    Returns:
        (B, 3, H, W) in [-4, 4]: (image - mean) / standard deviation, over a window of 24x24 pixels, interpolated.

    Reference:
        Jarrett et al. 2009, "What is the Best Multi-Stage Architecture for Object Recognition?", section 2, "local
        contrast normalization".
    """
    cells = F.avg_pool2d(torch.cat([image, image.square()], 1), 8)
    around = F.avg_pool2d(F.pad(cells, (1, 1, 1, 1), mode="replicate"), 3, 1)
    mean, square = F.interpolate(around, scale_factor=8, mode="bilinear", align_corners=False).chunk(2, 1)
    deviation = (square - mean.square()).clamp(min=0).mean(1, keepdim=True).sqrt()
    return ((image - mean) / (deviation + 0.06)).clamp(-4, 4)


def _conv(channels_in: int, channels_out: int, *, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
