#!/usr/bin/env bash
# Pillow 12.3.0: a TIFF in which 0 is white comes right with 8 bits, but as a negative with 16 bits or floating point.
#
# Expected: PhotometricInterpretation 0 (WhiteIsZero) is applied at each bit depth, as at 1 to 8 bits, or it is said in
# `info` or the mode that the values are inverted.
# Seen: with 8 bits the sample 0 is read as 255. With 16 bits (mode I;16) and 32-bit floating point (mode F) the sample 0
# stays 0, which the modes and Image.save take for black: saved as PNG, the scan is a negative.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==12.3.0 tifffile==2026.3.3 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import numpy as np
import tifffile
from PIL import Image

read = {}
for dtype, white in (("uint8", 255), ("uint16", 65535), ("float32", 1.0)):
    pixels = np.zeros((8, 8), dtype)
    pixels[4:] = white
    tifffile.imwrite(file := io.BytesIO(), pixels, photometric="miniswhite")
    with Image.open(file) as image:
        read[dtype] = "right" if np.asarray(image)[0, 0] == white else "a negative"
        print(f"{dtype}: mode {image.mode}, the white half is read as {np.asarray(image)[0, 0]}: {read[dtype]}")
assert read == {"uint8": "right", "uint16": "a negative", "float32": "a negative"}, "the behaviour has changed"
PYTHON
