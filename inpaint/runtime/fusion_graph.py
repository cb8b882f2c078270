"""The network that decides from the logits of three sizes as an ONNX graph, built from its config and tensors.

Reference:
    `inpaint.networks.damage_fusion.DamageFusion`, which computes the same.
"""

from collections.abc import Mapping

import numpy as np

from inpaint.networks.config import DamageFusionConfig

from .graph_layers import GraphLayers
from .onnx_file import Graph

FUSION_INPUT = "fused"


def fusion_graph(config: DamageFusionConfig, tensors: Mapping[str, np.ndarray]) -> bytes:
    """Return the network as the content of an ONNX file.

    Its input "fused" is float32 (B, 24, H / 2, W / 2), as `segmentation.fusion_input` returns it; H and W are multiples
    of 32. Its output "added" is float32 (B, 1, H, W).

    Args:
        config: sizes.
        tensors: name in the network's state dict -> float32 array.
    """
    graph = Graph(config.architecture)
    layers = GraphLayers(graph, tensors)
    x = layers.relu(layers.layer(graph.input(FUSION_INPUT, ("batch", 24, "rows", "columns")), "first"))
    for index, dilation in enumerate(config.dilations):
        if index == 1:
            x = layers.add(x, _around(layers, x))
        x = layers.add(x, layers.relu(layers.layer(x, f"layers.{index}", dilation=dilation)))
    added = graph.node("DepthToSpace", layers.layer(x, "last"), blocksize=2, mode="CRD")
    graph.output(added, "added", ("batch", 1, "height", "width"))
    return graph.to_bytes(description="Decides from the logits of damage at three sizes")


def _around(layers: GraphLayers, x: str) -> str:
    """Return what is added to all cells: (B, C, 1, 1), from means and the largest means of blocks of each channel."""
    graph, axes = layers.graph, layers.graph.constant([2, 3])
    blocks = layers.average_pool(x, 8)
    parts = [
        graph.node("ReduceMean", x, axes),
        graph.node("Sqrt", graph.node("ReduceMean", graph.node("Mul", x, x), axes)),
        graph.node("ReduceMax", blocks, axes),
        graph.node("ReduceMax", layers.average_pool(blocks, 2), axes),
    ]
    hidden = graph.node("Concat", *parts, axis=1)
    for name in ("around.0", "around.2"):
        weight, bias = layers.tensors[f"{name}.weight"], layers.tensors[f"{name}.bias"]
        hidden = layers.conv(hidden, weight[:, :, None, None], bias)
        if name == "around.0":
            hidden = layers.relu(hidden)
    return hidden
