#!/usr/bin/env bash
# numba 0.68.1: with cache=True a function is not defined where no cache can be written, and fails where it is damaged.
#
# Expected: a cache makes things faster; without one, or with a damaged one, functions are compiled each time.
# Seen: where neither the module's folder nor the user's cache folder can be written (a read-only container), the decorator
# raises RuntimeError: the module cannot be imported. A truncated index (of a machine that lost power, say) raises EOFError
# at each call in each process: it is neither ignored nor replaced. And a cache that can be read, but not written, is not
# used: what root compiles when an image is built is compiled again by the user who runs it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
mkdir code
cat > code/function.py <<'PYTHON'
from numba import njit


@njit(cache=True)
def double(value):
    return 2 * value
PYTHON
cat > call.py <<'PYTHON'
import os
import sys

from numba import njit

njit(lambda value: value)(1)  # loads all modules that are needed, which another user may not be able to read
if os.getuid() == 0:
    os.setuid(int(os.environ.get("RUN_AS", "0")))
sys.path.insert(0, sys.argv[1])
try:
    from function import double

    print(double(21), "compiled" if double.stats.cache_misses else "loaded")
except Exception as error:
    print(f"{type(error).__name__}: {str(error).partition(':')[0]}")
PYTHON
unset NUMBA_CACHE_DIR XDG_CACHE_HOME
export PYTHONDONTWRITEBYTECODE=1
# files where folders would have to be made: this also stops the superuser, whom permissions do not
mkdir read-only
cp code/function.py read-only
touch read-only/__pycache__ home
unwritable=$(HOME="$folder/home" venv/bin/python call.py read-only)
echo "no folder can be written: $unwritable"
intact=$(venv/bin/python call.py code)
echo "cache written: $intact"
chmod -R a+rX,a-w "$folder/code"
chmod 755 "$folder"
mkdir -m 777 other-home
readable=$(HOME="$folder/other-home" RUN_AS=65534 venv/bin/python call.py code)
chmod -R u+w code
echo "cache that can only be read: $readable; by its owner: $(venv/bin/python call.py code)"
truncate -s 0 code/__pycache__/*.nbi
damaged=$(venv/bin/python call.py code)
again=$(venv/bin/python call.py code)
echo "truncated index: $damaged; next process: $again"
expected="RuntimeError: cannot cache function 'double'|42 compiled|42 compiled|EOFError: Ran out of input"
[ "$unwritable|$intact|$readable|$damaged" = "$expected" ] && [ "$damaged" = "$again" ] || {
  echo "the behaviour has changed"; exit 1; }
