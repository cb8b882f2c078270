"""Files are valid for the package onnx, and are computed by ONNX Runtime as they were described."""

import numpy as np
import onnx
import onnxruntime
import pytest

from inpaint.runtime.onnx_file import Graph


def run(content, **inputs):
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, inputs)


def checked(graph, **arguments):
    model = onnx.load_model_from_string(graph.to_bytes(**arguments))
    onnx.checker.check_model(model, full_check=True)
    return model


def test_operators_constants_and_free_axes_are_those_that_were_added():
    graph = Graph("sums")
    x = graph.input("x", ["batch", 3, "width"])
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    product = graph.node("MatMul", graph.constant(weight, "weight"), x)
    mean = graph.node("ReduceMean", product, graph.constant([-1]), keepdims=0)
    graph.output(graph.node("Clip", mean, "", graph.constant(9.5)), "mean", ["batch", 2])
    checked(graph)
    for batch, width in ((1, 5), (4, 2)):
        value = np.random.default_rng(0).normal(size=(batch, 3, width)).astype(np.float32)
        (result,) = run(graph.to_bytes(), x=value)
        assert np.allclose(result, np.minimum((weight @ value).mean(-1), 9.5), atol=1e-6)


def test_attributes_keep_their_type_and_value():
    graph = Graph("attributes")
    x = graph.input("x", [1, 1, "height", "width"])
    scales = graph.constant(np.array([1, 1, 2, 2], np.float32))
    twice = graph.node("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
    pooled = graph.node("AveragePool", twice, kernel_shape=[2, 2], strides=[2, 2], count_include_pad=1)
    graph.output(graph.node("LeakyRelu", pooled, alpha=0.25), "y", [1, 1, "height", "width"])
    nodes = {node.op_type: node for node in checked(graph).graph.node}
    values = {
        attribute.name: onnx.helper.get_attribute_value(attribute)
        for name in ("Resize", "AveragePool", "LeakyRelu")
        for attribute in nodes[name].attribute
    }
    assert values == {
        "mode": b"linear", "coordinate_transformation_mode": b"half_pixel", "kernel_shape": [2, 2], "strides": [2, 2],
        "count_include_pad": 1, "alpha": 0.25,
    }  # fmt: skip


def test_negative_large_and_fractional_attributes_are_stored():
    graph = Graph("numbers")
    x = graph.input("x", [2, 3])
    graph.output(graph.node("Custom", x, axis=-1, count=2**40, ints=[-2, 300], floats=[0.5, -1.5]), "y", [2, 3])
    attributes = onnx.load_model_from_string(graph.to_bytes()).graph.node[0].attribute
    values = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in attributes}
    assert values == {"axis": -1, "count": 2**40, "ints": [-2, 300], "floats": [0.5, -1.5]}


def test_an_operator_with_several_outputs_names_each_of_them():
    graph = Graph("split")
    x = graph.input("x", [4, "width"])
    first, second = graph.nodes("Split", x, outputs=2, axis=0, num_outputs=2)
    graph.output(graph.node("Sub", second, first), "difference", [2, "width"])
    checked(graph)
    value = np.arange(12, dtype=np.float32).reshape(4, 3)
    assert np.array_equal(run(graph.to_bytes(), x=value)[0], value[2:] - value[:2])


def test_whole_numbers_can_be_inputs():
    graph = Graph("slice")
    x, start = graph.input("x", ["width"]), graph.input("start", [1], np.int64)
    graph.output(graph.node("Slice", x, start, graph.constant([9]), graph.constant([0])), "part", ["rest"])
    checked(graph)
    value = np.arange(6, dtype=np.float32)
    assert np.array_equal(run(graph.to_bytes(), x=value, start=np.array([4]))[0], value[4:])


def test_metadata_and_the_description_are_stored():
    graph = Graph("named")
    graph.output(graph.input("x", [1]), "y", [1])
    model = checked(graph, metadata={"source": "bundled", "empty": ""}, description="Maps x to y, naïvely.")
    assert {entry.key: entry.value for entry in model.metadata_props} == {"source": "bundled", "empty": ""}
    assert (model.graph.name, model.doc_string) == ("named", "Maps x to y, naïvely.")


def test_a_small_constant_is_stored_once_and_equal_numbers_of_other_types_are_not_confused():
    graph = Graph("constants")
    assert graph.constant([1, 0]) == graph.constant(np.array([1, 0]))
    different = [graph.constant(0.0), graph.constant([0]), graph.constant(np.zeros(2, np.float32))]
    assert len(set(different)) == 3
    large = np.zeros(100, np.float32)
    assert graph.constant(large, "large") != graph.constant(large + 1, "large")


def test_unknown_inputs_and_names_that_are_taken_are_refused():
    graph = Graph("names")
    graph.input("x", [1])
    with pytest.raises(ValueError, match="'y', which is no value"):
        graph.node("Relu", "y")
    with pytest.raises(ValueError, match="'x' already"):
        graph.input("x", [1])
    with pytest.raises(KeyError):
        graph.constant(np.zeros(2, np.float64))


def test_operators_that_no_output_depends_on_are_left_out():
    graph = Graph("unread")
    x = graph.input("x", ["n"])
    parts = graph.nodes("Split", x, outputs=2, num_outputs=2)
    graph.node("Exp", graph.node("Neg", parts[0]))
    graph.output(graph.node("Sqrt", parts[1]), "y", ["n"])
    assert [node.op_type for node in checked(graph).graph.node] == ["Split", "Sqrt", "Identity"]
    assert run(graph.to_bytes(), x=np.array([1, 4], np.float32))[0] == [2]
