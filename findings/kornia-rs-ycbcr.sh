#!/usr/bin/env bash
# kornia-rs 0.2.0: ycbcr_from_rgb() returns Y, Cr, Cb.
#
# Expected: the channels are in the order of the name, as they are in Pillow's YCbCr and in JPEG. The docstring says
# YCbCr too.
# Seen: the second channel is Cr and the third is Cb, which OpenCV calls YCrCb. Shape, range and the round trip are
# right, so that it is not noticed until another library takes part: what Pillow converted to YCbCr comes back blue
# where it was red, and a network that was trained on one order, or a measure of one chroma channel, gets the other.
# Swap the last two channels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kornia-rs==0.2.0 numpy==2.4.6 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from kornia_rs import imgproc
from PIL import Image

colours = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
colours[0, :2] = [[255, 0, 0], [0, 0, 255]]
ours = imgproc.ycbcr_from_rgb(colours)
of_floats = imgproc.ycbcr_from_rgb((colours / 255).astype(np.float32))
theirs = np.asarray(Image.fromarray(colours).convert("YCbCr"))
print("red and blue: kornia-rs", ours[0, :2].tolist(), "Pillow", theirs[0, :2].tolist())


def error(first, second):
    return int(np.abs(first.astype(int) - second).max())


errors = {
    "uint8, same order": error(ours, theirs),
    "uint8, last two channels swapped": error(ours[..., [0, 2, 1]], theirs),
    "float, last two channels swapped": error(of_floats[..., [0, 2, 1]] * 255, theirs),
    "round trip": error(imgproc.rgb_from_ycbcr(ours), colours),
}
print("largest differences from Pillow:", errors)
red = imgproc.rgb_from_ycbcr(np.ascontiguousarray(theirs))[0, 0].tolist()
print("red, to YCbCr by Pillow and back by kornia-rs:", red)
assert errors["uint8, same order"] > 100, "the behaviour has changed"
assert all(value <= 2 for name, value in errors.items() if name != "uint8, same order"), "the behaviour has changed"
assert red[0] < 50 and red[2] > 200, "the behaviour has changed"
PYTHON
