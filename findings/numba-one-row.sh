#!/usr/bin/env bash
# numba 0.68.1, numpy 2.4.6: the rows of np.argwhere are of another type if there is only one: functions compile again.
#
# Expected: np.argwhere(mask) has one type, int64 (n, 2); once a function has been compiled for it, it is compiled.
# Seen: argwhere returns a transposed array, in Fortran order, and astype keeps that. For one row, or none, the array is
# contiguous in both orders, and numba takes it for C order: a second type. The function is compiled again, for seconds,
# at the first input with one row, long after a warm-up with larger ones. In Fortran order, x and y of a row lie far
# apart besides. np.ascontiguousarray gives one type.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
from numba import njit, typeof


@njit
def total(places):
    return places.sum()


masks = {number: np.arange(9).reshape(3, 3) < number for number in (4, 1, 0)}
for convert in (lambda places: places.astype(np.int32), lambda places: np.ascontiguousarray(places, np.int32)):
    layouts = [typeof(convert(np.argwhere(mask))).layout for mask in masks.values()]
    print("rows 4, 1, 0: layouts", *layouts)
    for mask in masks.values():
        total(convert(np.argwhere(mask)))
    print("compiled so far:", len(total.signatures))
    if layouts != ["C", "C", "C"]:
        assert layouts == ["F", "C", "C"] and len(total.signatures) == 2, "the behaviour has changed"
assert layouts == ["C", "C", "C"], "the behaviour has changed"
PYTHON
