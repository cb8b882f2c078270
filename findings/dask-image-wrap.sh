#!/usr/bin/env bash
# dask-image 2026.5.0: with mode="wrap", the edge of a panorama is filtered with the other side of its own chunk, not of
# the picture.
#
# Expected: as in SciPy, "wrap" continues a picture with its opposite side, as a panorama of 360 degrees or a texture that
# repeats needs it. How an array is cut into chunks does not change the result.
# Seen: pixels at the left edge are averaged with those where the first chunk ends, in the midst of the picture, and those
# at the right edge with those where the last chunk begins, so that there is a seam. Only an array of one chunk is right.
# It is so for the Gaussian, uniform, median and other filters, not for convolve() and correlate(). Inside the picture,
# and with the other modes, chunks make no difference. No error or warning. Extend the array by its other side with
# da.pad(mode="wrap") first, and crop it afterwards.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet dask-image==2026.5.0 dask==2026.8.0 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import dask.array as da
import numpy as np
from dask_image import ndfilters
from scipy import ndimage

rows, columns = np.mgrid[:60, :120]
panorama = 100 + 80 * np.cos(columns / 120 * 2 * np.pi)  # the left edge continues the right one
filters = {
    "gaussian_filter": {"sigma": 2},
    "uniform_filter": {"size": 5},
    "median_filter": {"size": 5},
    "minimum_filter": {"size": 5},
    "laplace": {},
    "convolve": {"weights": np.full((5, 5), 1 / 25)},
    "correlate": {"weights": np.full((5, 5), 1 / 25)},
}
wrong = {}
for name, options in filters.items():
    for mode in ("wrap", "reflect"):
        expected = getattr(ndimage, name)(panorama, mode=mode, **options)
        for chunks in ((60, 120), (60, 40)):
            array = da.from_array(panorama, chunks=chunks)
            error = np.abs(getattr(ndfilters, name)(array, mode=mode, **options).compute() - expected)
            places = np.flatnonzero((error > 1e-6).any(axis=0)).tolist()
            wrong[name, mode, chunks] = places
            if chunks == (60, 40):
                print(f"{name}, {mode}, three chunks: wrong columns {places}, largest error {error.max():.1f}")
for (name, mode, chunks), places in wrong.items():
    affected = mode == "wrap" and chunks == (60, 40) and name not in ("convolve", "correlate")
    assert bool(places) == affected, "the behaviour has changed"
    assert all(min(place, 119 - place) <= 8 for place in places), "the behaviour has changed"

array = da.from_array(panorama, chunks=(60, 40))
seen = ndfilters.uniform_filter(array, 5, mode="wrap").compute()[30, 0]  # its chunk is read up to column 41
of_chunk = panorama[30, [40, 41, 0, 1, 2]].mean()
of_picture = panorama[30, [118, 119, 0, 1, 2]].mean()
print(
    f"first column: {seen:.2f}; by the columns where its chunk ends {of_chunk:.2f}, by the last ones {of_picture:.2f}"
)
assert np.isclose(seen, of_chunk) and not np.isclose(seen, of_picture), "the behaviour has changed"
extended = da.pad(array, ((0, 0), (10, 10)), mode="wrap")
seen = ndfilters.uniform_filter(extended, 5, mode="wrap").compute()[2:-2, 10:-10]
expected = ndimage.uniform_filter(panorama, 5, mode="wrap")[2:-2]
print("extended before and cropped afterwards, it is right:", np.allclose(seen, expected))
assert np.allclose(seen, expected), "the behaviour has changed"
PYTHON
