"""The free-form generator, for photos of any size."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import FreeFormConfig
from .layers import ContextualAttention, ConvNeXtBlock, GlobalContext
from .old_keys import OLD_KEYS, rename_in_place
from .pyramid import initial_fill


class FreeFormGenerator(nn.Module):
    """A mask-aware U-Net for photos of any size.

    The network adds a residual to an initial fill: to the smooth fill of `pyramid.initial_fill`, or to a coarse fill,
    so that large holes can be filled coarse to fine. Pixel unshuffling and two strided convolutions lead to 1/8 of the
    resolution. There ConvNeXt blocks and global-context attention predict the content of the hole, with wider blocks at
    1/16 halfway, and contextual attention copies features of known cells. Skip connections at 1/4 and 1/2 and the
    full-resolution input keep fills of thin damage sharp. The last layers start at zero: an untrained network returns
    the initial fill.

    Args:
        config: sizes.

    Reference:
        Body: Liu et al. 2022, arXiv:2201.03545. Pixel unshuffling: Shi et al. 2016, arXiv:1609.05158, reversed.
    """

    fixed_size = None
    multiple = FreeFormConfig.multiple

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
        self.deep_body = DeepBody(eighth, config) if config.deep_blocks else None
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

    def unclamped(self, masked_image: Tensor, mask: Tensor, coarse_fill: Tensor | None = None) -> Tensor:
        """Return what `forward` returns, but without a limit of the values, which may be infinite."""
        return self._predict(self.initial_fill(masked_image, mask, coarse_fill), mask)

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
        self.config.check_sides(*masked_image.shape[-2:])
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
        prediction = self._predict(initial, mask)
        return prediction if self.training else prediction.clamp(-1, 1)

    def _predict(self, initial: Tensor, mask: Tensor) -> Tensor:
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
        prediction: Tensor = initial + self.to_rgb(x) + self.correct(inputs)
        return prediction

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *arguments: Any) -> None:
        rename_in_place(state_dict, prefix, OLD_KEYS[self.config.architecture])
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def _run_body(self, x: Tensor, mask: Tensor) -> Tensor:
        every = self.config.attention_every
        for index, block in enumerate(self.body):
            if every and index and index % every == 0:
                x = self.context[index // every - 1](x, mask)
            x = block(x)
            if self.deep_body is not None and index == self.config.deep_after:
                x = self.deep_body(x)
        return x


class DeepBody(nn.Module):
    """The part of the body at 1/16 of the resolution, a residual branch: blocks take a quarter of the time there.

    Its last layer starts at zero, so that it can be added to a trained network.

    Args:
        channels: channels of the input and of the output.
        config: sizes.
    """

    def __init__(self, channels: int, config: FreeFormConfig):
        super().__init__()
        self.down = nn.Conv2d(channels, config.deep_channels, 2, 2)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(config.deep_channels, config.expansion) for _ in range(config.deep_blocks)
        )
        self.up = nn.Conv2d(config.deep_channels, channels, 1)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Return x plus the residual: (B, C, H, W) -> (B, C, H, W), H and W even."""
        deep = self.down(x)
        for block in self.blocks:
            deep = block(deep)
        return x + F.interpolate(self.up(deep), scale_factor=2, mode="bilinear", align_corners=False)


def _up_bilinear(channels_in: int, channels_out: int) -> nn.Sequential:
    """Return layers that double the resolution; bilinear, as a pixel shuffle here leaves a grid in plain areas.

    Reference:
        Odena, Dumoulin and Olah 2016, Deconvolution and checkerboard artifacts, distill.pub.
    """
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 1), nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    )
