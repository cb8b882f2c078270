#!/usr/bin/env bash
# pyvips 3.2.0 (libvips 8.18.7): ifthenelse() reads a mask of 16 bits or of floats as if its values were 0 to 255.
#
# Expected: blend=True weights two pictures by the mask within the range of its type (half of it is half of each), and
# without it, any value but 0 selects the first picture.
# Seen: the mask is cast to 8 bits, which clips and cuts off values instead of scaling them. A soft mask of 16 bits has
# a hard edge: from 255 of 65535 on it is full. A float mask of 0 to 1 selects the second picture for all values below
# 1, even without blend, and 1 is a blend of 1/255. So a fill, or its feathered edge, disappears without an error.
# Scale masks to 0 to 255 first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyvips==3.2.0 pyvips-binary==8.18.7 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pyvips

fill = pyvips.Image.new_from_array(np.full((1, 5), 200, np.uint8))
photo = pyvips.Image.new_from_array(np.zeros((1, 5), np.uint8))
shares = np.array([[0, 1 / 255, 1 / 2, 3 / 4, 1]])
masks = {
    "uint8": np.round(shares * 255).astype(np.uint8),
    "uint16": np.round(shares * 65535).astype(np.uint16),
    "float": shares.astype(np.float32),
}
seen = {}
print("a fill of 200 over a photo of 0, by masks of", shares.round(3)[0].tolist())
for name, mask in masks.items():
    condition = pyvips.Image.new_from_array(mask)
    blended, chosen = (condition.ifthenelse(fill, photo, blend=blend).numpy()[0].tolist() for blend in (True, False))
    seen[name] = blended, chosen
    print(f"{name}: blended {blended}, chosen {chosen}")
assert seen["uint8"] == ([0, 1, 100, 150, 200], [0, 200, 200, 200, 200]), "the behaviour has changed"
assert seen["uint16"] == ([0, 200, 200, 200, 200], [0, 200, 200, 200, 200]), "the behaviour has changed"
assert seen["float"] == ([0, 0, 0, 0, 1], [0, 0, 0, 0, 200]), "the behaviour has changed"
PYTHON
