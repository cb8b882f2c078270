#!/usr/bin/env bash
# openvino 2026.4.1 on CPUs, onnx 1.23.2: the Resize attributes antialias and keep_aspect_ratio_policy are ignored.
#
# Expected: an attribute that the runtime does not implement is refused when the model is read, as OpenVINO refuses
# coordinate_transformation_mode="half_pixel_symmetric".
# Seen: with antialias=1 a smaller image is computed exactly as with antialias=0, so that a fine pattern gives quite other
# values than in ONNX's reference. With keep_aspect_ratio_policy="not_larger" the image is stretched to the full size: the
# result has another shape. No error, no warning. Compare a model that shrinks its input on both runtimes.
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

def run(attributes):
    text = f"""<ir_version: 9, opset_import: ["": 19]> agraph (float[1, 1, 12, 16] x) => (float[N, C, H, W] y)
        <int64[2] size = {{8, 8}}> {{ y = Resize<mode = "linear", axes = [2, 3], {attributes}>(x, , , size) }}"""
    model = parser.parse_model(text)
    compiled = openvino.compile_model(openvino.Core().read_model(model.SerializeToString()), "CPU")
    return compiled(image)[0], ReferenceEvaluator(model).run(None, {"x": image})[0]

image = (np.indices((12, 16)).sum(0) % 3 == 0).astype(np.float32)[None, None]
(plain, _), (smooth, reference) = run("antialias = 0"), run("antialias = 1")
fitted = [result.shape for result in run('keep_aspect_ratio_policy = "not_larger"')]
print(f"antialias=1 differs from 0 by {abs(smooth - plain).max()}, from the reference by {abs(smooth - reference).max()}")
print("not_larger: shape {}, reference {}".format(*fitted))
assert (smooth == plain).all() and abs(smooth - reference).max() > 0.1, "the behaviour has changed"
assert fitted == [(1, 1, 8, 8), (1, 1, 6, 8)], "the behaviour has changed"
PYTHON
