"""Layers of convolutional networks as nodes of an ONNX graph, with weights from a state dict."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges, Range

from .integer_conv import Codes, decoded, encoded, integer_conv
from .onnx_file import Graph
from .quantization import quantized_input, quantized_weights

INPUT_OF, OUTPUT_OF = "input of ", "output of "
"""What the names of outputs start with that are inputs and outputs of convolutions."""
_BATCH_NORM_EPSILON = 1e-5  # PyTorch's


class GraphLayers:
    """Adds layers to a graph. Methods take and return names of values (B, C, H, W).

    Args:
        graph: to which nodes are added.
        tensors: name in the state dict -> float32 array.
        ranges: name of a convolution -> its ranges; these convolutions are computed in 8-bit integers. Where there is
            a range of the output, it is rounded to integers too, as ONNX Runtime needs it to be fast.

    Attributes:
        conv_inputs: name -> input of each convolution that has a name, and so may be quantized.
        conv_outputs: name -> output of these, or of the ReLU behind it.
    """

    def __init__(
        self, graph: Graph, tensors: Mapping[str, np.ndarray], ranges: Mapping[str, ConvRanges] | None = None
    ) -> None:
        self.graph = graph
        self.tensors = tensors
        self.conv_inputs: dict[str, str] = {}
        self.conv_outputs: dict[str, str] = {}
        self._ranges = ranges or {}
        self._quantized: dict[str, str] = {}
        self._codes: dict[str, Codes] = {}
        self._rectified: set[str] = set()

    def conv(
        self,
        x: str,
        weight: np.ndarray,
        bias: np.ndarray | None = None,
        *,
        stride: int = 1,
        groups: int = 1,
        dilation: int = 1,
        pads: Sequence[int] = (),
        name: str = "",
    ) -> str:
        """Return a convolution whose output has the input's sides, divided by the stride.

        Args:
            x: its input.
            weight: (C', C / groups, side, side).
            bias: (C',); None: there is none.
            stride: 1 or 2.
            groups: as for `torch.nn.Conv2d`.
            dilation: the same, for odd sides and a stride of 1.
            pads: zeros above, left, below and right; empty: the same on all sides.
            name: by which its range is known; empty: it is never quantized.
        """
        side = weight.shape[-1]
        attributes: dict[str, Any] = {
            "pads": pads or [(dilation * (side - 1) + 2 - stride) // 2] * 4,
            "strides": [stride] * 2,
            "dilations": [dilation] * 2,
            "group": groups,
        }
        ranges = self._ranges.get(name)
        if ranges is not None and ranges.output is not None:
            y = self._integer_conv(x, weight, bias, ranges.input, ranges.output, attributes)
        else:
            inputs = [x, self.graph.constant(np.ascontiguousarray(weight, np.float32), "weight")]
            if ranges is not None:
                inputs = [self._quantized_input(x, ranges.input), quantized_weights(self.graph, weight)]
            if bias is not None:
                inputs.append(self.graph.constant(np.ascontiguousarray(bias, np.float32), "bias"))
            y = self.graph.node("Conv", *inputs, **attributes)
        if name:
            self.conv_inputs[name], self.conv_outputs[name] = x, y
        return y

    def _quantized_input(self, x: str, bounds: Range) -> str:
        """Return a value quantized, once for all convolutions of it: their ranges are the same."""
        if x not in self._quantized:
            self._quantized[x] = quantized_input(self.graph, x, bounds)
        return self._quantized[x]

    def _integer_conv(
        self,
        x: str,
        weight: np.ndarray,
        bias: np.ndarray | None,
        of_input: Range,
        of_output: Range,
        attributes: Mapping[str, Any],
    ) -> str:
        """Return a convolution whose output is rounded to integers too; one behind it takes these as they are."""
        codes = self._codes.get(x)
        if codes is None or codes.bounds != of_input:
            codes = self._codes[x] = encoded(self.graph, x, of_input)
        result = integer_conv(self.graph, codes, weight, bias, of_output, attributes)
        y = decoded(self.graph, result)
        self._codes[y] = result
        if result.bounds[0] == 0:
            self._rectified.add(y)
        return y

    def observe(self, *, outputs: bool = False) -> None:
        """Make an output of the graph of the input of each convolution with a name: INPUT_OF and that name.

        Args:
            outputs: and of its output, or that of the ReLU behind it: OUTPUT_OF and that name.
        """
        for start, values in ((INPUT_OF, self.conv_inputs), (OUTPUT_OF, self.conv_outputs if outputs else {})):
            for name, value in values.items():
                self.graph.output(value, f"{start}{name}", ["batch", "channels", "rows", "columns"])

    def check_ranges(self) -> None:
        """Raise ValueError if there are ranges of convolutions that the graph does not have."""
        if unknown := sorted(set(self._ranges) - set(self.conv_inputs)):
            raise ValueError(
                f"there is a range of {unknown[0]}, which is no convolution of the network: measure them again"
            )

    def layer(self, x: str, name: str, *, stride: int = 1, groups: int = 1, dilation: int = 1) -> str:
        """Return the convolution of this name in the state dict."""
        weight, bias = self.tensors[f"{name}.weight"], self.tensors.get(f"{name}.bias")
        known_as = name if groups == 1 else ""
        return self.conv(x, weight, bias, stride=stride, groups=groups, dilation=dilation, name=known_as)

    def relu(self, x: str) -> str:
        """Return max(x, 0); of a convolution whose integers stand for no value below 0, itself."""
        if x in self._rectified:
            return x
        y = self.graph.node("Relu", x)
        self.conv_outputs = {name: y if value == x else value for name, value in self.conv_outputs.items()}
        return y

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
        return self.conv(x, weight * scale[:, None, None, None], bias * scale, name=name)
