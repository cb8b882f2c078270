"""Layers of convolutional networks as nodes of an ONNX graph, with weights from a state dict."""

from collections.abc import Mapping, Sequence

import numpy as np

from .onnx_file import Graph

_BATCH_NORM_EPSILON = 1e-5  # PyTorch's


class GraphLayers:
    """Adds layers to a graph. Methods take and return names of values (B, C, H, W).

    Args:
        graph: to which nodes are added.
        tensors: name in the state dict -> float32 array.
    """

    def __init__(self, graph: Graph, tensors: Mapping[str, np.ndarray]) -> None:
        self.graph = graph
        self.tensors = tensors

    def conv(
        self,
        x: str,
        weight: np.ndarray,
        bias: np.ndarray | None = None,
        *,
        stride: int = 1,
        groups: int = 1,
        pads: Sequence[int] = (),
    ) -> str:
        """Return a convolution whose output has the input's sides, divided by the stride.

        Args:
            x: its input.
            weight: (C', C / groups, side, side).
            bias: (C',); None: there is none.
            stride: 1 or 2.
            groups: as for `torch.nn.Conv2d`.
            pads: zeros above, left, below and right; empty: the same on all sides.
        """
        side = weight.shape[-1]
        constants = [self.graph.constant(np.ascontiguousarray(weight, np.float32), "weight")]
        if bias is not None:
            constants.append(self.graph.constant(np.ascontiguousarray(bias, np.float32), "bias"))
        pads = pads or [(side - stride + 1) // 2] * 4
        return self.graph.node("Conv", x, *constants, pads=pads, strides=[stride, stride], group=groups)

    def layer(self, x: str, name: str, *, stride: int = 1, groups: int = 1) -> str:
        """Return the convolution of this name in the state dict."""
        weight, bias = self.tensors[f"{name}.weight"], self.tensors.get(f"{name}.bias")
        return self.conv(x, weight, bias, stride=stride, groups=groups)

    def relu(self, x: str) -> str:
        """Return max(x, 0)."""
        return self.graph.node("Relu", x)

    def add(self, x: str, y: str) -> str:
        """Return the sum of two values."""
        return self.graph.node("Add", x, y)

    def upsample(self, x: str) -> str:
        """Return twice the resolution, bilinear, as `align_corners=False` has it."""
        scales = self.graph.constant(np.array([1, 1, 2, 2], np.float32))
        return self.graph.node("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")

    def average_pool(self, x: str, side: int) -> str:
        """Return the means of blocks."""
        return self.graph.node("AveragePool", x, kernel_shape=[side, side], strides=[side, side])

    def normalized(self, x: str, channels: int) -> str:
        """Return x with mean 0 and variance 1 over the channels of each cell, without the learnt scale and shift.

        The means are convolutions of 1x1, for which nothing is transposed: a LayerNormalization along the last axis
        takes three times as long.
        """
        mean = np.full((1, channels, 1, 1), 1 / channels, np.float32)
        centred = self.graph.node("Sub", x, self.conv(x, mean))
        squared = self.graph.node("Mul", centred, centred)
        variance = self.conv(squared, mean, np.array([1e-6], np.float32))
        return self.graph.node("Div", centred, self.graph.node("Sqrt", variance))

    def norm_folded(self, norm: str, conv: str) -> tuple[np.ndarray, np.ndarray]:
        """Return weight and bias of a 1x1 convolution with the scale and shift of the norm before it folded in."""
        weight, bias = self.tensors[f"{conv}.weight"], self.tensors[f"{conv}.bias"]
        scale, shift = self.tensors[f"{norm}.weight"], self.tensors[f"{norm}.bias"]
        return weight * scale[:, None, None], bias + weight[:, :, 0, 0] @ shift

    def batch_norm(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return what a trained batch norm multiplies each channel with, and what it then adds: (C,) each."""
        mean, variance = self.tensors[f"{name}.running_mean"], self.tensors[f"{name}.running_var"]
        scale = self.tensors[f"{name}.weight"] / np.sqrt(variance + np.float32(_BATCH_NORM_EPSILON))
        return scale, self.tensors[f"{name}.bias"] - mean * scale

    def scaled_layer(self, x: str, name: str, scale: np.ndarray) -> str:
        """Return a convolution times a number for each output channel."""
        scale = scale.reshape(-1)
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        return self.conv(x, weight * scale[:, None, None, None], bias * scale)
