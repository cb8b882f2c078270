"""Convolutions in 8-bit integers: their inputs by a range that was measured, their weights by output channel.

OpenVINO multiplies 8-bit integers two to three times as fast as float32, and up to twice as fast as bfloat16. A graph
says so by pairs of QuantizeLinear and DequantizeLinear before a convolution. ONNX Runtime needs integers after it too
(`integer_conv`), and takes as long as for floats without.

Reference:
    Jacob et al. 2018, arXiv:1712.05877, Eq. 1, without zero points; Krishnamoorthi 2018, arXiv:1806.08342, section 3.1,
    of weights by channel and of ranges that are measured after training.
"""

import platform

import numpy as np

from inpaint.networks.activation_ranges import Range

from .onnx_file import Graph

_LARGEST_WEIGHT = 63
"""Weights take 7 bits of the 8. CPUs without the instructions VNNI add two products in 16 bits, which saturate at
larger weights: 2 * 255 * 63 is below 2 ** 15. So all CPUs compute the same."""


def int8_is_fast(machine: str = "") -> bool:
    """Return whether convolutions of 8-bit integers are faster than those of floats: on x86 with AVX2.

    ONNX Runtime was measured with VNNI only. CPUs without AVX2, which are older than 2013, are not told apart.

    Args:
        machine: as `platform.machine` names it; empty: this one.
    """
    return (machine or platform.machine()).lower() in ("x86_64", "amd64")


def quantized_input(graph: Graph, x: str, bounds: Range) -> str:
    """Add the quantization of a value to 8 bits, and return the value after it.

    Args:
        graph: to which nodes are added.
        x: name of the value.
        bounds: of the value: uint8 if it is never below 0, else int8, symmetric.
    """
    low, high = bounds
    is_signed = low < 0
    scale = graph.constant(np.array(max(high, -low) / (127 if is_signed else 255), np.float32))
    zero = graph.constant(np.array(0, np.int8 if is_signed else np.uint8))
    return graph.node("DequantizeLinear", graph.node("QuantizeLinear", x, scale, zero), scale, zero)


def quantized_weights(graph: Graph, weight: np.ndarray) -> str:
    """Add the weights of a convolution as 8-bit integers with a scale for each output channel, and return their name.

    Args:
        graph: to which they are added.
        weight: (C', C, h, w).
    """
    rounded, scale = rounded_weights(weight)
    return graph.node("DequantizeLinear", graph.constant(rounded, "weight"), graph.constant(scale, "scale"), axis=0)


def rounded_weights(weight: np.ndarray, least_step: np.ndarray | float = 1e-10) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of a convolution as integers, int8 (C', C, h, w), and the step of each output channel.

    Args:
        weight: (C', C, h, w).
        least_step: of all channels, or (C',).

    Returns:
        The steps are float32 (C',).
    """
    largest = np.maximum(np.abs(weight).max(axis=(1, 2, 3)), np.float32(1e-8))
    scale = np.maximum(largest / _LARGEST_WEIGHT, least_step).astype(np.float32)
    return np.rint(weight / scale[:, None, None, None]).astype(np.int8), scale
