#!/usr/bin/env bash
# safetensors 0.8.0 with numpy 2.4.6: a transposed array is saved with its new shape and its values in the old order.
#
# Expected: safetensors.numpy.save() copies an array that is not in C order, or refuses it, as safetensors.torch.save()
# refuses a tensor that is not contiguous.
# Seen: the shape is that of the transposed array, the bytes are those that lie in memory, and nothing is said. Loaded
# again, the matrix has the right shape and scrambled values. The documents ask for contiguous and dense tensors; an array
# in Fortran order is both in NumPy's words. Weights that are transposed between frameworks need np.ascontiguousarray.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet safetensors==0.8.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

weights = np.arange(6, dtype=np.float32).reshape(2, 3)
equal = {}
for name, array in {
    "C order": weights,
    "transposed": weights.T,
    "Fortran order": np.asfortranarray(weights),
    "transposed, then np.ascontiguousarray": np.ascontiguousarray(weights.T),
}.items():
    loaded = load(save({"weights": array}))["weights"]
    equal[name] = loaded.shape == array.shape and bool((loaded == array).all())
    print(f"{name}: saved {array.tolist()}, loaded {loaded.tolist()}")
assert list(equal.values()) == [True, False, False, True], "the behaviour has changed"
PYTHON
