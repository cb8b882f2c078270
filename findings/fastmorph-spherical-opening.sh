#!/usr/bin/env bash
# fastmorph 1.10.0: spherical_open() makes a mask larger, because spherical_erode() takes a pixel less than asked for.
#
# Expected: an opening removes what is smaller than the ball and adds nothing, as the package's own opening() by a
# square of 3x3 does.
# Seen: spherical_dilate() adds the pixels at a distance of r from the mask, but spherical_erode() leaves those at a
# distance of r from the background. With the default radius of 1 nothing is eroded, so that the opening is a
# dilation: specks of single pixels are not removed but become crosses, and the rim grows by a pixel. With larger
# radii the rim grows by a pixel too, and so does it in a closing that has nothing to close. A mask that is cleaned
# this way covers sound pixels. Call spherical_erode() with slightly more, e.g. 1.001, and spherical_dilate() with 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastmorph==1.10.0 edt==3.1.2 scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import fastmorph
import numpy as np
from scipy import ndimage

square = np.zeros((41, 41), bool)
square[10:31, 10:31] = True
speckled = square.copy()
speckled[[3, 5, 36], [20, 35, 8]] = True


def opened_by_scipy(mask, radius):
    offsets = np.indices((2 * radius + 1,) * 2) - radius
    return ndimage.binary_opening(mask, (offsets**2).sum(axis=0) <= radius**2)


print("a square of", square.sum(), "pixels")
added = {}
for radius in (1, 2, 3):
    eroded, opened, closed = (
        getattr(fastmorph, f"spherical_{name}")(square, radius=radius) for name in ("erode", "open", "close")
    )
    repaired = fastmorph.spherical_dilate(fastmorph.spherical_erode(square, radius=radius + 0.001), radius=radius)
    added[radius] = int((opened & ~square).sum()), int((closed & ~square).sum())
    report = "radius {}: erosion takes {} pixels, opening adds {}, closing adds {}"
    print(report.format(radius, square.sum() - eroded.sum(), *added[radius]))
    assert (repaired == opened_by_scipy(square, radius)).all(), "the behaviour has changed"
    if radius == 1:
        assert (eroded == square).all(), "the behaviour has changed"

specks = {
    "spherical_open, radius 1": fastmorph.spherical_open(speckled, radius=1),
    "opening": fastmorph.opening(speckled),
    "SciPy, radius 1": opened_by_scipy(speckled, 1),
}
kept = {name: int((opened & ~ndimage.binary_dilation(square)).sum()) for name, opened in specks.items()}
print("three single pixels, after an opening, are of", kept, "pixels")
assert added == {1: (84, 84), 2: (76, 76), 3: (68, 68)}, "the behaviour has changed"
assert kept == {"spherical_open, radius 1": 15, "opening": 0, "SciPy, radius 1": 0}, "the behaviour has changed"
PYTHON
