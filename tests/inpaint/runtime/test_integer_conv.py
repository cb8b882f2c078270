"""Convolutions from integers to integers compute what those in floats do, up to rounding."""

import numpy as np
import pytest

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.runtime.graph_layers import GraphLayers
from inpaint.runtime.integer_conv import Codes, decoded, encoded
from inpaint.runtime.onnx_file import Graph
from inpaint.runtime.onnxruntime import open_session

RANGES = {"first": ConvRanges((-2.0, 1.0), (0.0, 8.0)), "second": ConvRanges((0.0, 8.0), (-7.0, 5.0))}


def two_convs(ranges, *, stride=1):
    """The content of a graph of two convolutions with a ReLU between them."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 0.3, (8, 4, 3, 3)), rng.normal(0, 0.3, (4, 8, 1, 1))
    graph = Graph("two convolutions")
    layers = GraphLayers(graph, {}, ranges)
    x = graph.input("x", [1, 4, "rows", "columns"])
    x = layers.relu(layers.conv(x, first.astype(np.float32), np.full(8, 0.2, np.float32), stride=stride, name="first"))
    graph.output(layers.conv(x, second.astype(np.float32), name="second"), "y", [1, 4, "rows", "columns"])
    return graph.to_bytes()


def run(content):
    x = np.random.default_rng(1).uniform(-2, 1, (1, 4, 12, 10)).astype(np.float32)
    return open_session(content).run(None, {"x": x})[0]


@pytest.mark.parametrize("stride", [1, 2])
def test_integers_stand_for_what_floats_are(stride):
    exact, found = run(two_convs({}, stride=stride)), run(two_convs(RANGES, stride=stride))
    assert -7 < exact.min() < -3 and 1 < exact.max() < 5  # nothing is clipped at the end
    assert 0 < np.abs(found - exact).max() < 0.15
    steps = found * (255 / 12)
    assert np.allclose(steps, np.rint(steps), atol=1e-3)  # of the range of outputs


def test_integers_go_on_as_they_are_where_the_ranges_are_the_same():
    content = two_convs(RANGES)
    assert content.count(b"QLinearConv") and b"Relu" not in content
    operators = [
        content.count(b"\x22" + bytes([len(name)]) + name) for name in (b"QuantizeLinear", b"DequantizeLinear")
    ]
    assert operators == [1, 1]
    others = two_convs({**RANGES, "second": ConvRanges((0.0, 7.0), (-7.0, 5.0))})
    operators = [others.count(b"\x22" + bytes([len(name)]) + name) for name in (b"QuantizeLinear", b"DequantizeLinear")]
    assert operators == [2, 2]


def test_a_relu_stays_where_integers_stand_for_values_below_0():
    ranges = {"first": ConvRanges((-2.0, 1.0), (-8.0, 8.0))}
    assert b"Relu" in two_convs(ranges)
    assert np.abs(run(two_convs(ranges)) - run(two_convs({}))).max() < 0.15


@pytest.mark.parametrize("bounds", [(0.0, 5.0), (-3.0, 5.0), (-5.0, 0.0)])
def test_a_value_is_rounded_to_its_bounds(bounds):
    graph = Graph("one value")
    codes = encoded(graph, graph.input("x", ["n"]), bounds)
    graph.output(decoded(graph, codes), "y", ["n"])
    values = np.linspace(-8, 8, 2001, dtype=np.float32)
    (rounded,) = open_session(graph.to_bytes()).run(None, {"x": values})
    step = float(codes.scale)
    assert np.allclose(rounded, np.clip(values, *bounds), atol=1.01 * step)
    assert len(np.unique(rounded)) == 256 and 0 in rounded


def test_0_is_exactly_an_integer():
    codes = Codes("x", (-0.7, 2.1))
    assert codes.zero.dtype == np.uint8 and int(codes.zero) == 64
    assert codes.scale == pytest.approx(2.8 / 255)


@pytest.mark.parametrize("weight", [0.0, 1e-9, 1e-5])
def test_a_channel_whose_weights_are_next_to_nothing_keeps_its_bias(weight):
    graph = Graph("a bias")
    layers = GraphLayers(graph, {}, {"conv": ConvRanges((-1.0, 1.0), (-4.0, 4.0))})
    weights = np.full((2, 3, 1, 1), weight, np.float32)
    weights[1] = 0.5
    x = graph.input("x", [1, 3, "rows", "columns"])
    graph.output(layers.conv(x, weights, np.array([2, -3], np.float32), name="conv"), "y", [1, 2, "rows", "columns"])
    (found,) = open_session(graph.to_bytes()).run(None, {"x": np.ones((1, 3, 4, 4), np.float32)})
    assert np.allclose(found[0, 0], 2, atol=0.02) and np.allclose(found[0, 1], -1.5, atol=0.02)
