"""The damage network as an ONNX graph, built from its config and tensors without PyTorch.

Batch norms are fused into the convolutions before them. The graph starts where the photo and its local contrast are
unshuffled, each square of 2x2 pixels into the channels of one (`segmentation.network_input`): local contrast is a
difference of nearly equal numbers, for which a runtime that computes in bfloat16 is too inexact.

Reference:
    `inpaint.networks.damage.DamageNetwork`, which computes the same.
"""

import itertools
from collections.abc import Mapping

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import DamageConfig
from inpaint.networks.lite0 import AROUND_CELLS, BLOCKS

from .graph_layers import GraphLayers
from .onnx_file import Graph

INPUT, OUTPUT = "unshuffled", "logits"
CHANNELS = 24
_PARTS = {1: 2}
"""Block of EfficientNet-Lite0 -> number of parts in which its expanded channels are computed.

Those of block 1 are the largest map of the network: this takes a fifth off its memory, and no time.
"""

Tensors = Mapping[str, np.ndarray]


def damage_graph(
    config: DamageConfig, tensors: Tensors, ranges: Mapping[str, ConvRanges] | None = None, *, observed: bool = False
) -> bytes:
    """Return the damage network as the content of an ONNX file.

    Its input "unshuffled" is float32 (B, 24, H / 2, W / 2), H and W multiples of 16: 2x2 pixels, row by row, of 6
    channels each, red, green and blue and a quarter of their local contrast (`unshuffled_with_contrast`). Its output
    "logits" is float32 (B, 1, H, W).

    Args:
        config: sizes.
        tensors: name in the network's state dict -> float32 array.
        ranges: of the activations that are quantized, see `GraphLayers`; None: all is computed in floats.
        observed: add the inputs of all convolutions that may be quantized as outputs, see `GraphLayers.observe`.

    Raises:
        ValueError: there are ranges of other convolutions.
    """
    graph = Graph(config.architecture)
    layers = _Layers(graph, tensors, ranges)
    unshuffled = graph.input(INPUT, ("batch", CHANNELS, "rows", "columns"))
    pretrained = _lite0(layers, unshuffled, config.lite0_blocks) if config.lite0_blocks else [""] * 4
    x = layers.relu(layers.conv(unshuffled, *_for_input(*layers.fused("at_half.0")), name="at_half.0"))
    half = layers.sum(layers.conv_relu(x, "at_half.1"), pretrained[0])
    x = layers.conv_relu(half, "at_quarter.0", stride=2)
    quarter = layers.sum(layers.conv_relu(x, "at_quarter.1"), pretrained[1])
    x = layers.conv_relu(quarter, "at_eighth.0", stride=2)
    eighth = layers.sum(layers.residual(x, "at_eighth.1"), pretrained[2])
    x = layers.sum(layers.conv_relu(eighth, "at_sixteenth.0", stride=2), pretrained[3])
    for index in range(config.blocks):
        x = layers.residual(x, f"at_sixteenth.{index + 1}")
    at_half, at_quarter, at_eighth, _ = config.channels
    x = layers.relu(layers.joined(x, eighth, at_eighth, "to_eighth"))
    x = layers.relu(layers.joined(x, quarter, at_quarter, "to_quarter"))
    x = layers.relu(layers.joined(x, half, at_half, "to_half"))
    x = layers.conv(x, tensors["logits.weight"], tensors["logits.bias"])
    graph.output(graph.node("DepthToSpace", x, blocksize=2, mode="CRD"), OUTPUT, ("batch", 1, "height", "width"))
    layers.check_ranges()
    if observed:
        layers.observe()
    return graph.to_bytes(description="Segments the damage of old photos")


def _lite0(layers: "_Layers", unshuffled: str, blocks: int) -> list[str]:
    """Return the features of EfficientNet-Lite0 at 1/2, 1/4, 1/8 and 1/16 of the resolution."""
    x = layers.relu6(_stem(layers, unshuffled))
    maps: list[str] = []
    halved = [number for number, sizes in enumerate(BLOCKS) if sizes[3] == 2]
    last = [min(following, blocks) - 1 for following in halved]
    for number, (narrow, out, _, stride, _) in enumerate(BLOCKS[:blocks]):
        parts = _PARTS.get(number, 1)
        before, x = x, ""
        for part in range(parts):
            x = layers.sum(_projected(layers, before, f"lite0.blocks.{number}", stride, part, parts), x)
        if stride == 1 and narrow == out:
            x = layers.sum(x, before)
        if number in last:
            maps.append(layers.same(x, f"lite0.adapt.{len(maps)}"))
    reach = AROUND_CELLS // 2
    around = layers.graph.node(
        "AveragePool", x, kernel_shape=(AROUND_CELLS,) * 2, pads=(reach,) * 4, count_include_pad=0
    )
    return [*maps[:-1], layers.sum(maps[-1], layers.same(around, "lite0.adapt_around"))]


def _projected(layers: "_Layers", x: str, name: str, stride: int, part: int, parts: int) -> str:
    """Return what a part of the expanded channels of a block adds to its output."""
    wide = len(layers.tensors[f"{name}.depthwise.bias"])
    channels = slice(wide * part // parts, wide * (part + 1) // parts)
    if f"{name}.expand.weight" in layers.tensors:
        x = layers.relu6(layers.same(x, f"{name}.expand", channels))
    x = layers.relu6(
        layers.same(x, f"{name}.depthwise", channels, stride=stride, groups=channels.stop - channels.start)
    )
    weight, bias = layers.tensors[f"{name}.project.weight"], layers.tensors[f"{name}.project.bias"]
    return layers.conv(x, weight[:, channels], bias if part == 0 else np.zeros_like(bias))


def _stem(layers: "_Layers", unshuffled: str) -> str:
    """Return the first convolution, of 3x3 pixels with stride 2, as one of 2x2 cells of unshuffled pixels."""
    weight, bias = layers.tensors["lite0.stem.weight"], layers.tensors["lite0.stem.bias"]
    out = len(weight)
    pixels = np.zeros((out, 6, 4, 4), np.float32)
    pixels[:, :3, :3, :3] = weight
    cells = pixels.reshape(out, 6, 2, 2, 2, 2).transpose(0, 3, 5, 1, 2, 4).reshape(out, CHANNELS, 2, 2)
    return layers.conv(unshuffled, cells, bias, pads=(0, 0, 1, 1))


def _for_input(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and bias of the network's first convolution for the input of the graph.

    Its inputs are sorted by pixel and not by channel, local contrast is divided by 4, so that one range of 8-bit
    integers fits all channels, and colours are those for EfficientNet-Lite: they are changed here and not there, since
    the features of EfficientNet-Lite depend much on how its weights are rounded. Beside the photo, the zeros of the
    padding are another grey then, by a 256th.
    """
    out, _, height, width = weight.shape
    by_pixel = weight.reshape(out, 6, 4, height, width).swapaxes(1, 2).copy()
    bias = bias - by_pixel[:, :, :3].sum((1, 2, 3, 4)) * np.float32(0.5 / 127.5)
    by_pixel[:, :, :3] *= np.float32(128 / 127.5)
    by_pixel[:, :, 3:] *= 4
    return by_pixel.reshape(weight.shape), bias


class _Layers(GraphLayers):
    """The layers of the network."""

    def fused(self, conv: str, norm: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return weights and bias of a convolution with its batch norm, which are "NAME.0" and "NAME.1" by default."""
        conv, norm = (conv, norm) if norm else (f"{conv}.0", f"{conv}.1")
        scale, shift = self.batch_norm(norm)
        return self.tensors[f"{conv}.weight"] * scale[:, None, None, None], shift

    def same(self, x: str, name: str, channels: slice = slice(None), *, stride: int = 1, groups: int = 1) -> str:
        """Add some output channels of a convolution of EfficientNet-Lite0, which has TensorFlow's padding "same"."""
        weight, bias = self.tensors[f"{name}.weight"][channels], self.tensors[f"{name}.bias"][channels]
        before = (weight.shape[-1] - stride) // 2
        after = weight.shape[-1] - stride - before
        return self.conv(x, weight, bias, stride=stride, groups=groups, pads=(before, before, after, after))

    def conv_relu(self, x: str, name: str, *, stride: int = 1) -> str:
        """Add a convolution with a batch norm, and a ReLU."""
        return self.relu(self.conv(x, *self.fused(name), stride=stride, name=name))

    def residual(self, x: str, name: str) -> str:
        """Add a residual block."""
        second = self.fused(f"{name}.second", f"{name}.norm")
        inside = self.conv(self.conv_relu(x, f"{name}.first"), *second, name=f"{name}.second")
        return self.relu(self.add(inside, x))

    def relu6(self, x: str) -> str:
        """Add a ReLU6."""
        return self.graph.node("Clip", x, self.graph.constant(0.0), self.graph.constant(6.0))

    def sum(self, x: str, y: str) -> str:
        """Add a sum; an empty name stands for nothing."""
        return self.add(x, y) if y else x

    def joined(self, x: str, skipped: str, channels: int, name: str) -> str:
        """Add a convolution of 3x3 of a map, enlarged to double size by nearest neighbours, and of a skipped one.

        Nothing is enlarged or concatenated. Of a pixel's four copies each has a convolution of its own, of 2x2 taps:
        those that see the same pixel are one. A transposed convolution would do the same, but in OpenVINO its last
        bits depend on the number of threads.

        Args:
            x: the map that is to be enlarged.
            skipped: has twice its sides.
            channels: of `skipped`.
            name: of the convolution, whose weights are for the channels of both maps, in this order.
        """
        weight, bias = self.fused(name)
        of_x, of_skipped = weight[:, :-channels], weight[:, -channels:]
        copies = [
            self.conv(x, _seen_from(of_x, below, right), pads=(1 - below, 1 - right, below, right), name=name)
            for below, right in itertools.product(range(2), repeat=2)
        ]
        enlarged = self.graph.node("DepthToSpace", self.graph.node("Concat", *copies, axis=1), blocksize=2, mode="DCR")
        return self.add(self.conv(skipped, of_skipped, bias, name=f"{name}.skipped"), enlarged)


def _seen_from(weight: np.ndarray, below: int, right: int) -> np.ndarray:
    """Return a convolution of 3x3 of a map that is enlarged by nearest neighbours, for one of each pixel's four copies.

    Args:
        weight: (C', C, 3, 3).
        below: 1 for the lower copies, else 0.
        right: 1 for those at the right, else 0.

    Returns:
        (C', C, 2, 2), of the map itself: from the pixel above it if the copy is an upper one, else from it on.
    """
    taps = np.zeros((*weight.shape[:2], 2, 2), np.float32)
    for row, column in itertools.product(range(3), repeat=2):
        taps[:, :, (row + 1 - below) // 2, (column + 1 - right) // 2] += weight[:, :, row, column]
    return taps
