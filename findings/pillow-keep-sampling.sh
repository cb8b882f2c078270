#!/usr/bin/env bash
# Pillow 12.3.0: saving a JPEG with subsampling="keep" or quality="keep" turns 4:4:0 and 4:1:1 into 4:2:0.
#
# Expected: "keep" retains the sampling of the file, as documented, or raises an error where it cannot be written.
# Seen: 4:2:2 and 4:2:0 stay. 4:4:0 (phones and cameras that turn a 4:2:2 photo without loss) and 4:1:1 (video, older
# cameras) become 4:2:0 without a word: half of the chroma samples in one direction are gone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==12.3.0 jpeglib==1.0.2 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import io

import jpeglib
import numpy as np
from PIL import Image

SAMPLINGS = {"4:2:2": (1, 2), "4:2:0": (2, 2), "4:4:0": (2, 1), "4:1:1": (1, 4)}  # down and across, of luma
EXPECTED = {"4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (2, 2), "4:1:1": (2, 2)}  # across and down, after the save
picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
for name, factors in SAMPLINGS.items():
    made = jpeglib.from_spatial(picture)
    made.samp_factor = (factors, (1, 1), (1, 1))
    made.write_spatial("x.jpg")
    for option in ("subsampling", "quality"):
        with Image.open("x.jpg") as photo:
            before = photo.layer[0][1:3]
            photo.save(file := io.BytesIO(), "JPEG", **{option: "keep"})
        after = Image.open(file).layer[0][1:3]
        print(f"{name}, {option}='keep': luma factors {before} -> {after}")
        assert before == factors[::-1] and after == EXPECTED[name], "the behaviour has changed"
PYTHON
