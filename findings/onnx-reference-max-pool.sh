#!/usr/bin/env bash
# onnx 1.23.2, onnxruntime 1.32.0: the reference evaluator mixes up the sides of MaxPool's padding.
#
# Expected: ONNX's ReferenceEvaluator pads a MaxPool as ONNX defines: the starts of all axes (top, left) come first, and
# then their ends (bottom, right).
# Seen: with strides of 1, the default, it reads pairs of top and bottom, left and right. Padding at the bottom and at
# the right becomes padding at the left and right: 9 x 12 pixels become 7 x 12 instead of 8 x 11, and padding at the top
# and the bottom shifts the result. ONNX's own shape inference, the output that the model declares, and ONNX Runtime
# say otherwise. Strides of 2 and AveragePool are right, and so is padding that is the same at all sides.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

KERNEL = 3
SIDES = "top, left, bottom, right"
photo = np.random.default_rng(0).standard_normal((1, 1, 9, 12)).astype(np.float32)


def model_of(kind, pads, stride):
    """Return a graph of one layer with an output of the shape that ONNX infers."""
    value = helper.make_tensor_value_info("photo", TensorProto.FLOAT, photo.shape)
    node = helper.make_node(kind, ["photo"], ["result"], kernel_shape=[KERNEL] * 2, pads=pads, strides=[stride] * 2)
    graph = helper.make_graph([node], "layer", [value], [helper.make_empty_tensor_value_info("result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model


def pooled(top, left, bottom, right):
    """Compute the maxima of all windows, at a stride of 1."""
    padded = np.pad(photo[0, 0], ((top, bottom), (left, right)), constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(padded, (KERNEL, KERNEL)).max(axis=(2, 3))


def results(kind, pads, stride):
    model = model_of(kind, pads, stride)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (by_runtime,) = session.run(None, {"photo": photo})
    (by_reference,) = ReferenceEvaluator(model).run(None, {"photo": photo})
    inferred = tuple(dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim)
    assert by_runtime.shape == inferred, "the behaviour has changed"
    return by_runtime[0, 0], by_reference[0, 0]


for pads in ([0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]):
    by_runtime, by_reference = results("MaxPool", pads, 1)
    top, left, bottom, right = pads
    as_pairs = np.array_equal(by_reference, pooled(top, bottom, left, right))
    shapes = f"ONNX and its runtime say {by_runtime.shape}, the reference {by_reference.shape}"
    print(f"{SIDES} = {pads}: {shapes}, as if the pairs were (top, bottom), (left, right): {as_pairs}")
    assert np.array_equal(by_runtime, pooled(*pads)) and as_pairs, "the behaviour has changed"
    assert np.array_equal(by_runtime, by_reference) == (pads == [1, 1, 1, 1]), "the behaviour has changed"
for kind, stride in (("MaxPool", 2), ("AveragePool", 1), ("AveragePool", 2)):
    alike = [
        a.shape == b.shape and np.allclose(a, b, atol=1e-6)
        for a, b in (results(kind, pads, stride) for pads in ([0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0]))
    ]
    print(f"{kind} with strides of {stride}: the same by both: {alike}")
    assert all(alike), "the behaviour has changed"
PYTHON
