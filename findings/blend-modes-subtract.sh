#!/usr/bin/env bash
# blend-modes 2.2.0: subtract() turns a photo white, even if the layer is black.
#
# Expected: the layer is subtracted from the photo and the result is cut off at 0, so that a black layer changes nothing
# and no value grows.
# Seen: the photo is taken in its range of 0 to 255, but the layer in a range of 0 to 1, and the difference is cut off at
# 1. So every value of 2 and more becomes 255, whatever is subtracted. An opacity of a quarter is no better: there it is
# every value of 5 and more. Only where the layer is transparent does the photo stay. A stain or a background that is to
# be subtracted leaves a white picture. No warning. Use np.clip(photo - layer, 0, 255), and normal() with the opacity.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet blend-modes==2.2.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import blend_modes
import numpy as np

photo = np.array([[[200, 60, 5, 255]]], float)
layers = {
    "a grey layer of 50": np.array([[[50, 50, 50, 255]]], float),
    "a black layer": np.array([[[0, 0, 0, 255]]], float),
    "a white layer": np.array([[[255, 255, 255, 255]]], float),
    "a transparent layer": np.array([[[50, 50, 50, 0]]], float),
}
seen = {}
print("a pixel of the photo:", photo[0, 0].tolist())
for name, layer in layers.items():
    for opacity in (0.25, 1.0):
        result = blend_modes.subtract(photo, layer, opacity)[0, 0]
        seen[name, opacity] = result.tolist()
        print(f"minus {name}, opacity {opacity}:", result.tolist())
grey = layers["a grey layer of 50"]
difference = photo.copy()
difference[..., :3] = np.clip(photo - grey, 0, 255)[..., :3]
expected = blend_modes.normal(photo, difference, 0.25)[0, 0]
print("minus a grey layer of 50, opacity 0.25, by hand:", expected.round(2).tolist())
for (name, _), result in seen.items():
    unchanged = name == "a transparent layer"
    assert np.allclose(result, photo[0, 0] if unchanged else 255), "the behaviour has changed"
assert np.allclose(expected, [187.5, 47.5, 3.75, 255]), "the behaviour has changed"
PYTHON
