#!/usr/bin/env bash
# numba 0.68.1: two processes that compile one function for two types at once leave a cache that gives wrong results.
#
# Expected: with cache=True, processes may compile at the same time; files are written to a temporary name and renamed.
# Seen: both read the index while it is empty, choose the same name for the compiled code (FUNCTION.1.nbc), and write the
# index and the code one after the other. One process's index and the other's code may remain. From then on every
# process that calls the function with the type in the index runs the code for the other type, without an error: here the
# bits of a float32 are read as an integer, 1.0 as 1065353216. Two processes that started together did so once in 60
# tries; below, pauses make it certain. Give each type a function of its own, or compile before processes start.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
cat > function.py <<'PYTHON'
from numba import njit


@njit(cache=True)
def first(values):
    return values[0]
PYTHON
cat > call.py <<'PYTHON'
import sys
import time

import numpy as np
from numba.core.caching import IndexDataCacheFile

dtype, pauses = sys.argv[1], dict(_save_index=float(sys.argv[2]), _save_data=float(sys.argv[3]))


def paused(name):
    write = getattr(IndexDataCacheFile, name)

    def write_later(*arguments):
        time.sleep(pauses[name])
        write(*arguments)

    setattr(IndexDataCacheFile, name, write_later)


for name in pauses:
    paused(name)
from function import first

print(first(np.array([1], dtype)))
PYTHON
unset NUMBA_CACHE_DIR
# both read the index, then A writes the index, B the index, B the code, A the code
venv/bin/python call.py int32 5 10 > a.txt &
venv/bin/python call.py float32 10 0 > b.txt
wait
echo "at the same time: int32 $(cat a.txt), float32 $(cat b.txt)"
a=$(venv/bin/python call.py int32 0 0)
b=$(venv/bin/python call.py float32 0 0)
echo "afterwards: int32 $a, float32 $b"
[ "$(cat a.txt) $(cat b.txt) $a $b" = "1 1.0 1 1065353216" ] || { echo "the behaviour has changed"; exit 1; }
