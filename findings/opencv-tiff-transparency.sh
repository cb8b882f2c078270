#!/usr/bin/env bash
# OpenCV 5.0.0: the colours of a TIFF with transparency are darkened by it when it is read; those of a PNG are not.
#
# Expected: cv2.imread() returns the stored colours of a photo with straight alpha, as it does for PNG, whatever the
# format and the depth. IMREAD_COLOR drops the alpha.
# Seen: in a TIFF of 8 bits per sample that says that its alpha is not multiplied in, as Pillow saves it, the colours are
# multiplied by the alpha, with IMREAD_UNCHANGED and with IMREAD_COLOR. A photo whose hole is marked as transparent is
# black in it, and soft edges are dark. With 16 bits, IMREAD_UNCHANGED reads the same photo as it is stored, and only
# IMREAD_COLOR darkens it. Files that say that their alpha is multiplied in are read as they are stored. No warning. Read
# such TIFFs with tifffile or Pillow.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
import tifffile
from PIL import Image

photo = np.random.default_rng(0).integers(100, 256, (16, 16, 4), dtype=np.uint8)
photo[..., 3] = 255
photo[4:8, :, 3] = 128  # a soft edge
photo[8:, :, 3] = 0  # a hole
Image.fromarray(photo).save("pillow.png")
Image.fromarray(photo).save("pillow.tif")
for name, kind in (("straight", "unassalpha"), ("multiplied", "assocalpha")):
    for depth, values in ((8, photo), (16, photo.astype(np.uint16) * 257)):
        tifffile.imwrite(f"{name} {depth}.tif", values, photometric="rgb", extrasamples=[kind])
with Image.open("pillow.tif") as file:
    assert file.tag_v2[338] == (2,)  # ExtraSamples: straight alpha
    assert (np.asarray(file) == photo).all()

seen = {}
files = ["pillow.png", "pillow.tif", "straight 8.tif", "straight 16.tif", "multiplied 8.tif", "multiplied 16.tif"]
for name in files:
    whole = cv2.imread(name, cv2.IMREAD_UNCHANGED).astype(float)
    colour = cv2.imread(name, cv2.IMREAD_COLOR).astype(float)
    if whole.max() > 255:
        whole /= 257
    assert (whole[..., 3] == photo[..., 3]).all(), "the behaviour has changed"
    seen[name] = []
    for pixels in (whole[..., 2::-1], colour[..., ::-1]):  # from blue, green, red
        shares = pixels / photo[..., :3]
        seen[name].append([round(float(part.mean()), 2) for part in (shares[:4], shares[4:8], shares[8:])])
    print(f"{name}: at an alpha of 255, 128 and 0, colours are", end=" ")
    print("{} of what is stored, with IMREAD_COLOR {}".format(*seen[name]))
kept, darkened = [[1.0, 1.0, 1.0]] * 2, [[1.0, 0.5, 0.0]] * 2
assert seen["pillow.tif"] == seen["straight 8.tif"] == darkened, "the behaviour has changed"
assert seen["pillow.png"] == seen["multiplied 8.tif"] == seen["multiplied 16.tif"] == kept, "the behaviour has changed"
assert seen["straight 16.tif"] == [kept[0], darkened[0]], "the behaviour has changed"
PYTHON
