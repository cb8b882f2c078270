#!/usr/bin/env bash
# Pillow 12.3.0: an AVIF of Display P3 or HDR that is opened and saved is labelled sRGB, with the numbers of its old space.
#
# Expected: colour codes (CICP in the nclx colour box) stay, or the pixels are converted, or info tells of them so that a
# program can do either.
# Seen: the file with primaries 12 and transfer 13 (Display P3), and that with 9 and 16 (BT.2020, PQ), come back as 1 and
# 13 (sRGB); the pixels are as before, so that colours look paler. info has no key for the codes, and save() no option.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==12.3.0 imagecodecs==2026.3.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import imagecodecs
import numpy as np
from PIL import Image

pixels = np.zeros((64, 64, 3), np.uint8) + np.array([200, 60, 30], np.uint8)


def codes(data):
    start = data.index(b"colrnclx") + 8
    return int.from_bytes(data[start : start + 2], "big"), int.from_bytes(data[start + 2 : start + 4], "big")


for wanted in ((12, 13), (9, 16)):
    data = bytes(imagecodecs.avif_encode(pixels, 95, matrix=6, primaries=wanted[0], transfer=wanted[1]))
    image = Image.open(io.BytesIO(data))
    image.load()
    image.save(file := io.BytesIO(), "AVIF", quality=95)
    before, after = np.asarray(image)[32, 32], np.asarray(Image.open(file))[32, 32]
    print(f"codes {codes(data)} -> {codes(file.getvalue())}; pixel {before} -> {after}; info: {sorted(image.info)}")
    assert codes(data) == wanted
    assert codes(file.getvalue()) == (1, 13), "the behaviour has changed"
    assert np.abs(before.astype(int) - after).max() <= 4
    assert not {"cicp", "nclx", "nclx_profile", "color_primaries"} & set(image.info), "the behaviour has changed"
PYTHON
