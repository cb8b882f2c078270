#!/usr/bin/env bash
# tifffile 2026.3.3: an EXIF directory cannot be written, which is only logged, and LZW needs a second package.
#
# Expected: imwrite(extratags=...) writes the tags that are given or raises an error, and imread reads LZW, the usual
# compression of scanners and Photoshop.
# Seen: the pointers to the EXIF and GPS directories (34665, 34853) are left out. The only sign is a log message, and the
# photo is without its camera settings and date. An LZW file raises ValueError until imagecodecs is installed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tifffile==2026.3.3 numpy==2.4.6 pillow==12.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

import numpy as np
import tifffile
from PIL import Image

pixels = np.random.default_rng(0).integers(0, 65536, (8, 8, 3), dtype=np.uint16)
file = io.BytesIO()
tags = [(270, "s", 0, "a boat", True), (34665, "I", 1, 8, True), (34853, "I", 1, 8, True)]
tifffile.imwrite(file, pixels, photometric="rgb", metadata=None, extratags=tags)
written = {number: number in Image.open(file).tag_v2 for number, *_ in tags}
print(f"written: description {written[270]}, EXIF {written[34665]}, GPS {written[34853]}")

Image.fromarray((pixels >> 8).astype(np.uint8)).save(lzw := io.BytesIO(), "TIFF", compression="tiff_lzw")
try:
    lzw.seek(0)
    tifffile.imread(lzw)
    problem = ""
except ValueError as error:
    problem = str(error)
print(f"LZW: {problem}")
assert written == {270: True, 34665: False, 34853: False}, "the behaviour has changed"
assert "imagecodecs" in problem, "the behaviour has changed"
PYTHON
