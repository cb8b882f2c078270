#!/usr/bin/env bash
# openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2: ConvTranspose with output_shape shifts the picture by a pixel.
#
# Expected: ConvTranspose with auto_pad SAME_UPPER and an output_shape of twice the input, as a decoder has it, is
# computed as ONNX defines since opset 11: of an odd padding, the extra row and column are cut off at the end, and at
# the start for SAME_LOWER.
# Seen: OpenVINO computes SAME_UPPER with output_shape as SAME_LOWER, so that the result is shifted up and to the left
# by a pixel. Without output_shape the same layer has the same shape and is right. No error or warning. ONNX Runtime and
# ONNX's reference are right in each case. Leave output_shape out, or write pads.
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
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

rng = np.random.default_rng(0)
features = rng.standard_normal((1, 8, 12, 16)).astype(np.float32)
kernel = rng.standard_normal((8, 3, 3, 3)).astype(np.float32)
HEIGHT, WIDTH = 24, 32


def model_of(**attributes):
    values = [
        helper.make_tensor_value_info("features", TensorProto.FLOAT, features.shape),
        helper.make_tensor_value_info("picture", TensorProto.FLOAT, (1, 3, HEIGHT, WIDTH)),
    ]
    node = helper.make_node("ConvTranspose", ["features", "kernel"], ["picture"], strides=[2, 2], **attributes)
    graph = helper.make_graph([node], "layer", values[:1], values[1:], [numpy_helper.from_array(kernel, "kernel")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model


def computed(model):
    content = model.SerializeToString()
    core = openvino.Core()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {
        "ONNX Runtime": session.run(None, {"features": features})[0],
        "the reference": ReferenceEvaluator(model).run(None, {"features": features})[0],
        "OpenVINO": compiled({"features": features})[0],
    }


# by definition: all that the kernel reaches, less the rows and columns that are cut off
whole = np.zeros((1, 3, HEIGHT + 1, WIDTH + 1))
for row in range(3):
    for column in range(3):
        part = np.einsum("ncyx,cd->ndyx", features, kernel[:, :, row, column])
        whole[:, :, row : row + HEIGHT : 2, column : column + WIDTH : 2] += part
cut = {"at the end": whole[:, :, :-1, :-1], "at the start": whole[:, :, 1:, 1:]}

seen = {}
for padding in ("SAME_UPPER", "SAME_LOWER"):
    for name, shape in (("without output_shape", {}), ("with output_shape", {"output_shape": [HEIGHT, WIDTH]})):
        for runtime, result in computed(model_of(auto_pad=padding, **shape)).items():
            where = [side for side, expected in cut.items() if np.allclose(result, expected, atol=1e-4)]
            seen[padding, name, runtime] = where
            print(f"{padding} {name}: {runtime} has cut off a row and a column {' and '.join(where) or 'elsewhere'}")
for (padding, name, runtime), where in seen.items():
    surprising = (padding, name, runtime) == ("SAME_UPPER", "with output_shape", "OpenVINO")
    expected = ["at the start"] if surprising or padding == "SAME_LOWER" else ["at the end"]
    assert where == expected, "the behaviour has changed"
PYTHON
