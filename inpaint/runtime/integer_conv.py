"""Convolutions from 8-bit integers to 8-bit integers, as ONNX Runtime computes them fast.

Reference:
    Jacob et al. 2018, arXiv:1712.05877, Eq. 1 (with zero points), and section 2.4 (biases are 32-bit integers).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from inpaint.networks.activation_ranges import Range

from .onnx_file import Graph
from .quantization import rounded_weights

_LARGEST_BIAS = 2.0**30
"""A channel whose weights are next to nothing has a larger step than they need, so that its bias is no larger."""


class Codes(NamedTuple):
    """A value as uint8: `scale` times the difference from a zero point.

    Attributes:
        name: of the integers in the graph, uint8 (B, C, H, W).
        bounds: what the integers 0 and 255 stand for, about; 0 lies between them.
    """

    name: str
    bounds: Range

    @property
    def scale(self) -> np.ndarray:
        """The step between two integers, float32 ()."""
        return np.array((self.bounds[1] - self.bounds[0]) / 255, np.float32)

    @property
    def zero(self) -> np.ndarray:
        """The integer that stands for 0, uint8 ()."""
        return np.array(np.rint(-self.bounds[0] / self.scale), np.uint8)

    def constants(self, graph: Graph) -> tuple[str, str]:
        """Return the names of scale and zero point in a graph."""
        return graph.constant(self.scale), graph.constant(self.zero)


def encoded(graph: Graph, x: str, bounds: Range) -> Codes:
    """Return a value, float32 of any shape, as integers; what is beyond the bounds is clipped."""
    codes = Codes("", bounds)
    return codes._replace(name=graph.node("QuantizeLinear", x, *codes.constants(graph)))


def decoded(graph: Graph, codes: Codes) -> str:
    """Return what integers stand for, as float32 of the same shape."""
    return graph.node("DequantizeLinear", codes.name, *codes.constants(graph))


def integer_conv(
    graph: Graph, x: Codes, weight: np.ndarray, bias: np.ndarray | None, bounds: Range, attributes: Mapping[str, Any]
) -> Codes:
    """Return a convolution of integers, with its output as integers: uint8 (B, C, H, W) -> (B, C', H', W').

    Args:
        graph: to which it is added.
        x: its input.
        weight: float32 (C', C, h, w).
        bias: float32 (C',); None: there is none.
        bounds: of its output.
        attributes: of the operator, those of Conv.
    """
    least = np.zeros(len(weight), np.float32) if bias is None else np.abs(bias) / (_LARGEST_BIAS * x.scale)
    rounded, scale = rounded_weights(weight, least)
    of_weight = [
        graph.constant(rounded, "weight"),
        graph.constant(scale, "scale"),
        graph.constant(np.zeros(len(scale), np.int8), "zero"),
    ]
    y = Codes("", bounds)
    inputs = [x.name, *x.constants(graph), *of_weight, *y.constants(graph)]
    if bias is not None:
        inputs.append(graph.constant(np.rint(bias / (scale * x.scale)).astype(np.int32), "bias"))
    return y._replace(name=graph.node("QLinearConv", *inputs, **attributes))
