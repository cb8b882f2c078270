"""The Context Encoder as an ONNX graph, built from its config and its weights: no PyTorch is needed.

Batch norms are fused into the convolutions before them. Differences from PyTorch are rounding errors.

Reference:
    `inpaint.networks.context_encoder.ContextEncoder`, which computes the same.
"""

from collections.abc import Mapping

import numpy as np

from inpaint.networks.config import ContextEncoderConfig

from .graph_layers import GraphLayers
from .onnx_file import Graph

INPUT, OUTPUT = "picture", "decoded"
_SIDE = ContextEncoderConfig.side
_CELLS = 4
"""Side of the map between encoder and decoder."""


def context_encoder_graph(config: ContextEncoderConfig, tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return the network of a Context Encoder as the content of an ONNX file.

    Its input "picture" is float32 (B, 3, 128, 128) in [-1, 1] with the mean colour in the hole. Its output "decoded" is
    float32 in [-1, 1]: (B, 3, 64, 64), the centre, or of a generator with the region "full" (B, 3, 128, 128).

    Args:
        config: sizes and variant.
        tensors: name in the state dict -> float32 array.
    """
    graph = Graph("Context Encoder")
    layers = _ContextEncoder(graph, tensors)
    upsamplings = 4 if config.region == "center" else 5
    x = layers.encoded(graph.input(INPUT, ["batch", 3, _SIDE, _SIDE]))
    decoded = layers.decoded(layers.mixed(x, config.bottleneck), upsamplings)
    side = _CELLS * 2**upsamplings
    graph.output(decoded, OUTPUT, ["batch", 3, side, side])
    return graph.to_bytes()


class _ContextEncoder(GraphLayers):
    """The parts of a Context Encoder."""

    def encoded(self, x: str) -> str:
        """Return the map of 4x4 cells after five convolutions of stride 2."""
        x = self._leaky_relu(self.layer(x, "encoder.0", stride=2))
        for index in (2, 5, 8, 11):
            x = self._leaky_relu(self.conv(x, *self._fused(f"encoder.{index}", f"encoder.{index + 1}"), stride=2))
        return x

    def mixed(self, x: str, bottleneck: str) -> str:
        """Return the map after the layer that connects its cells."""
        if bottleneck == "fc":
            weight, bias = self._fused("bottleneck.0", "bottleneck.1")
            units = self._leaky_relu(self.conv(x, weight, bias, pads=[0, 0, 0, 0]))
            return self.relu(self._transposed(units, "bottleneck.3", "bottleneck.4", stride=1, padding=0))
        if bottleneck == "channelwise":
            x = self._channelwise(x)
        first = 1 if bottleneck == "channelwise" else 0
        return self.relu(self.conv(x, *self._fused(f"bottleneck.{first}", f"bottleneck.{first + 1}")))

    def decoded(self, x: str, upsamplings: int) -> str:
        """Return the picture after transposed convolutions, each of which doubles the sides."""
        for number in range(upsamplings - 1):
            index = 3 * number
            x = self.relu(self._transposed(x, f"decoder.{index}", f"decoder.{index + 1}"))
        last = f"decoder.{3 * (upsamplings - 1)}"
        return self.graph.node("Tanh", self._transposed(x, last, None))

    def _channelwise(self, x: str) -> str:
        """Return each channel's cells, connected with each other; see `networks.layers.ChannelwiseFullyConnected`."""
        graph = self.graph
        weight, bias = self.tensors["bottleneck.0.weight"], self.tensors["bottleneck.0.bias"]
        flat = graph.node("Reshape", x, graph.constant([0, 0, 1, _CELLS * _CELLS]))
        mixed = graph.node("MatMul", flat, graph.constant(weight, "weight"))
        mixed = self.add(mixed, graph.constant(bias[:, None], "bias"))
        return graph.node("Reshape", mixed, graph.constant([0, 0, _CELLS, _CELLS]))

    def _fused(self, name: str, norm: str) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and bias of a convolution with the batch norm after it."""
        scale, shift = self.batch_norm(norm)
        weight = self.tensors[f"{name}.weight"] * scale[:, None, None, None]
        return weight, self.tensors[f"{name}.bias"] * scale + shift

    def _leaky_relu(self, x: str) -> str:
        return self.graph.node("LeakyRelu", x, alpha=0.2)

    def _transposed(self, x: str, name: str, norm: str | None, *, stride: int = 2, padding: int = 1) -> str:
        """Return a transposed convolution with the batch norm after it, if there is one."""
        weight, bias = self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        if norm:
            scale, shift = self.batch_norm(norm)
            weight, bias = weight * scale[:, None, None], bias * scale + shift
        constants = self.graph.constant(weight, "weight"), self.graph.constant(bias, "bias")
        return self.graph.node("ConvTranspose", x, *constants, strides=[stride] * 2, pads=[padding] * 4)
