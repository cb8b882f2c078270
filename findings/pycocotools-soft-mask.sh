#!/usr/bin/env bash
# pycocotools 2.0.11: encode() of a mask with soft edges toggles at each change of value, not between zero and nonzero.
#
# Expected: a uint8 mask is encoded as nonzero against zero, or values other than 0 and 1 raise an error. 0 and 255 work.
# Seen: every change of value along a column ends a run, and the runs are read as zeros and ones in turn. A mask that was
# resized with interpolation, or drawn with antialiasing, comes back in stripes: pixels outside it (0) are set, pixels
# inside it (255) are not. No error is raised, and area() counts the stripes. Apply a threshold before encoding.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycocotools==2.0.11 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from pycocotools import mask as coco

hard = np.zeros((8, 6), np.uint8)
hard[2:6, 2:5] = 255
soft = hard.copy()
soft[2, 2:5] = 128  # one soft edge, as antialiasing leaves it
seen = {}
for name, mask in {"hard": hard, "soft": soft}.items():
    encoded = coco.encode(np.asfortranarray(mask))
    decoded = coco.decode(encoded)
    seen[name] = int(decoded[mask == 0].sum()), int(decoded[mask == 255].sum()), int(coco.area(encoded))
    print("{} mask of 12 pixels: {} set outside, {} set where it is 255, area {}".format(name, *seen[name]))
    print(decoded)
assert seen == {"hard": (0, 12, 12), "soft": (14, 3, 19)}, "the behaviour has changed"
PYTHON
