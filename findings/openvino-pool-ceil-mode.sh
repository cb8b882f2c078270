#!/usr/bin/env bash
# openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2: pooling with ceil_mode gets a row and a column too many.
#
# Expected: pooling with ceil_mode=1 and padding, as in PyTorch's MaxPool2d(2, 2, 1, ceil_mode=True), has no window
# that lies in the padding alone. Its result has the shape that ONNX infers and that the model tells for its output.
# Seen: OpenVINO's MaxPool of 7 x 7 pixels has 5 x 5 values instead of 4 x 4. Those of the last row and column are the
# lowest float32, -3.4e38, which the following layers take for features. The shape that the file has for the output is
# ignored. AveragePool with count_include_pad=1 has the right shape, but counts pixels beyond the padding at the right
# and the lower edge: white becomes 0.33 there instead of 0.5. No error or warning. ONNX Runtime and ONNX's reference
# agree with each other.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

LOWEST = np.finfo(np.float32).min


def model_of(kind, size, **attributes):
    """Return a graph of one layer, and the shape that ONNX infers for its output."""
    photo = helper.make_tensor_value_info("photo", TensorProto.FLOAT, [1, 1, size, size])
    node = helper.make_node(kind, ["photo"], ["result"], ceil_mode=1, **attributes)
    graph = helper.make_graph([node], "layer", [photo], [helper.make_empty_tensor_value_info("result")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model, full_check=True)
    return model, tuple(dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim)


def by_openvino(model, photo):
    core = openvino.Core()
    network = core.read_model(model.SerializeToString())
    return core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})({"photo": photo})[0]


def by_others(model, photo):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (result,) = session.run(None, {"photo": photo})
    (reference,) = ReferenceEvaluator(model).run(None, {"photo": photo})
    assert result.shape == reference.shape and np.allclose(result, reference, atol=1e-6), "the behaviour has changed"
    return result


for size, kernel, stride in [(7, 2, 2), (8, 3, 3), (9, 2, 2)]:
    photo = np.random.default_rng(0).random((1, 1, size, size), dtype=np.float32)
    layer = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [1] * 4}
    model, inferred = model_of("MaxPool", size, **layer)
    result, found = by_others(model, photo), by_openvino(model, photo)
    inner = np.array_equal(found[:, :, :-1, :-1], result)
    added = set(np.concatenate([found[0, 0, -1], found[0, 0, :, -1]]).tolist())
    print(f"MaxPool of {size} x {size}: inferred {inferred}, ONNX Runtime {result.shape}, OpenVINO {found.shape}")
    print(f"  OpenVINO's without the last row and column is right: {inner}, these contain {added}")
    assert result.shape == inferred != found.shape and inner and added == {LOWEST}, "the behaviour has changed"

layer = {"kernel_shape": [3] * 2, "strides": [2] * 2, "pads": [1] * 4, "count_include_pad": 1}
model, _ = model_of("AveragePool", 8, **layer)
white = np.ones((1, 1, 8, 8), np.float32)
result, found = by_others(model, white)[0, 0, 2], by_openvino(model, white)[0, 0, 2]
print(f"AveragePool of white, a row in the middle: ONNX Runtime {result.round(3)}, OpenVINO {found.round(3)}")
assert np.array_equal(found[:-1], result[:-1]) and abs(found[-1] - result[-1]) > 0.1, "the behaviour has changed"
PYTHON
