#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93: seamlessClone overwrites the mask that it is given, and treats its values as opacity.
#
# Expected: a mask is an input: it is as before after the call, and a second call gives the same. Nonzero means inside, as
# it does for cv2.inpaint and cv2.copyTo.
# Seen: the array that was passed has another content afterwards: its inside is 0, and only a rim of 3 pixels is still
# 255. A second call with it clones nothing in the middle, and whatever composites or scores by this mask later is wrong,
# without an error. A read-only array is overwritten too. illuminationChange, colorChange and textureFlattening also
# overwrite it. A mask of ones, such as a bool array as uint8, hardly clones anything: its values are opacities out of 255.
# Pass `mask.astype(np.uint8) * 255` of a bool mask, which is a copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

photo = np.full((80, 80, 3), 100, np.uint8)
patch = photo.copy()
cv2.circle(patch, (40, 40), 10, (250, 50, 50), -1)
given = np.zeros((80, 80), np.uint8)
given[25:55, 25:55] = 255


def clone(mask):
    return cv2.seamlessClone(patch, photo, mask, (40, 40), cv2.NORMAL_CLONE)[40, 40].tolist()


mask = given.copy()
first = clone(mask)
left = int((mask > 0).sum())
print(f"first call: {first} in the middle; {left} of {(given > 0).sum()} pixels of the mask are left")
second = clone(mask)
print(f"second call with the same array: {second} in the middle")

read_only = given.copy()
read_only.flags.writeable = False
clone(read_only)
print(f"a read-only mask is as before: {(read_only == given).all()}")
others = {}
for function in cv2.illuminationChange, cv2.colorChange, cv2.textureFlattening:
    mask = given.copy()
    function(patch, mask)
    others[function.__name__] = bool((mask == given).all())
    print(f"{function.__name__}: the mask is as before: {others[function.__name__]}")
ones = clone(given // 255)
print(f"a mask of ones instead of 255: {ones} in the middle")


def near(colour, other):
    return max(abs(a - b) for a, b in zip(colour, other)) <= 3


assert near(first, [250, 50, 50]) and near(second, [100, 100, 100]) and left == 324, "the behaviour has changed"
assert not (read_only == given).all() and not any(others.values()), "the behaviour has changed"
assert near(ones, [100, 100, 100]), "the behaviour has changed"
PYTHON
