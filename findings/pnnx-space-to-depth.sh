#!/usr/bin/env bash
# pnnx 20261020, ncnn 1.0.20261020: SpaceToDepth of ONNX comes out with its channels in another order.
#
# Expected: pnnx converts an ONNX file to ncnn so that it computes the same, or says that an operator is not supported, as
# it does for DepthToSpace of the mode DCR, whose file ncnn does not load.
# Seen: SpaceToDepth keeps the colours of each of the shifted small pictures together. pnnx writes what PyTorch calls
# pixel_unshuffle, which keeps the shifted pictures of each colour together. With one channel both are the same; with
# three, 10 of 12 channels are others, and the layer that follows has its weights for the wrong ones. In the same way,
# Resize with "asymmetric" coordinates is computed as half_pixel, which shifts the picture, and cubic_coeff_a is ignored.
# No error or warning. Write SpaceToDepth as a convolution with a stride, whose weights are zeros and ones.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ncnn==1.0.20261020 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps --target "$folder/converter" pnnx==20261020 # without torch
chmod +x "$folder/converter/pnnx/pnnx"
cd "$folder"
venv/bin/python - <<'PYTHON'
import pathlib
import re
import subprocess

import ncnn
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper


def results(photo, operator, inputs=(), weights=(), **attributes):
    """Return what ONNX Runtime and ncnn make of a photo with a network of one layer."""
    node = helper.make_node(operator, ["x", *inputs], ["y"], **attributes)
    tensors = [numpy_helper.from_array(values, name) for name, values in weights]

    def stored(shape):
        x, y = (helper.make_tensor_value_info(*value) for value in (("x", 1, photo.shape), ("y", 1, shape)))
        graph = helper.make_graph([node], "layer", [x], [y], tensors)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    (expected,) = onnxruntime.InferenceSession(stored(None).SerializeToString()).run(None, {"x": photo})
    onnx.save(stored(expected.shape), "layer.onnx")
    onnx.checker.check_model("layer.onnx", full_check=True)
    shape = "inputshape=[" + ",".join(map(str, photo.shape)) + "]"
    subprocess.run(["converter/pnnx/pnnx", "layer.onnx", shape, "fp16=0"], check=True, capture_output=True)
    # where the batch is in ncnn's arrays, by the example that pnnx writes
    given, taken = map(int, re.findall(r"batch_index=(\d+)", pathlib.Path("layer_ncnn.py").read_text()))
    network = ncnn.Net()
    network.opt.use_fp16_packed = network.opt.use_fp16_storage = network.opt.use_fp16_arithmetic = False
    assert network.load_param("layer.ncnn.param") == network.load_model("layer.ncnn.bin") == 0
    extractor = network.create_extractor()
    extractor.input("in0", ncnn.Mat(photo, batch_index=given).clone())
    return expected, extractor.extract("out0")[1].numpy(batch_index=taken)


random = np.random.default_rng(0)
for channels in (1, 3):
    photo = random.random((1, channels, 6, 8), dtype=np.float32)
    expected, seen = results(photo, "SpaceToDepth", blocksize=2)
    assert seen.shape == expected.shape, "the behaviour has changed"
    order = [int(np.abs(expected - seen[:, [k]]).max(axis=(0, 2, 3)).argmin()) for k in range(4 * channels)]
    of_pytorch = photo.reshape(1, channels, 3, 2, 4, 2).transpose(0, 1, 3, 5, 2, 4).reshape(expected.shape)
    print(f"SpaceToDepth of {channels} channel(s): ncnn has ONNX's channels in the order {order}")
    assert np.array_equal(seen, of_pytorch), "the behaviour has changed"
    assert (order == sorted(order)) == (channels == 1), "the behaviour has changed"

corners = np.arange(4).reshape(4, 1, 1, 1, 1) == np.arange(4).reshape(2, 2)
weights = (np.eye(3)[np.newaxis, :, :, np.newaxis, np.newaxis] * corners).reshape(12, 3, 2, 2).astype(np.float32)
instead, by_ncnn = results(photo, "Conv", ["w"], [("w", weights)], kernel_shape=[2, 2], strides=[2, 2])
print("as a convolution:", "right" if np.array_equal(instead, expected) and np.allclose(by_ncnn, expected) else "wrong")
assert np.array_equal(instead, expected) and np.allclose(by_ncnn, expected), "the behaviour has changed"

ramp = np.tile(np.arange(8, dtype=np.float32), (1, 3, 6, 1))
scales = [("scales", np.array([1, 1, 2, 2], np.float32))]
seen = {}
for name, photo, attributes in (
    ("linear, half_pixel", ramp, {"mode": "linear"}),
    ("linear, asymmetric", ramp, {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}),
    ("cubic, -0.75", random.random((1, 3, 6, 8), dtype=np.float32), {"mode": "cubic", "cubic_coeff_a": -0.75}),
    ("cubic, -0.5", random.random((1, 3, 6, 8), dtype=np.float32), {"mode": "cubic", "cubic_coeff_a": -0.5}),
):
    expected, result = results(photo, "Resize", ("", "scales"), scales, **attributes)
    seen[name] = float(np.abs(result - expected).max())
    print(f"Resize {name}: largest error {seen[name]:.3f}", end="; " if photo is ramp else "\n")
    if photo is ramp:
        print(f"a ramp begins with {result[0, 0, 0, 4:8].tolist()} instead of {expected[0, 0, 0, 4:8].tolist()}")
assert max(seen["linear, half_pixel"], seen["cubic, -0.75"]) < 1e-4, "the behaviour has changed"
assert min(seen["linear, asymmetric"], seen["cubic, -0.5"]) > 0.02, "the behaviour has changed"
PYTHON
