"""The free-form generator as an ONNX graph, built from its config and its weights: no PyTorch is needed.

The graph computes what `networks.free_form.FreeFormGenerator` does after its initial fill, arranged so that OpenVINO
and ONNX Runtime take less time: the decoder runs on a window around the hole only; layer norms are convolutions; skip
connections are added instead of concatenated; the last layers run at half of the resolution. Differences from PyTorch
are rounding errors.
"""

from collections.abc import Mapping

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import FreeFormConfig

from .graph_layers import GraphLayers
from .onnx_file import Graph

CELL_PX = FreeFormConfig.multiple
"""Sides of pictures and windows are multiples of this number of pixels."""
REACH_PX = 19
"""Distance from the edge of a window within which the result differs from that without a window, unless the edge is the
picture's. Interpolation to 1/4 of the resolution mixes up one cell, two convolutions two more; at 1/2 these three are
six, one more is mixed up, and two convolutions add two; the last convolution adds a pixel to their eighteen."""
_PHASES = [(0, 0), (0, 1), (1, 0), (1, 1)]
"""The four pixels of a cell at half of the resolution, in the order of SpaceToDepth and DepthToSpace."""


def free_form_graph(
    config: FreeFormConfig,
    tensors: Mapping[str, np.ndarray],
    ranges: Mapping[str, ConvRanges] | None = None,
    *,
    observed: bool = False,
) -> bytes:
    """Return the network of a free-form generator as the content of an ONNX file.

    Its inputs are `initial_fill` (B, 3, H, W) and `mask` (B, 1, H, W), both float32 as for `FreeFormGenerator.refine`,
    and `window` int64 (4,): top, left, bottom and right edge in cells of CELL_PX pixels. Its output is `residual`
    (B, 3, h, w), what the network adds to the initial fill in the window; results within REACH_PX of an edge of the
    window inside the picture mean nothing.

    Args:
        config: sizes.
        tensors: name in the state dict -> float32 array.
        ranges: of the activations that are quantized, see `GraphLayers`; None: all is computed in floats.
        observed: add the inputs and outputs of all convolutions that may be quantized as outputs, see
            `GraphLayers.observe`.

    Raises:
        ValueError: there are ranges of other convolutions.
    """
    graph = Graph("free-form generator")
    layers = _FreeForm(config, graph, tensors, ranges)
    initial = graph.input("initial_fill", ["batch", 3, "height", "width"])
    mask = graph.input("mask", ["batch", 1, "height", "width"])
    window = graph.input("window", [4], np.int64)
    graph.output(layers.residual(initial, mask, window), "residual", ["batch", 3, "window_height", "window_width"])
    layers.check_ranges()
    if observed:
        layers.observe(outputs=True)
    return graph.to_bytes()


class _FreeForm(GraphLayers):
    """The layers of the free-form generator.

    In PyTorch a ReLU in place also changes the map that a skip connection carries on: here maps that are carried on
    are outputs of the ReLU.
    """

    def __init__(
        self,
        config: FreeFormConfig,
        graph: Graph,
        tensors: Mapping[str, np.ndarray],
        ranges: Mapping[str, ConvRanges] | None,
    ) -> None:
        super().__init__(graph, tensors, ranges)
        self.config = config
        self.half, self.quarter, self.eighth = config.channels

    def residual(self, initial: str, mask: str, window: str) -> str:
        """Return what is added to the initial fill."""
        unshuffled = self.graph.node(
            "SpaceToDepth", self.graph.node("Concat", initial, mask, axis=1), blocksize=2
        )  # pixel-major channels; PyTorch's are channel-major
        stem = self.tensors["stem.0.weight"].reshape(self.half, 4, 4, 3, 3).swapaxes(1, 2).reshape(self.half, 16, 3, 3)
        x = self.relu(self.conv(unshuffled, stem, self.tensors["stem.0.bias"]))
        at_half = self.relu(self.layer(x, "stem.2"))
        x = self.relu(self.layer(at_half, "down_quarter.1", stride=2))
        at_quarter = self.relu(self.add(x, self.layer(x, "mix_quarter.1")))
        hole = self.average_pool(mask, 16)
        x = self._body(self.layer(at_quarter, "down_eighth.1", stride=2), hole)
        skip = self._windowed(at_quarter, window, 4)
        if self.config.key_channels:
            skip = self.add(skip, self._contextual_attention(x, at_quarter, hole, window))
        x = self.upsample(self.layer(self._windowed(x, window, 2), "up_quarter.0"))
        x = self._merged(x, skip, "merge_quarter", self.quarter)
        x = self.upsample(self.layer(self.relu(x), "up_half.1"))
        x = self._merged(x, self._windowed(at_half, window, 8), "merge_half", self.half)
        x = self.relu(self.layer(self.relu(x), "up_full.1"))
        return self._to_rgb(x, self._windowed(unshuffled, window, 8))

    def _windowed(self, x: str, window: str, cells: int) -> str:
        """Return the part of a map in the window; `cells` of its cells are as long as CELL_PX pixels."""
        graph = self.graph
        edges = graph.node("Mul", window, graph.constant([cells])) if cells > 1 else window
        start = graph.node("Slice", edges, graph.constant([0]), graph.constant([2]))
        end = graph.node("Slice", edges, graph.constant([2]), graph.constant([4]))
        return graph.node("Slice", x, start, end, graph.constant([2, 3]))

    def _body(self, x: str, hole: str) -> str:
        every = self.config.attention_every
        for index in range(self.config.blocks):
            if every and index and index % every == 0:
                x = self._global_context(x, hole, f"context.{index // every - 1}")
            x = self._convnext_block(x, f"body.{index}", self.eighth)
            if self.config.deep_blocks and index == self.config.deep_after:
                x = self.add(x, self._deep_body(x))
        return x

    def _deep_body(self, x: str) -> str:
        x = self.layer(x, "deep_body.down", stride=2)
        for index in range(self.config.deep_blocks):
            x = self._convnext_block(x, f"deep_body.blocks.{index}", self.config.deep_channels)
        return self.upsample(self.layer(x, "deep_body.up"))

    def _convnext_block(self, x: str, name: str, channels: int) -> str:
        normalized = self.normalized(self.layer(x, f"{name}.spatial", groups=channels), channels)
        weight, bias = self.norm_folded(f"{name}.norm.norm", f"{name}.expand")
        hidden = self.relu(self.conv(normalized, weight, bias, name=f"{name}.expand"))
        return self.add(x, self.scaled_layer(hidden, f"{name}.contract", self.tensors[f"{name}.scale"]))

    def _global_context(self, x: str, hole: str, name: str) -> str:
        """Return x plus what each cell attends to, see `networks.layers.GlobalContext`.

        The bias on the keys is one more channel of theirs, for which that of the queries is 1: adding it to all pairs
        would take longer.
        """
        graph, heads = self.graph, self.config.attention_heads
        size = self.eighth // heads
        coarse = self.average_pool(x, 2)
        coarse = self.add(coarse, self.layer(coarse, f"{name}.position", groups=self.eighth))
        weight, bias = self.norm_folded(f"{name}.norm.norm", f"{name}.query_key_value")
        weight, bias = weight.reshape(3, heads, size, self.eighth), bias.reshape(3, heads, size)
        query_weight = np.pad(weight[0] / size**0.5, ((0, 0), (0, 1), (0, 0)))
        query_bias = np.pad(bias[0] / size**0.5, ((0, 0), (0, 1)), constant_values=1)
        projected = self.conv(
            self.normalized(coarse, self.eighth),
            np.concatenate([query_weight.reshape(-1, self.eighth), weight[1:].reshape(-1, self.eighth)])[
                ..., None, None
            ],
            np.concatenate([query_bias.reshape(-1), bias[1:].reshape(-1)]),
        )
        sizes = graph.constant([self.eighth + heads, self.eighth, self.eighth])
        query, key, value = (
            graph.node("Reshape", part, graph.constant([0, heads, channels, -1]))
            for part, channels in zip(
                graph.nodes("Split", projected, sizes, outputs=3, axis=1), (size + 1, size, size), strict=True
            )
        )
        discount = np.logaddexp(0, self.tensors[f"{name}.discount"]).reshape(1, heads, 1, 1) * np.float32(-4)
        flat_hole = graph.node("Reshape", hole, graph.constant([0, 1, 1, -1]))
        key = graph.node("Concat", key, graph.node("Mul", flat_hole, graph.constant(discount)), axis=2)
        mixed = self._attended(query, key, value, None)
        mixed = graph.node("Reshape", mixed, graph.node("Shape", coarse))
        return self.add(x, self.upsample(self.scaled_layer(mixed, f"{name}.project", self.tensors[f"{name}.scale"])))

    def _contextual_attention(self, x: str, fine: str, hole: str, window: str) -> str:
        """Return what is added to the fine map in the window, see `networks.layers.ContextualAttention`."""
        graph, name, size = self.graph, "contextual_attention", self.config.key_channels
        key = self.layer(self.average_pool(x, 2), f"{name}.key")
        length = graph.node("ReduceL2", key, graph.constant([1]))
        key = graph.node("Div", key, graph.node("Max", length, graph.constant(1e-12)))
        query = self._windowed(key, window, 1)
        sides = graph.node("Slice", graph.node("Shape", query), graph.constant([2]), graph.constant([4]))
        query = graph.node("Mul", query, graph.constant(float(self.tensors[f"{name}.softmax_scale"])))
        value = graph.node("SpaceToDepth", self.layer(fine, f"{name}.value"), blocksize=4)
        channels = 16 * len(self.tensors[f"{name}.value.bias"])
        # a cell that is all hole counts only where no cell is known
        flat_hole = graph.node("Reshape", hole, graph.constant([0, 1, 1, -1]))
        bias = graph.node("Mul", flat_hole, graph.constant(-20.0))
        query, key, value = (
            graph.node("Reshape", part, graph.constant([0, 1, count, -1]))
            for part, count in ((query, size), (key, size), (value, channels))
        )
        mixed = self._attended(query, key, value, bias)
        mixed = graph.node("Reshape", mixed, graph.node("Concat", graph.constant([0, channels]), sides, axis=0))
        return self.layer(graph.node("DepthToSpace", mixed, blocksize=4), f"{name}.output")

    def _attended(self, query: str, key: str, value: str, bias: str | None) -> str:
        """Return the weighted mean of the values for each query.

        Args:
            query: (B, heads, channels, N).
            key: (B, heads, channels, M).
            value: (B, heads, value channels, M).
            bias: (B, 1, 1, M), added to the products; None: 0.

        Returns:
            (B, heads, value channels, N).
        """
        graph = self.graph
        products = graph.node("MatMul", graph.node("Transpose", query, perm=[0, 1, 3, 2]), key)
        shares = graph.node("Softmax", products if bias is None else self.add(products, bias), axis=-1)
        mixed = graph.node("MatMul", shares, graph.node("Transpose", value, perm=[0, 1, 3, 2]))
        return graph.node("Transpose", mixed, perm=[0, 1, 3, 2])

    def _merged(self, x: str, skip: str, name: str, channels: int) -> str:
        """Return x plus the residual of two convolutions of both maps; the first is a sum instead of a copy of both."""
        weight, bias = self.tensors[f"{name}.0.weight"], self.tensors[f"{name}.0.bias"]
        merged = self.add(
            self.conv(x, weight[:, :channels], bias, name=f"{name}.0"),
            self.conv(skip, weight[:, channels:], name=f"{name}.0.skip"),
        )
        return self.add(x, self.layer(self.relu(merged), f"{name}.2"))

    def _to_rgb(self, x: str, unshuffled: str) -> str:
        """Return the last two convolutions of the network, computed at half of the resolution."""
        detail = self.tensors["to_rgb.weight"].shape[1]
        by_channel = _at_half(self.tensors["to_rgb.weight"]).reshape(12, 4, detail, 3, 3).swapaxes(1, 2)
        rgb = self.conv(x, by_channel.reshape(12, -1, 3, 3), np.tile(self.tensors["to_rgb.bias"], 4))
        return self.graph.node(
            "DepthToSpace", self.add(rgb, self.conv(unshuffled, _at_half(self.tensors["correct.weight"]))), blocksize=2
        )


def _at_half(weight: np.ndarray) -> np.ndarray:
    """Return a 3x3 convolution as one between maps of half the resolution, whose channels are the pixels of a cell.

    Args:
        weight: (C', C, 3, 3).

    Returns:
        (4 C', 4 C, 3, 3), channels in the order of `_PHASES`, each with all channels of a pixel.
    """
    channels_out, channels_in = weight.shape[:2]
    result = np.zeros((4, channels_out, 4, channels_in, 3, 3), np.float32)
    for phase, (top, left) in enumerate(_PHASES):
        for row in range(3):
            for column in range(3):
                y, x = top + row - 1, left + column - 1
                result[phase, :, _PHASES.index((y % 2, x % 2)), :, y // 2 + 1, x // 2 + 1] = weight[:, :, row, column]
    return result.reshape(4 * channels_out, 4 * channels_in, 3, 3)
