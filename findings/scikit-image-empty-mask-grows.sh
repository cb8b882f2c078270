#!/usr/bin/env bash
# scikit-image 0.26.0: isotropic_dilation of an empty mask sets about a quarter of a disc in the corner.
#
# Expected: an empty mask stays empty, as with dilation() and a disc of the same radius, and a full one stays full when
# it is eroded.
# Seen: the result is a threshold of scipy.ndimage.distance_transform_edt (SciPy 1.17.1), which returns the distances to
# a pixel outside the picture, at (-1, 0), if there is none to measure from. So a photo without any defect gets a hole
# in its upper left corner, of 314 pixels at a radius of 20, and erosion removes as much from a full mask. There is no
# warning. Test mask.any() and mask.all() first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scikit-image==0.26.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from scipy import ndimage
from skimage import morphology

empty = np.zeros((60, 80), bool)
seen = {}
for radius in (1, 5, 20):
    grown = morphology.isotropic_dilation(empty, radius)
    shrunk = morphology.isotropic_erosion(~empty, radius)
    with_disc = morphology.dilation(empty, morphology.disk(radius))
    seen[radius] = int(grown.sum()), int((~shrunk).sum()), int(with_disc.sum())
    report = "radius {}: {} pixels set in an empty mask, {} removed from a full one, {} set with a disc"
    print(report.format(radius, *seen[radius]))
print(morphology.isotropic_dilation(empty, 5)[:6, :6].astype(int))

# One pixel in the mask is enough for the right result.
single = empty.copy()
single[40, 50] = True
rows, columns = np.nonzero(morphology.isotropic_dilation(single, 5))
extent = tuple(int(value) for value in (rows.min(), rows.max(), columns.min(), columns.max()))
print("a mask of one pixel at (40, 50) grows to rows {} to {}, columns {} to {}".format(*extent))
_, nearest = ndimage.distance_transform_edt(~empty, return_indices=True)
print("SciPy's nearest pixel of the background, for all pixels:", np.unique(nearest.reshape(2, -1), axis=1).ravel())

assert seen == {1: (1, 1, 0), 5: (20, 20, 0), 20: (314, 314, 0)}, "the behaviour has changed"
assert extent == (35, 45, 45, 55), "the behaviour has changed"
PYTHON
