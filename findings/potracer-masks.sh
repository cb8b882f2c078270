#!/usr/bin/env bash
# potracer 0.0.4: of a mask it traces the background, and of a mask of zeros and ones the whole picture.
#
# Expected: a NumPy array of bool, or of zeros and ones, is traced where it is set. The example of pypotrace, of which the
# README says that it can be replaced without a change, has a rectangle of ones.
# Seen: what is dark in an array or a picture is traced, as is usual for scans of drawings, but for arrays of bool too:
# True counts as white. Other types are compared with 127.5, so that ones are dark, and all of the mask is traced. The
# curve of a mask with one hole in a photo is the rim of the photo, with the hole left out. No error or warning, and the
# README does not name it. Pass ~mask, or an array of 0 where the mask is set and 255 elsewhere.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet potracer==0.0.4 pillow==13.0.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import potrace
from PIL import Image, ImageDraw

mask = np.zeros((40, 60), bool)
mask[10:20, 15:45] = True


def points(curve):
    """Return a curve's corners; of curved corners, what the two tangents meet in."""
    found = [curve.start_point]
    for segment in curve.segments:
        found += [segment.c] if segment.is_corner else [segment.c1, segment.c2]
        found.append(segment.end_point)
    return [(point.x, point.y) for point in found]


def traced(bitmap):
    """Return which pixels the curves enclose; a curve within another one is a hole in it."""
    inside = np.zeros(mask.shape, bool)
    for curve in potrace.Bitmap(bitmap).trace(turdsize=0, alphamax=0):
        filled = Image.new("L", (600, 400))
        ImageDraw.Draw(filled).polygon([(x * 10, y * 10) for x, y in points(curve)], fill=1)
        inside ^= np.asarray(filled)[5::10, 5::10] > 0
    return inside


bitmaps = {
    "bool": mask,
    "uint8 of 0 and 1": mask.astype(np.uint8),
    "uint32 of 0 and 1": mask.astype(np.uint32),
    "float of 0 and 1": mask.astype(float),
    "uint8 of 0 and 255": mask.astype(np.uint8) * 255,
    "picture of 0 and 255": Image.fromarray(mask.astype(np.uint8) * 255),
    "bool, inverted": ~mask,
}
answers = {"the mask": mask, "the background": ~mask, "the whole picture": np.ones_like(mask)}
seen = {}
for name, bitmap in bitmaps.items():
    found = traced(bitmap)
    seen[name] = next((what for what, pixels in answers.items() if (found == pixels).mean() > 0.99), "something else")
    print(f"{name}: {seen[name]} is traced, {found.sum()} of {found.size} pixels; the mask has {mask.sum()}")
assert seen["bool"] == seen["uint8 of 0 and 255"] == seen["picture of 0 and 255"] == "the background", (
    "the behaviour has changed"
)
assert {seen[name] for name in bitmaps if "0 and 1" in name} == {"the whole picture"}, "the behaviour has changed"
assert seen["bool, inverted"] == "the mask", "the behaviour has changed"
PYTHON
