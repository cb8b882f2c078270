#!/usr/bin/env bash
# onnx 1.23.2: version_converter changes what Upsample, and Resize of opset 10, compute: enlarged pictures are shifted.
#
# Expected: a network that is converted to a newer opset computes what it did, or the conversion raises an error.
# Seen: until opset 10 the place of a pixel is x / scale. From 11 on this is called "asymmetric" and is no longer the
# default, which the converter leaves as it is: "half_pixel". Linear Upsample of opset 7 and 9 and Resize of 10 compute
# something else from 11 on: a doubled picture is shifted right and down by half a pixel, and one of an eighth of the
# size takes pixels that are 3.5 further on. With "nearest", whole enlargements stay, and reductions, such as those of
# a mask, are shifted too. A network that joins branches of several sizes has them misaligned. There is no warning, and
# the checker accepts the result. Set coordinate_transformation_mode to "asymmetric" and nearest_mode to "floor" after it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper, version_converter

onnxruntime.set_default_logger_severity(3)
ramp = np.tile(np.arange(24, dtype=np.float32), (1, 1, 24, 1))


def network(opset, operator, mode, scale):
    scales = np.array([1, 1, scale, scale], np.float32)
    if opset < 9:
        node, tensors = helper.make_node(operator, ["x"], ["y"], mode=mode, scales=scales.tolist()), []
    else:
        node = helper.make_node(operator, ["x", "scales"], ["y"], mode=mode)
        tensors = [numpy_helper.from_array(scales, "scales")]
    sizes = ramp.shape, [1, 1, int(24 * scale), int(24 * scale)]
    x, y = (helper.make_tensor_value_info(name, 1, size) for name, size in zip("xy", sizes, strict=True))
    graph = helper.make_graph([node], "resize", [x], [y], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def row(model):
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": ramp})[0][0, 0, 12 * session.get_outputs()[0].shape[2] // 24]


def repaired(model):
    for node in model.graph.node:
        if node.op_type == "Resize":
            asymmetric = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            node.attribute.extend(helper.make_attribute(*item) for item in asymmetric.items())
    return model


shifts = {}
for opset, operator, mode, scale in (
    (7, "Upsample", "linear", 2),
    (9, "Upsample", "linear", 2),
    (9, "Upsample", "nearest", 2),
    (10, "Resize", "linear", 2),
    (10, "Resize", "nearest", 2),
    (10, "Resize", "linear", 0.125),
    (10, "Resize", "nearest", 0.125),
):
    before = network(opset, operator, mode, scale)
    expected = row(before)
    for target in (10, 11, 17, 24):
        if target <= opset:
            continue
        seen = row(version_converter.convert_version(before, target))
        middle = len(seen) // 2
        shifts[opset, mode, scale, target] = float(seen[middle] - expected[middle])
    changes = {target: value for (*case, target), value in shifts.items() if case == [opset, mode, scale]}
    print(f"{operator} of opset {opset}, {mode}, scale {scale}: a ramp's values change by", end=" ")
    print(", ".join(f"{value} in opset {target}" for target, value in changes.items()))
    assert (row(repaired(version_converter.convert_version(before, 17))) == expected).all(), "the behaviour has changed"
for (_, mode, scale, target), value in shifts.items():
    if target == 10 or (mode, scale) == ("nearest", 2):
        right = 0
    elif mode == "linear":
        right = 0.5 / scale - 0.5
    else:
        right = 3  # 3.5, rounded down
    assert value == right, "the behaviour has changed"
PYTHON
