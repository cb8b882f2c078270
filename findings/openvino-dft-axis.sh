#!/usr/bin/env bash
# openvino 2026.4.1 on CPUs, onnx 1.23.2: DFT of opset 20 transforms axis 1, whichever axis the model asks for.
#
# Expected: from opset 20 on the axis of DFT is an input instead of an attribute; both mean the same transform. A runtime
# that does not read that input refuses the model.
# Seen: the attribute of opset 17 is followed, the input of opset 20 is not. A model that asks for axis 2 returns the
# transform along axis 1: the right shape, wrong values, no error. Fourier convolutions transform height and width, which
# are not axis 1 of (batch, channel, height, width): export them with opset 17 to 19, or compare both runtimes.
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

OPERATIONS = {17: "y = DFT<axis = {0}>(x)", 20: "axis = Constant<value_int = {0}>() y = DFT(x, , axis)"}

def transformed_axes(opset, axis):
    text = f"""<ir_version: 9, opset_import: ["": {opset}]> agraph (float[1, 8, 6, 2] x) => (float[1, 8, 6, 2] y)
        {{ {OPERATIONS[opset].format(axis)} }}"""
    model = openvino.Core().read_model(parser.parse_model(text).SerializeToString())
    result = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(signal)[0] @ [1, 1j]
    return [n for n in (1, 2) if np.allclose(result, np.fft.fft(signal @ [1, 1j], axis=n), atol=1e-4)]

signal = np.random.default_rng(0).random((1, 8, 6, 2), dtype=np.float32)
seen = {(opset, axis): transformed_axes(opset, axis) for opset in (17, 20) for axis in (1, 2)}
for (opset, axis), axes in seen.items():
    print(f"opset {opset}, axis {axis}: the result is the transform along {axes}")
assert seen == {(17, 1): [1], (17, 2): [2], (20, 1): [1], (20, 2): [1]}, "the behaviour has changed"
PYTHON
