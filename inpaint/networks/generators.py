"""The generators: the Context Encoder of 2016 and the free-form generator for photos of any size.

Each maps (masked_image, mask) to a prediction of the whole picture; the caller composites the prediction into the hole.
"""

import itertools
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import ConfigError, ContextEncoderConfig, FreeFormConfig, GeneratorConfig
from .layers import ChannelwiseFullyConnected, ContextualAttention, ConvNeXtBlock, GlobalContext
from .old_keys import rename_in_place
from .pyramid import initial_fill


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

    fixed_size = 128
    multiple = 128
    mean_colour = (117 / 127.5 - 1, 104 / 127.5 - 1, 123 / 127.5 - 1)
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
        if masked_image.shape[-2:] != (self.fixed_size, self.fixed_size):
            height, width = masked_image.shape[-2:]
            raise ValueError(f"the picture is {width}x{height}; a Context Encoder takes 128x128: resize or crop it")
        decoded = self.decoder(self.bottleneck(self.encoder(masked_image + mask * self.mean)))
        if self.config.region == "full":
            return decoded
        rim = self.fixed_size // 4
        prediction = masked_image.to(decoded.dtype).clone()
        prediction[..., rim:-rim, rim:-rim] = decoded
        return prediction


class FreeFormGenerator(nn.Module):
    """A mask-aware U-Net for photos of any size.

    The network adds a residual to an initial fill: to the smooth fill of `pyramid.initial_fill`, or to a coarse fill,
    so that large holes can be filled coarse to fine. Pixel unshuffling and two strided convolutions lead to 1/8 of the
    resolution. There ConvNeXt blocks and global-context attention predict the content of the hole, and contextual
    attention copies features of known cells. Skip connections at 1/4 and 1/2 and the full-resolution input keep fills
    of thin damage sharp. The last layers start at zero: an untrained network returns the initial fill.

    Args:
        config: sizes.

    Reference:
        Body: Liu et al. 2022, arXiv:2201.03545. Pixel unshuffling: Shi et al. 2016, arXiv:1609.05158, reversed.
    """

    fixed_size = None
    multiple = 16
    old_keys: ClassVar = {
        "borrow.match.": "contextual_attention.key.",
        "borrow.lend.": "contextual_attention.value.",
        "borrow.take.": "contextual_attention.output.",
        "borrow.sharpness": "contextual_attention.softmax_scale",
    }
    """Beginnings of state-dict keys in files of earlier versions, and what they are now."""

    def __init__(self, config: FreeFormConfig):
        super().__init__()
        self.config = config
        half, quarter, eighth = config.channels
        detail = max(4, half * 2 // 5)
        self.stem = nn.Sequential(nn.Conv2d(16, half, 3, padding=1), nn.ReLU(True), nn.Conv2d(half, half, 3, padding=1))
        self.down_quarter = nn.Sequential(nn.ReLU(True), nn.Conv2d(half, quarter, 4, 2, 1))
        self.mix_quarter = nn.Sequential(nn.ReLU(True), nn.Conv2d(quarter, quarter, 3, padding=1))
        self.down_eighth = nn.Sequential(nn.ReLU(True), nn.Conv2d(quarter, eighth, 4, 2, 1))
        self.body = nn.ModuleList(ConvNeXtBlock(eighth, config.expansion) for _ in range(config.blocks))
        every = config.attention_every
        count = (config.blocks - 1) // every if every else 0
        self.context = nn.ModuleList(GlobalContext(eighth, config.attention_heads) for _ in range(count))
        self.contextual_attention = (
            ContextualAttention(eighth, quarter, config.key_channels, 4) if config.key_channels else None
        )
        self.up_quarter = _up_bilinear(eighth, quarter)
        self.merge_quarter = nn.Sequential(
            nn.Conv2d(2 * quarter, quarter, 3, padding=1), nn.ReLU(True), nn.Conv2d(quarter, quarter, 3, padding=1)
        )
        self.up_half = nn.Sequential(nn.ReLU(True), *_up_bilinear(quarter, half))
        self.merge_half = nn.Sequential(
            nn.Conv2d(2 * half, half, 3, padding=1), nn.ReLU(True), nn.Conv2d(half, half, 3, padding=1)
        )
        self.up_full = nn.Sequential(nn.ReLU(True), nn.Conv2d(half, detail * 4, 1), nn.PixelShuffle(2), nn.ReLU(True))
        # one convolution of both maps concatenated would copy them at full resolution
        self.to_rgb = nn.Conv2d(detail, 3, 3, padding=1)
        self.correct = nn.Conv2d(4, 3, 3, padding=1, bias=False)
        for parameter in (*self.to_rgb.parameters(), *self.correct.parameters()):
            nn.init.zeros_(parameter)

    def forward(self, masked_image: Tensor, mask: Tensor, coarse_fill: Tensor | None = None) -> Tensor:
        """Predict the whole picture.

        Args:
            masked_image: (B, 3, H, W) in [-1, 1]; H and W multiples of 16. Values inside the hole are ignored.
            mask: (B, 1, H, W) in {0, 1}, 1 = hole.
            coarse_fill: (B, 3, H, W) in [-1, 1], a fill to be refined, such as the upsampled fill of a smaller copy.
                Values outside the hole are ignored. None: start from the smooth initial fill.

        Returns:
            (B, 3, H, W), in [-1, 1] in eval mode. In training mode values may lie slightly outside, so that they still
            have a gradient.

        Raises:
            ValueError: a side is not a multiple of 16.
        """
        return self.refine(self.initial_fill(masked_image, mask, coarse_fill), mask)

    def initial_fill(self, masked_image: Tensor, mask: Tensor, coarse_fill: Tensor | None = None) -> Tensor:
        """Return what the network starts from: the picture with its hole filled smoothly or from the coarse fill.

        Args:
            masked_image: as for `forward`.
            mask: as for `forward`.
            coarse_fill: as for `forward`.

        Returns:
            (B, 3, H, W) in [-1, 1].

        Raises:
            ValueError: a side is not a multiple of 16.
        """
        height, width = masked_image.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise ValueError(
                f"the picture is {width}x{height}; both sides must be multiples of {self.multiple}:"
                " pad it, or use Inpainter, which takes any size"
            )
        if coarse_fill is None:
            return initial_fill(masked_image, mask)
        return torch.where(mask > 0, coarse_fill, masked_image)

    def refine(self, initial: Tensor, mask: Tensor) -> Tensor:
        """Return the initial fill plus the network's residual.

        Args:
            initial: (B, 3, H, W), as `initial_fill` returns it.
            mask: (B, 1, H, W) in {0, 1}, 1 = hole.

        Returns:
            (B, 3, H, W), as `forward` returns it.
        """
        inputs = torch.cat([initial, mask], 1)
        at_half = self.stem(F.pixel_unshuffle(inputs, 2))
        at_quarter = self.down_quarter(at_half)
        at_quarter = at_quarter + self.mix_quarter(at_quarter)
        x = self._run_body(self.down_eighth(at_quarter), F.avg_pool2d(mask, 8))
        if self.contextual_attention is not None:
            at_sixteenth, hole = F.avg_pool2d(x, 2), F.avg_pool2d(mask, 16)
            at_quarter = at_quarter + self.contextual_attention(at_sixteenth, at_quarter, hole)
        x = self.up_quarter(x)
        x = x + self.merge_quarter(torch.cat([x, at_quarter], 1))
        x = self.up_half(x)
        x = x + self.merge_half(torch.cat([x, at_half], 1))
        x = self.up_full(x)
        prediction = initial + self.to_rgb(x) + self.correct(inputs)
        return prediction if self.training else prediction.clamp(-1, 1)

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *arguments: Any) -> None:
        rename_in_place(state_dict, prefix, self.old_keys)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _run_body(self, x: Tensor, mask: Tensor) -> Tensor:
        every = self.config.attention_every
        for index, block in enumerate(self.body):
            if every and index and index % every == 0:
                x = self.context[index // every - 1](x, mask)
            x = block(x)
        return x


def _up_bilinear(channels_in: int, channels_out: int) -> nn.Sequential:
    """Return layers that double the resolution; bilinear, as a pixel shuffle here leaves a grid in plain areas.

    Reference:
        Odena, Dumoulin and Olah 2016, Deconvolution and checkerboard artifacts, distill.pub.
    """
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    )


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


GENERATORS: dict[str, type[ContextEncoder] | type[FreeFormGenerator]] = {
    ContextEncoderConfig.architecture: ContextEncoder,
    FreeFormConfig.architecture: FreeFormGenerator,
}
MAX_PARAMETERS = 200_000_000


def build_generator(config: GeneratorConfig) -> ContextEncoder | FreeFormGenerator:
    """Return a generator with random weights.

    Args:
        config: its architecture and sizes.

    Raises:
        ConfigError: it would have more than `MAX_PARAMETERS` parameters. Checked before memory is allocated.
    """
    generator_class: Any = GENERATORS[config.architecture]
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in generator_class(config).parameters())
    if size > MAX_PARAMETERS:
        raise ConfigError(
            f"the config describes a generator of {size:,} parameters; at most {MAX_PARAMETERS:,} are allowed:"
            " reduce channels or bottleneck_channels"
        )
    return generator_class(config)
