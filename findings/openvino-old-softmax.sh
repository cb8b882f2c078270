#!/usr/bin/env bash
# openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2: Softmax of opset 11 and 12 is normalised along the wrong axes.
#
# Expected: before opset 13, ONNX's Softmax flattens its input into rows, from `axis` (1 by default) to the last one,
# and the sum of each row is 1. Of 4 channels of 7 x 9 attention scores, all 252 add up to 1.
# Seen: OpenVINO does so up to opset 10, and from 11 on as opset 13 defines: along `axis` alone, so that all scores add
# up to 63. LogSoftmax of the same opsets is right. If `axis` is the last one, both are the same. No error or warning.
# ONNX's ReferenceEvaluator computes the old opsets as opset 13, too. ONNX Runtime is right.
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

SHAPE = (1, 4, 7, 9)
scores = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)


def model_of(kind, opset, axis):
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, SHAPE) for name in ("scores", "result")]
    node = helper.make_node(kind, ["scores"], ["result"], axis=axis)
    graph = helper.make_graph([node], "layer", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6)
    onnx.checker.check_model(model, full_check=True)
    return model


def computed(model):
    content = model.SerializeToString()
    core = openvino.Core()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    compiled = core.compile_model(core.read_model(content), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return {
        "ONNX Runtime": session.run(None, {"scores": scores})[0],
        "OpenVINO": compiled({"scores": scores})[0],
        "the reference": ReferenceEvaluator(model).run(None, {"scores": scores})[0],
    }


def softmax(axes):
    weights = np.exp(scores.astype(float))
    return weights / weights.sum(axis=axes, keepdims=True)


seen = {}
for kind in ("Softmax", "LogSoftmax"):
    for opset in (10, 11, 12, 13):
        for axis in (1, 3):
            ways = {"flattened": softmax(tuple(range(axis, 4))), "along the axis": softmax(axis)}
            for runtime, result in computed(model_of(kind, opset, axis)).items():
                weights = np.exp(result) if kind == "LogSoftmax" else result
                how = [name for name, expected in ways.items() if np.allclose(weights, expected, atol=1e-5)]
                seen[kind, opset, axis, runtime] = how
                if axis == 1:
                    print(f"{kind} of opset {opset}: {runtime} {' or '.join(how)}, all add up to {weights.sum():.1f}")
for (kind, opset, axis, runtime), how in seen.items():
    newer = opset == 13 or runtime == "the reference"
    surprising = runtime == "OpenVINO" and kind == "Softmax" and opset > 10
    expected = ["along the axis"] if newer or surprising else ["flattened"]
    assert how == (expected if axis == 1 else ["flattened", "along the axis"]), "the behaviour has changed"
PYTHON
