#!/usr/bin/env bash
# numba 0.68.1, numpy 2.4.6: uint32 arithmetic of compiled functions has 64 bits; it does not wrap around as in NumPy.
#
# Expected: np.uint32(a) * np.uint32(b) is a uint32 that wraps around, as in NumPy and in C: hash functions and generators
# of random numbers rely on it.
# Seen: the product is a uint64 with all its bits, and so are sums, shifts and xors. A variable that starts as a uint32 is a
# uint64 as soon as it is updated. A hash gives other numbers than in NumPy, half of whose bits are above 2**32, and a
# remainder takes a 64-bit division. No warning is given. Convert with np.uint32 after each operation that may wrap around.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import numpy as np
from numba import njit


def mixed(value):
    bits = np.uint32(value) * np.uint32(0x9E3779B1)
    bits ^= bits >> np.uint32(15)
    return bits


def converted(value):
    bits = np.uint32(np.uint32(value) * np.uint32(0x9E3779B1))
    return np.uint32(bits ^ (bits >> np.uint32(15)))


seen = {}
for function in (mixed, converted):
    seen[function.__name__] = int(function(12345)), int(njit(function)(12345))
    print("{}: NumPy {:#x}, numba {:#x}".format(function.__name__, *seen[function.__name__]))
assert seen["mixed"][0] < 2**32 < seen["mixed"][1], "the behaviour has changed"
assert seen["converted"][0] == seen["converted"][1] == seen["mixed"][0], "the behaviour has changed"
PYTHON
