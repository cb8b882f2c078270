#!/usr/bin/env bash
# numpy 2.4.6 (its OpenBLAS 0.3.31): a least-squares fit of half a millisecond takes a hundred milliseconds of CPU time.
#
# Expected: np.linalg.lstsq of 4,096 x 6 numbers takes as much CPU time as it takes time, or twice that with a second thread.
# Seen: 0.5 ms, and 0.1 CPU seconds on two cores: the threads that OpenBLAS keeps wait busily for more work, long after the
# result is there, and keep all other cores busy. A program that fits something ten times a second occupies a core. With
# OPENBLAS_THREAD_TIMEOUT=4 in the environment before NumPy is imported they sleep at once: 0.6 CPU ms. OMP_WAIT_POLICY and a
# product of the same size with a vector make no difference: the one is not read, the other stays on one thread.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6
cd "$folder"
cat > fit.py <<'PYTHON'
import time

import numpy as np

matrix = np.random.default_rng(0).normal(size=(4096, 6))
seconds = []
for _ in range(8):
    time.sleep(0.3)  # until threads that wait have gone to sleep
    start, cpu_start = time.perf_counter(), time.process_time()
    np.linalg.lstsq(matrix, matrix[:, :3], rcond=None)
    wall = time.perf_counter() - start
    time.sleep(0.3)
    seconds.append((wall, time.process_time() - cpu_start))
wall, cpu = np.median(seconds, axis=0)
print(f"{1000 * wall:.1f} ms, {1000 * cpu:.1f} CPU ms")
PYTHON
[ "$(nproc)" -gt 1 ] || { echo "needs two cores: on one there are no other threads"; exit 1; }
as_is=$(env -u OPENBLAS_THREAD_TIMEOUT OMP_WAIT_POLICY=PASSIVE venv/bin/python fit.py)
asleep=$(OPENBLAS_THREAD_TIMEOUT=4 venv/bin/python fit.py)
echo "as it is: $as_is; with OPENBLAS_THREAD_TIMEOUT=4: $asleep"
cpu_of() { echo "$1" | sed 's/.*, \([0-9]*\)\..*/\1/'; }
if [ "$(cpu_of "$as_is")" -lt 20 ] || [ "$(cpu_of "$asleep")" -gt 8 ]; then
  echo "the behaviour has changed"
  exit 1
fi
