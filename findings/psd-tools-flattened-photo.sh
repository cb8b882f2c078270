#!/usr/bin/env bash
# psd-tools 1.26.0: a layer that is added to a flattened PSD erases the photo when the file is saved.
#
# Expected: a fill that is added as a layer to a flattened PSD, such as a scan, lies over the photo.
# Seen: a PSD without layers has its photo only in the merged picture, which save() makes anew from the layers alone
# once one was added. Around the fill it is white, and the photo is no longer in the file. There is no warning, and
# until it is saved, topil() returns the photo. In the merged picture, which is what Pillow reads, a half transparent
# fill is opaque besides, so that soft edges are hard. An empty group erases the photo too. Add psd.topil() as the
# lowest layer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet psd-tools==1.26.0 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
from PIL import Image
from psd_tools import PSDImage

warnings.simplefilter("error")
photo = Image.fromarray(np.random.default_rng(0).integers(0, 200, (16, 16, 3), dtype=np.uint8))
fill = Image.new("RGBA", (4, 4), (200, 100, 50, 128))
PSDImage.frompil(photo).save("flat.psd")


def merged(name):
    """Return the merged picture of a PSD as Pillow reads it."""
    with Image.open(name) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


original = merged("flat.psd")
assert (original == np.asarray(photo)).all()


def saved(kind):
    psd = PSDImage.open("flat.psd")
    if kind == "layers of the photo and the fill":
        psd.create_pixel_layer(psd.topil(), name="photo")
    if kind == "an empty group":
        psd.create_group(name="group")
    elif kind != "no change":
        psd.create_pixel_layer(fill, name="fill", top=6, left=6)
    assert (np.asarray(psd.topil()) == original).all(), "the behaviour has changed"
    psd.save("changed.psd")
    return merged("changed.psd")


outside = np.ones((16, 16), bool)
outside[6:10, 6:10] = False
print("PSDs of a flattened photo that are saved with")
seen = {}
for kind in ("no change", "an empty group", "a layer of the fill", "layers of the photo and the fill"):
    result = saved(kind)
    kept = int((result == original).all(axis=2)[outside].sum())
    white = int((result == 255).all(axis=2)[outside].sum())
    seen[kind] = kept, white
    print(f"- {kind}: of {outside.sum()} pixels around the fill, {kept} are the photo's, {white} are white;", end=" ")
    print("in the fill:", result[8, 8].tolist())
    if kind == "a layer of the fill":
        assert result[8, 8].tolist() == [200, 100, 50], "the behaviour has changed"
assert seen["no change"] == seen["layers of the photo and the fill"] == (240, 0), "the behaviour has changed"
assert seen["an empty group"] == seen["a layer of the fill"] == (0, 240), "the behaviour has changed"
PYTHON
