#!/usr/bin/env bash
# MNN 3.6.1: a bicubic enlargement computes the first rows and columns of a picture with wrong weights.
#
# Expected: Resize with mode "cubic" and half_pixel, which is what PyTorch's bicubic upsampling is exported as, gives what
# ONNX Runtime gives, at the edges as well. cubic_coeff_a is obeyed.
# Seen: rows and columns that lie less than half a pixel of the small picture inside the upper and the left edge are taken
# from the wrong place: one each when the size is doubled, two when it is fourfold, four when it is eightfold. With a
# doubled size, the first row repeats the third, and a border line that is brighter than the rest becomes a dark one.
# The right and the lower edge are right, and so are linear enlargements. cubic_coeff_a is ignored: -0.5 is computed as
# -0.75. No error or warning. Repeat the upper and the left pixels once before, and crop afterwards.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet MNN==3.6.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
mkdir bin
printf '#!/bin/sh\nexit 1\n' >bin/pip # mnnconvert must not install anything
chmod +x bin/pip
cat >check.py <<'PYTHON'
import subprocess

import numpy as np
import onnx
import onnxruntime
from MNN import expr, nn
from onnx import helper, numpy_helper

photo = np.random.default_rng(0).random((1, 1, 12, 12), dtype=np.float32)


def enlarged(picture, scale, **attributes):
    """Return what ONNX Runtime and MNN make of a picture with a network of one Resize."""
    size = [1, 1, picture.shape[2] * scale, picture.shape[3] * scale]
    scales = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], **attributes)
    x, y = (helper.make_tensor_value_info(*value) for value in (("x", 1, picture.shape), ("y", 1, size)))
    graph = helper.make_graph([node], "resize", [x], [y], [scales])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, "resize.onnx")
    (expected,) = onnxruntime.InferenceSession("resize.onnx").run(None, {"x": picture})
    command = ["venv/bin/mnnconvert", "-f", "ONNX", "--modelFile", "resize.onnx", "--MNNModel", "resize.mnn"]
    subprocess.run(command, check=True, capture_output=True)
    result = nn.load_module_from_file("resize.mnn", ["x"], ["y"]).forward(expr.const(picture, picture.shape, expr.NCHW))
    result = expr.convert(result, expr.NCHW) if result.data_format == expr.NC4HW4 else result
    return expected[0, 0], np.array(result.read())[0, 0]


def wrong(scale, **attributes):
    """Return the wrong rows and columns, and the largest error where neither is wrong."""
    expected, seen = enlarged(photo, scale, **attributes)
    error = np.abs(seen - expected)
    rows, columns = (np.flatnonzero(np.median(error, axis=axis) > 1e-3).tolist() for axis in (1, 0))
    rest = np.delete(np.delete(error, rows, 0), columns, 1)
    return rows, columns, float(rest.max(initial=0))


cubic = {"mode": "cubic", "coordinate_transformation_mode": "half_pixel", "cubic_coeff_a": -0.75}
for scale in (2, 4, 8):
    rows, columns, rest = wrong(scale, **cubic)
    print(f"cubic, {scale} times as large: wrong rows {rows} and columns {columns}, error elsewhere {rest:.1e}")
    assert rows == columns == list(range(scale // 2)) and rest < 1e-4, "the behaviour has changed"
rows, columns, rest = wrong(2, mode="linear", coordinate_transformation_mode="half_pixel")
print(f"linear, 2 times as large: wrong rows {rows} and columns {columns}, error elsewhere {rest:.1e}")
assert not rows and not columns and rest < 1e-4, "the behaviour has changed"

lined = np.full_like(photo, 0.3)
lined[:, :, 0] = 0.9
expected, seen = enlarged(lined, 2, **cubic)
print(
    "first rows of a picture with a bright border line:", seen[:3, 6].round(2), "instead of", expected[:3, 6].round(2)
)
_, softer = enlarged(photo, 2, **cubic | {"cubic_coeff_a": -0.5})
_, usual = enlarged(photo, 2, **cubic)
print("cubic_coeff_a of -0.5 and -0.75 give the same:", np.array_equal(softer, usual))
extended = np.pad(photo, [(0, 0), (0, 0), (1, 0), (1, 0)], mode="edge")
repaired = enlarged(extended, 2, **cubic)[1][2:, 2:]
right = np.allclose(repaired, enlarged(photo, 2, **cubic)[0], atol=1e-5)
print("with repeated pixels that are cropped afterwards, it is right:", right)
assert right, "the behaviour has changed"
assert seen[0, 6] < seen[1, 6] and expected[0, 6] > expected[1, 6], "the behaviour has changed"
assert np.array_equal(softer, usual), "the behaviour has changed"
PYTHON
PATH="$folder/bin:$PATH" venv/bin/python check.py | grep -v "^The device supports"
