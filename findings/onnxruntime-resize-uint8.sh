#!/usr/bin/env bash
# onnxruntime 1.32.0: Resize of 8 bits cuts off instead of rounding, and turns white areas into 254 in places.
#
# Expected: linear interpolation of uint8 is that of float32, rounded, and an area of one value keeps its value.
# Seen: without antialias, the fraction is cut off, so that photos get darker by half a level on average. The weights of
# float32 do not quite add up to 1, so that pixels of an area that is 255 all over become 254: a mask that an exported
# graph resizes as uint8 and compares with 255 has gaps, and a blend by it keeps some of the defect. With antialias=1,
# white stays white. Cast to float, resize and round in the graph.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def resized(pixels, height, width, antialias=0):
    kind = TensorProto.UINT8 if pixels.dtype == np.uint8 else TensorProto.FLOAT
    node = helper.make_node("Resize", ["picture", "", "", "sizes"], ["result"], mode="linear", antialias=antialias)
    sizes = numpy_helper.from_array(np.array([1, 1, height, width]), "sizes")
    picture, result = (helper.make_tensor_value_info(name, kind, [1, 1, None, None]) for name in ("picture", "result"))
    graph = helper.make_graph([node], "graph", [picture], [result], [sizes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"picture": pixels[np.newaxis, np.newaxis]})[0][0, 0]


noise = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
exact = resized(noise.astype(np.float32), 200, 180)
coded = resized(noise, 200, 180)
darker = float((exact - coded).mean())
cut_off = float((coded == np.floor(exact)).mean())
print(f"a photo of 8 bits: {darker:.2f} levels darker than in floats on average, {cut_off:.1%} of the pixels cut off")

white = np.full((512, 512), 255, np.uint8)
counts = {}
for antialias in (0, 1):
    mask = resized(white, 300, 300, antialias)
    counts[antialias] = int((mask == 254).sum()), int((mask < 254).sum())
    report = "a white mask of {} pixels with antialias={}: {} are 254, {} are below"
    print(report.format(mask.size, antialias, *counts[antialias]))
assert 0.4 < darker < 0.6 and cut_off > 0.99, "the behaviour has changed"
assert counts[0][0] > 1000 and counts[0][1] == 0 and counts[1] == (0, 0), "the behaviour has changed"
PYTHON
