#!/usr/bin/env bash
# SSIM-PIL 1.0.14 with Pillow 12.3.0: damage along the right and the lower edge of a photo is not measured.
#
# Expected: a structural similarity of 1.0 is that of two equal photos, as the README says.
# Seen: photos are cut into tiles of 7 x 7 pixels, and what is left over at the right and at the bottom, up to 6 pixels, is
# ignored. A photo of 300 x 300 whose last 6 columns and rows are black has a similarity of 1.0; the same damage on
# the left and at the top is seen. Of a crop of 13 x 13 pixels 71 per cent are not measured. No warning. Extend both photos
# to multiples of 7 first, by repeating or mirroring their edges.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet SSIM-PIL==1.0.14 pillow==12.3.0 numpy==2.4.6
"$folder/venv/bin/python" -W ignore::DeprecationWarning - <<'PYTHON'
import numpy as np
from PIL import Image
from SSIM_PIL import compare_ssim


def similarity(first, second):
    return compare_ssim(Image.fromarray(first), Image.fromarray(second), GPU=False)


def extended(photo):
    """Mirror the right and the lower edge up to a multiple of 7."""
    return np.pad(photo, [(0, -photo.shape[0] % 7), (0, -photo.shape[1] % 7), (0, 0)], "reflect")


small = np.random.default_rng(0).integers(60, 200, (75, 75, 3), dtype=np.uint8)
photo = np.asarray(Image.fromarray(small).resize((300, 300), Image.Resampling.BICUBIC))
late, early = photo.copy(), photo.copy()
late[-6:] = late[:, -6:] = 0
early[:6] = early[:, :6] = 0
crop = photo[:13, :13]
mostly_black = np.zeros_like(crop)
mostly_black[:7, :7] = crop[:7, :7]
seen = {
    "right and lower edge black": similarity(photo, late),
    "left and upper edge black": similarity(photo, early),
    "13 x 13 pixels, of which all but 7 x 7 are black": similarity(crop, mostly_black),
    "right and lower edge black, extended": similarity(extended(photo), extended(late)),
}
for case, value in seen.items():
    print(f"{case}: {value:.3f}")
right, left, tile, whole = seen.values()
assert np.allclose([right, tile], 1, atol=1e-9) and left < 0.98 and whole < 0.98, "the behaviour has changed"
PYTHON
