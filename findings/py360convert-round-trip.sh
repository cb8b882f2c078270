#!/usr/bin/env bash
# py360convert 1.0.4: a panorama that is cut into cube faces and put together again is shifted by up to 1.1 pixels.
#
# Expected: e2c() and c2e() are inverses but for interpolation. Holes of a panorama can be filled in the faces, where
# lines are straight, and the result fits the original.
# Seen: after a round trip, what is in the panorama is further left and higher, by half a pixel on average and by 1.1 and
# 0.9 at most, at every size; it jumps where two faces meet. Each further round trip adds the same: after ten it is 5
# pixels. c2e() alone does it, with faces that are right. e2c() is off too: the centres of a face's outermost pixels lie
# on the edges of the cube, so that two faces share them. There is no warning, and where a picture is smooth the
# difference is small. Paste only the filled holes back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet py360convert==1.0.4 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import py360convert


def directions(height):
    """Return a panorama that has in each pixel the direction in which it looks: x to the right, y up, z ahead."""
    rows, columns = np.mgrid[:height, : 2 * height]
    longitude = (columns + 0.5) / height * np.pi - np.pi
    latitude = np.pi / 2 - (rows + 0.5) / height * np.pi
    return np.stack(
        [np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)], axis=2
    )


def right_faces(width):
    """Return the six faces of directions(), computed without the library."""
    across, down = np.meshgrid(*[(np.arange(width) + 0.5) / width * 2 - 1] * 2)
    one = np.ones_like(across)
    faces = {"F": (across, -down, one), "R": (one, -down, -across), "B": (-across, -down, -one)}
    faces |= {"L": (-one, -down, across), "U": (across, one, down), "D": (across, -one, -down)}
    return {
        name: np.stack(face, axis=2) / np.linalg.norm(face, axis=0)[..., np.newaxis] for name, face in faces.items()
    }


def shift(panorama):
    """Return by how many pixels the content near the horizon lies further left and higher than it should."""
    height = len(panorama)
    near_horizon = slice(height * 2 // 5, height * 3 // 5)
    (x, y, z), expected = np.moveaxis(panorama[near_horizon], 2, 0), directions(height)[near_horizon]
    longitude = np.arctan2(x, z) - np.arctan2(expected[..., 0], expected[..., 2])
    longitude = (longitude + np.pi) % (2 * np.pi) - np.pi
    latitude = np.arctan2(y, np.hypot(x, z)) - np.arcsin(expected[..., 1])
    return longitude * height / np.pi, -latitude * height / np.pi


def faces_of(panorama):
    return py360convert.e2c(panorama, face_w=len(panorama) // 2, cube_format="dict")


def put_together(faces):
    width = len(faces["F"])
    return py360convert.c2e(faces, 2 * width, 4 * width, cube_format="dict")


def report(what, panorama):
    left, up = shift(panorama)
    print(f"{what}: {left.mean():.2f} further left on average and {np.abs(left).max():.2f} at most,", end=" ")
    print(f"{up.mean():.2f} and {np.abs(up).max():.2f} higher")
    return left.mean(), np.abs(left).max(), up.mean(), np.abs(up).max()


for height in (128, 256, 512):
    seen = report(f"{2 * height} x {height}, one round trip", put_together(faces_of(directions(height))))
    assert np.allclose(seen, (0.52, 1.15, 0.55, 0.88), atol=0.03), "the behaviour has changed"
seen = report("c2e() alone, from faces that are right", put_together(right_faces(128)))
assert seen[0] > 0.4 and seen[1] > 1, "the behaviour has changed"
panorama = directions(256)
for _ in range(10):
    panorama = put_together(faces_of(panorama))
seen = report("ten round trips", panorama)
assert seen[0] > 4.5 and seen[2] > 4.5, "the behaviour has changed"

dots = np.zeros((256, 512, 1))
dots[100:103, 300:303] = 1
moved = put_together(faces_of(dots))
rows, columns = np.mgrid[:256, :512]
places = [[float((axis * p[..., 0]).sum() / p.sum()) for axis in (rows, columns)] for p in (dots, moved)]
print("a dot's row and column before and after:", np.round(places, 2).tolist())
assert places[1][0] < places[0][0] - 0.2 and places[1][1] < places[0][1] - 0.2, "the behaviour has changed"
face, right = faces_of(directions(256))["F"], right_faces(128)["F"]
ends = [(f[64, :, 0] / f[64, :, 2])[[0, -1]].round(4).tolist() for f in (face, right)]
print("the outermost pixels of a face are at", ends[0], "instead of", ends[1])
assert ends[0] == [-1, 1], "the behaviour has changed"
PYTHON
