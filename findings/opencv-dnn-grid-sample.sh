#!/usr/bin/env bash
# OpenCV 5.0.0: dnn computes the mode "cubic" of GridSample as linear, and cuts off what "bicubic" overshoots.
#
# Expected: "cubic", as the mode is called from opset 20 on, and "bicubic", as it was called before, are the same cubic
# interpolation, which undershoots and overshoots at edges. PyTorch and ONNX Runtime agree on it.
# Seen: "cubic" gives exactly what "linear" does, so that a photo which a network warps is blurred. "bicubic" is limited
# to the values of the pixels around, so that edges are less sharp. A network that is exported again with a newer opset
# therefore gives another picture. Neither raises an error. Export with opset 16 to 19 if "bicubic" is near enough.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

grid = np.zeros((1, 1, 9, 2), np.float32)
grid[0, 0, :, 0] = np.linspace(-2, 2, 9) / 5  # each half pixel along the middle row of 11 pixels


def results(row, mode, opset):
    """Return what ONNX Runtime and OpenCV sample from a picture of equal rows."""
    picture = np.tile(np.asarray(row, np.float32), (11, 1))[None, None]
    node = helper.make_node("GridSample", ["x", "grid"], ["y"], mode=mode, padding_mode="border", align_corners=1)
    x, y = (helper.make_tensor_value_info(*value) for value in (("x", 1, picture.shape), ("y", 1, (1, 1, 1, 9))))
    graph = helper.make_graph([node], "warp", [x], [y], [numpy_helper.from_array(grid, "grid")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    onnx.checker.check_model(model)
    stored = model.SerializeToString()
    (expected,) = onnxruntime.InferenceSession(stored).run(None, {"x": picture})
    network = cv2.dnn.readNetFromONNX(np.frombuffer(stored, np.uint8))
    network.setInput(picture)
    return expected.ravel(), network.forward().ravel()


edge = [50] * 5 + [150] * 6
ramp = [10 * column for column in range(11)]
line = [100] * 5 + [200] + [100] * 5
seen = {}
for name, row in {"ramp": ramp, "edge": edge, "bright line": line}.items():
    for mode, opset in (("bicubic", 16), ("cubic", 20), ("linear", 20)):
        seen[name, mode] = expected, sampled = results(row, mode, opset)
        print(f"{name}, {mode} of opset {opset}")
        for runtime, values in zip(("ONNX Runtime", "OpenCV"), seen[name, mode], strict=True):
            print(f"  {runtime:12}", *(f"{value:6.1f}" for value in values))
for name, low, high in (("edge", 50, 150), ("bright line", 100, 200)):
    cubic, sampled_as_cubic = seen[name, "cubic"]
    linear, sampled_as_linear = seen[name, "linear"]
    bicubic, sampled_as_bicubic = seen[name, "bicubic"]
    assert np.allclose(cubic, bicubic, atol=1e-3) and cubic.min() < low - 9, "the behaviour has changed"
    assert np.allclose(linear, sampled_as_linear, atol=1e-3), "the behaviour has changed"
    assert np.allclose(sampled_as_cubic, linear, atol=1e-3), "the behaviour has changed"
    assert np.allclose(sampled_as_bicubic, bicubic.clip(low, high), atol=1e-3), "the behaviour has changed"
assert abs(sampled_as_bicubic - sampled_as_cubic).max() > 9, "the behaviour has changed"
PYTHON
