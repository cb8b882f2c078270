#!/usr/bin/env bash
# sewar 0.4.10: uqi(), the universal quality index, is 0.9 for a flat grey area and 0.8 for noise, instead of about 0.
#
# Expected: the universal quality index of Wang and Bovik (2002), to which the package refers: per window of 8 x 8 pixels
# the product of correlation, equal mean and equal contrast. Without correlation, it is 0.
# Seen: the formula, which is for the sums of a window, is fed with its means. The covariance then contains nearly all of
# the product of the two means, and the variances their squares, so that brightness counts instead of detail. For a photo
# whose detail is gone the index is 0.93, for noise 0.80, and for the negative of a photo 0.79 instead of -0.93. Equal
# photos do have 1, and there is no warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sewar==0.4.10 numpy==2.4.6 scipy==1.17.1 pillow==12.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter
from sewar.full_ref import uqi


def index(photo, other):
    """Compute the index by its definition, with the variances and the covariance of each window."""
    a, b = (sliding_window_view(x.astype(np.float64), (8, 8)).reshape(-1, 64) for x in (photo, other))
    mean_a, mean_b = a.mean(1), b.mean(1)
    covariance = ((a - mean_a[:, None]) * (b - mean_b[:, None])).mean(1)
    return np.mean(4 * covariance * mean_a * mean_b / ((a.var(1) + b.var(1)) * (mean_a**2 + mean_b**2)))


rng = np.random.default_rng(0)
texture = sum(gaussian_filter(rng.standard_normal((128, 128)), size) * size for size in (1, 2, 4))
photo = np.clip(128 + 40 * texture / texture.std(), 1, 255).astype(np.uint8)
cases = {
    "the photo": photo,
    "a grey area of the same brightness": np.full_like(photo, photo.mean()),
    "noise": rng.integers(0, 256, photo.shape, dtype=np.uint8),
    "the negative": 255 - photo,
}
seen = {name: (uqi(photo, other), index(photo, other)) for name, other in cases.items()}
for name, (by_sewar, by_definition) in seen.items():
    print(f"{name}: {by_sewar:.3f} by sewar, {by_definition:.3f} by the definition")
expected = [(1, 1), (0.933, 0), (0.796, 0.003), (0.785, -0.927)]
assert np.allclose(list(seen.values()), expected, atol=0.002), "the behaviour has changed"
PYTHON
