#!/usr/bin/env bash
# openvino 2026.4.1 on CPUs, onnx 1.23.2: Add, Sub and Mul of uint8 saturate; in ONNX's reference and NumPy they wrap around.
#
# Expected: one model gives one result: 200 + 100 = 44 in uint8, in OpenVINO as in ONNX's reference.
# Seen: 200 + 100 = 255, 1 - 2 = 0, 200 * 100 = 255. Where uint8 arithmetic is part of a model (masks, pre-processing), a
# network that relies on either behaviour is right on one runtime and wrong on the other, without an error. Convert to int32
# or float32 in the model for the same result everywhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import openvino
from onnx import parser
from onnx.reference import ReferenceEvaluator

a, b = np.array([200, 1, 100], np.uint8), np.array([100, 2, 100], np.uint8)
seen = {}
for name in ("Add", "Sub", "Mul"):
    graph = f"agraph (uint8[3] a, uint8[3] b) => (uint8[3] c) {{ c = {name}(a, b) }}"
    model = parser.parse_model(f'<ir_version: 9, opset_import: ["": 14]> {graph}')
    compiled = openvino.compile_model(openvino.Core().read_model(model.SerializeToString()), "CPU")
    seen[name] = compiled([a, b])[0].tolist(), ReferenceEvaluator(model).run(None, {"a": a, "b": b})[0].tolist()
    print(f"{name} {a} {b}: OpenVINO {seen[name][0]}, reference {seen[name][1]}")
saturated = {"Add": [255, 3, 200], "Sub": [100, 0, 0], "Mul": [255, 2, 255]}
wrapped = {"Add": [44, 3, 200], "Sub": [100, 255, 0], "Mul": [32, 2, 16]}
assert seen == {name: (saturated[name], wrapped[name]) for name in seen}, "the behaviour has changed"
PYTHON
