"""Layers of EfficientNet-Lite0, with batch norms fused into the convolutions before them."""

import torch.nn.functional as F
from torch import Tensor, nn


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's padding "same", for maps with even sides.

    With stride 1 all sides are padded equally, with stride 2 left and top by one pixel less.

    Args:
        channels_in: channels of the input.
        channels_out: channels of the output.
        kernel: side of the kernel, odd.
        stride: 1 or 2.
        groups: as for `torch.nn.Conv2d`.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        padding = 0 if stride == 2 else kernel // 2
        super().__init__(channels_in, channels_out, kernel, stride, padding, groups=groups)
        before = (kernel - stride) // 2
        self._asymmetric = (before, kernel - stride - before) * 2 if stride == 2 else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution: (B, C, H, W) -> (B, C', H / stride, W / stride)."""
        return super().forward(F.pad(x, self._asymmetric) if self._asymmetric else x)


class MobileBlock(nn.Module):
    """An inverted residual block: 1x1 expansion, depthwise convolution, 1x1 projection, and a shortcut if sizes agree.

    Args:
        channels_in: channels of the input.
        channels_out: channels of the output.
        kernel: side of the depthwise kernel, odd.
        stride: 1 or 2.
        expansion: width of the depthwise convolution as a multiple of `channels_in`; 1 for no expansion layer.

    Reference:
        Sandler et al. 2018, arXiv:1801.04381, section 3.3.
    """

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels_in * expansion
        self.expand = SameConv(channels_in, wide, 1) if expansion > 1 else None
        self.depthwise = SameConv(wide, wide, kernel, stride, groups=wide)
        self.project = SameConv(wide, channels_out, 1)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output: (B, C, H, W) -> (B, C', H / stride, W / stride)."""
        return self.reduced(self.expanded(x), x)

    def expanded(self, x: Tensor) -> Tensor:
        """Return the output of the expansion layer after ReLU6."""
        return x if self.expand is None else F.relu6(self.expand(x), inplace=True)

    def reduced(self, expanded: Tensor, x: Tensor) -> Tensor:
        """Return the output of the block.

        Args:
            expanded: as `expanded` returns it.
            x: the block's input.
        """
        projected = self.project(F.relu6(self.depthwise(expanded), inplace=True))
        return projected + x if self.residual else projected


def normalize_for_lite(image: Tensor) -> Tensor:
    """Return an image in [-1, 1] in the range that EfficientNet-Lite expects: (pixel - 127) / 128."""
    return (image * 127.5 + 0.5) / 128
