"""The Context Encoder of 2016, for pictures of 128x128."""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ContextEncoderConfig
from .layers import ChannelwiseFullyConnected


def _down(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels_in, channels_out, 4, 2, 1), nn.BatchNorm2d(channels_out), nn.LeakyReLU(0.2, True)]


def _up(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [nn.ConvTranspose2d(channels_in, channels_out, 4, 2, 1), nn.BatchNorm2d(channels_out), nn.ReLU(True)]


class _MapToUnits(nn.Conv2d):
    """A convolution whose kernel covers the whole map, computed as the fully connected layer that it is.

    On a CPU the gradient of the convolution takes tens of times as long.
    """

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x.flatten(1), self.weight.flatten(1), self.bias)[..., None, None]


class _UnitsToMap(nn.ConvTranspose2d):
    """A transposed convolution from a 1x1 map to a map of the kernel's size, computed as a fully connected layer."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        assert self.bias is not None
        return (x.flatten(1) @ self.weight.flatten(1)).unflatten(1, self.weight.shape[1:]) + self.bias[:, None, None]


class ContextEncoder(nn.Module):
    """Context Encoder for 128x128 pictures, as its authors trained it.

    An encoder of five 4x4 convolutions with stride 2 (128x128 to 4x4), a bottleneck that connects all positions, and a
    decoder of transposed convolutions. Hole pixels enter as the mean colour of the authors' release. The mask itself is
    not an input.

    Args:
        config: sizes and variant.

    Reference:
        Pathak et al. 2016, arXiv:1604.07379, section 3.1 and figure 9; widths and bottleneck from the authors' release.
    """

    fixed_size = ContextEncoderConfig.side
    multiple = fixed_size
    mean_colour = ContextEncoderConfig.mean_colour
    mean: Tensor

    def __init__(self, config: ContextEncoderConfig):
        super().__init__()
        self.config = config
        c = config.channels
        self.encoder = nn.Sequential(
            nn.Conv2d(3, c, 4, 2, 1),
            nn.LeakyReLU(0.2, True),
            *_down(c, c),
            *_down(c, 2 * c),
            *_down(2 * c, 4 * c),
            *_down(4 * c, 8 * c),
        )
        self.bottleneck = self._build_bottleneck(config)
        widths = [8 * c, 4 * c, 2 * c, c] + ([c] if config.region == "full" else [])
        stages = [layer for pair in itertools.pairwise(widths) for layer in _up(*pair)]
        self.decoder = nn.Sequential(*stages, nn.ConvTranspose2d(c, 3, 4, 2, 1), nn.Tanh())
        self.register_buffer("mean", torch.tensor(self.mean_colour).view(1, 3, 1, 1), persistent=False)
        self.apply(_init_dcgan)

    @staticmethod
    def _build_bottleneck(config: ContextEncoderConfig) -> nn.Sequential:
        wide, units = 8 * config.channels, config.bottleneck_channels
        if config.bottleneck == "fc":
            return nn.Sequential(
                _MapToUnits(wide, units, 4),
                nn.BatchNorm2d(units),
                nn.LeakyReLU(0.2, True),
                _UnitsToMap(units, wide, 4),
                nn.BatchNorm2d(wide),
                nn.ReLU(True),
            )
        mixing = [ChannelwiseFullyConnected(wide, 4)] if config.bottleneck == "channelwise" else []
        # the convolution after it carries information across channels
        convolution = nn.Conv2d(wide, wide, 1 if mixing else 3, padding=0 if mixing else 1)
        return nn.Sequential(*mixing, convolution, nn.BatchNorm2d(wide), nn.ReLU(True))

    def forward(self, masked_image: Tensor, mask: Tensor) -> Tensor:
        """Predict the picture.

        Args:
            masked_image: (B, 3, 128, 128) in [-1, 1], 0 in the hole.
            mask: (B, 1, 128, 128) in {0, 1}, 1 = hole.

        Returns:
            (B, 3, 128, 128) in [-1, 1]. With region "center" everything outside the central 64x64 is `masked_image`.

        Raises:
            ValueError: the picture is not 128x128.
        """
        self.config.check_sides(*masked_image.shape[-2:])
        decoded = self.decoder(self.bottleneck(self.encoder(masked_image + mask * self.mean)))
        if self.config.region == "full":
            return decoded
        rim = self.fixed_size // 4
        prediction = masked_image.to(decoded.dtype).clone()
        prediction[..., rim:-rim, rim:-rim] = decoded
        return prediction


def _init_dcgan(module: nn.Module) -> None:
    """Draw weights with mean 0 and standard deviation 0.02.

    Reference:
        Radford et al. 2015, DCGAN, arXiv:1511.06434, section 4, as in the Context Encoder's release.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
