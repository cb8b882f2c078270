#!/usr/bin/env bash
# mahotas 1.4.19: dilate() and erode() of a mask of uint8 change its values by 1, so that one of zeros and ones is erased.
#
# Expected: the default structuring element, a cross, only says which neighbours count: a mask of integers is dilated or
# eroded as one of bool, and its values are kept, as in SciPy.
# Seen: for all types but bool the ones of the cross are heights too, which are added or subtracted. A mask of zeros and
# ones has twos after dilate(), and is empty after erode() and open(). As int32, all of its background becomes 1 in
# dilate() and -1 in erode(), so that it counts as set. 255 becomes 254 when it is eroded or closed. A photo becomes
# brighter or darker by 1 as well. No warning. Convert masks with `mask > 0` first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mahotas==1.4.19 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import mahotas
import numpy as np
from scipy import ndimage

square = np.zeros((9, 9), bool)
square[2:7, 2:7] = True
cross = ndimage.generate_binary_structure(2, 1)
by_scipy = {
    "dilate": ndimage.binary_dilation(square, cross),
    "erode": ndimage.binary_erosion(square, cross),
    "open": ndimage.binary_opening(square, cross),
    "close": ndimage.binary_closing(square, cross),
}
masks = {
    "bool": square,
    "uint8 of 0 and 1": square.astype(np.uint8),
    "int32 of 0 and 1": square.astype(np.int32),
    "uint8 of 0 and 255": square.astype(np.uint8) * 255,
}
print("a square of", square.sum(), "pixels; by SciPy", {name: int(mask.sum()) for name, mask in by_scipy.items()})
values, pixels = {}, {}
for kind, mask in masks.items():
    for name, expected in by_scipy.items():
        result = getattr(mahotas, name)(mask)
        values[kind, name] = np.unique(result).astype(int).tolist()
        pixels[kind, name] = int(np.count_nonzero(result))
        print(f"{name} of {kind}: {pixels[kind, name]} pixels are set, the values are {values[kind, name]}")
        if kind == "bool":
            assert (result == expected).all(), "the behaviour has changed"
assert values["uint8 of 0 and 1", "dilate"] == [0, 2], "the behaviour has changed"
assert values["uint8 of 0 and 1", "erode"] == values["uint8 of 0 and 1", "open"] == [0], "the behaviour has changed"
assert values["int32 of 0 and 1", "dilate"] == [1, 2], "the behaviour has changed"
assert values["int32 of 0 and 1", "erode"] == [-1, 0], "the behaviour has changed"
assert values["uint8 of 0 and 255", "erode"] == values["uint8 of 0 and 255", "close"] == [0, 254], (
    "the behaviour has changed"
)

photo = np.random.default_rng(0).integers(50, 200, (20, 20), dtype=np.uint8)
changes = {}
for name, filtered in (("dilate", ndimage.grey_dilation), ("erode", ndimage.grey_erosion)):
    change = getattr(mahotas, name)(photo).astype(int) - filtered(photo, footprint=cross, mode="nearest")
    changes[name] = np.unique(change[1:-1, 1:-1]).tolist()
print("a grey photo, minus the result of SciPy:", changes)
assert changes == {"dilate": [1], "erode": [-1]}, "the behaviour has changed"
PYTHON
