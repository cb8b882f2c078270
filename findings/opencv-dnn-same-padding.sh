#!/usr/bin/env bash
# OpenCV 5.0.0: dnn computes SAME_UPPER as SAME_LOWER; OpenCV 4.13.0 has the opposite error.
#
# Expected: of an odd number of padded pixels, SAME_UPPER has one more at the end, as TensorFlow has, and SAME_LOWER one
# more at the start. A network gives the same in both versions.
# Seen: version 4.13 computes both as SAME_UPPER, version 5.0 both as SAME_LOWER. With an even size and a stride of 2,
# each convolution or pooling of the wrong kind samples the picture a pixel further up and left, or down and right, so
# that a fill is shifted against its photo. With a stride of 3, version 5.0 pads where nothing is to be padded. A
# transposed convolution of stride 2 has 11 pixels where 12 are due, in both versions. All without an error. Write the
# padding as numbers into the attribute pads: these are right in both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/pip" install --quiet --no-deps --target "$folder/4.13" opencv-python-headless==4.13.0.92
cat > "$folder/check.py" <<'PYTHON'
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

kernel = np.zeros((1, 1, 3, 3), np.float32)
kernel[0, 0, 1, 1] = 1  # copies the pixel in the middle


def results(operator, photo, **attributes):
    """Return what ONNX Runtime and OpenCV make of a photo with a network of one layer."""
    weights = [numpy_helper.from_array(kernel, "w")] if operator.startswith("Conv") else []
    node = helper.make_node(operator, ["x", *(w.name for w in weights)], ["y"], kernel_shape=[3, 3], **attributes)

    def stored(shape):
        x, y = (helper.make_tensor_value_info(*value) for value in (("x", 1, photo.shape), ("y", 1, shape)))
        graph = helper.make_graph([node], "layer", [x], [y], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        if shape:
            onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()

    (expected,) = onnxruntime.InferenceSession(stored(None)).run(None, {"x": photo})
    network = cv2.dnn.readNetFromONNX(np.frombuffer(stored(expected.shape), np.uint8))
    network.setInput(photo)
    return expected[0, 0], network.forward()[0, 0]


print("OpenCV", cv2.__version__)
photo = np.arange(36, dtype=np.float32).reshape(1, 1, 6, 6)
layers = {
    "Conv SAME_UPPER": ("Conv", {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "Conv SAME_LOWER": ("Conv", {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    "AveragePool SAME_UPPER": ("AveragePool", {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    "AveragePool SAME_LOWER": ("AveragePool", {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    "Conv SAME_UPPER, stride 3": ("Conv", {"strides": [3, 3], "auto_pad": "SAME_UPPER"}),
    "Conv, pads at the end": ("Conv", {"strides": [2, 2], "pads": [0, 0, 1, 1]}),
    "Conv, pads at the start": ("Conv", {"strides": [2, 2], "pads": [1, 1, 0, 0]}),
}
right = {}
for name, (operator, attributes) in layers.items():
    expected, seen = results(operator, photo, **attributes)
    right[name] = expected.shape == seen.shape and np.allclose(expected, seen, atol=1e-4)
    print(f"{name}: first row {seen[0].tolist()} instead of" if not right[name] else f"{name}:", expected[0].tolist())
expected, seen = results("ConvTranspose", photo, strides=[2, 2], auto_pad="SAME_UPPER")
print("ConvTranspose SAME_UPPER: size", seen.shape, "instead of", expected.shape)
wrong = {name for name, is_right in right.items() if not is_right}
errors = {
    "4.13.0": {"Conv SAME_LOWER", "AveragePool SAME_LOWER"},
    "5.0.0": {"Conv SAME_UPPER", "AveragePool SAME_UPPER", "Conv SAME_UPPER, stride 3"},
}
assert cv2.__version__ == sys.argv[1] and wrong == errors[cv2.__version__], "the behaviour has changed"
assert expected.shape == (12, 12) and seen.shape == (11, 11), "the behaviour has changed"
PYTHON
"$folder/venv/bin/python" "$folder/check.py" 5.0.0
PYTHONPATH="$folder/4.13" "$folder/venv/bin/python" "$folder/check.py" 4.13.0
