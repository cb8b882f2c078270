#!/usr/bin/env bash
# numba 0.68.1: signed indices keep loops from being vectorised well, and so do unsigned ones up to a constant length.
#
# Expected: the squared difference of two 7 x 35 blocks of a C-ordered float32 array is computed with vector loads, with
# fastmath and constant lengths all the more.
# Seen, in the machine code for x86-64 with AVX-512: with int64 indices, which may be negative and count from the end, the
# values are gathered one by one (vgather). With uint64 indices and the constant length 35 each row is unrolled into
# scalar subtractions. With uint64 indices and a length that is computed at run time, however trivially, rows are loaded
# and subtracted as vectors. A block at a random place took 528, 214 and 44 ns.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
cat > loops.py <<'PYTHON'
import sys
import time

import numpy as np
from numba import float32, int64, njit


def signed(values, y, x, v, u):
    total = np.float32(0)
    for row in range(7):
        for column in range(35):
            difference = values[y + row, x + column] - values[v + row, u + column]
            total += difference * difference
    return total


def unsigned(values, y, x, v, u):
    total = np.float32(0)
    y, x, v, u = np.uint64(y), np.uint64(x), np.uint64(v), np.uint64(u)
    for row in range(np.uint64(7)):
        for column in range(np.uint64(35)):
            difference = values[y + row, x + column] - values[v + row, u + column]
            total += difference * difference
    return total


def computed(values, y, x, v, u):
    total = np.float32(0)
    y, x, v, u = np.uint64(y), np.uint64(x), np.uint64(v), np.uint64(u)
    length = np.uint64(min(35, values.shape[1]))
    for row in range(np.uint64(7)):
        for column in range(length):
            difference = values[y + row, x + column] - values[v + row, u + column]
            total += difference * difference
    return total


def time_of(function):
    block = njit(fastmath=True)(function)

    @njit
    def run(values, places):
        total = 0.0
        for y, x, v, u in places:
            total += block(values, y, x, v, u)
        return total

    values = np.random.default_rng(0).random((200, 200), np.float32)
    places = np.random.default_rng(0).integers(0, 160, (100_000, 4))
    run(values, places)
    started = time.perf_counter()
    run(values, places)
    return f"{(time.perf_counter() - started) * 1e4:.0f} ns"  # of 100,000 blocks


for function in (signed, unsigned, computed):
    if sys.argv[1] == "time":
        print(function.__name__, "on this CPU:", time_of(function))
        continue
    compiled = njit([(float32[:, ::1], int64, int64, int64, int64)], fastmath=True)(function)
    code = next(iter(compiled.inspect_asm().values()))
    seen = {name: name in code for name in ("vgather", "vsubps")}
    print(function.__name__, seen)
    expected = {"signed": [True, True], "unsigned": [False, False], "computed": [False, True]}
    assert list(seen.values()) == expected[function.__name__], "the behaviour has changed"
PYTHON
NUMBA_CPU_NAME=skylake-avx512 NUMBA_CPU_FEATURES="" venv/bin/python loops.py code
venv/bin/python loops.py time
