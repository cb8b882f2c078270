#!/usr/bin/env bash
# OpenEXR 3.5.3, numpy 2.4.6: a channel or a picture that is a view of another array is written with scrambled pixels.
#
# Expected: write() stores the values of the arrays that it is given, or raises an error if it needs contiguous ones.
# picture[..., 0], [..., 1] and [..., 2] become the channels R, G and B.
# Seen: the strides of a view are ignored. Each channel that is taken out of a picture is filled with a third of its
# values, red, green and blue in turn. A network's picture, whose channels come first and are moved to the end by
# transpose(), and a part that is cropped out are scrambled in the same way. No error or warning. pyexr 0.5.0 stores
# them right. Apply np.ascontiguousarray before writing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet OpenEXR==3.5.3 pyexr==0.5.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import OpenEXR
import pyexr

HEADER = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}  # copied below, as OpenEXR changes it
picture = np.random.default_rng(0).random((64, 96, 3), dtype=np.float32)
planes = np.ascontiguousarray(picture.transpose(2, 0, 1))  # as a network returns it


def stored(channels, name="RGB"):
    OpenEXR.File(dict(HEADER), channels).write("picture.exr")
    with OpenEXR.File("picture.exr", separate_channels=name != "RGB") as file:
        return file.channels()[name].pixels.copy()


def in_memory(view):
    """Return what follows in memory from the view's first value on, in the shape of the view."""
    return np.lib.stride_tricks.as_strided(view, view.shape, np.empty(view.shape, view.dtype).strides)


channels = dict(zip("RGB", np.moveaxis(picture, 2, 0), strict=True))
cases = {
    "a whole picture": ({"RGB": picture}, "RGB"),
    "the channel R of three": (channels, "R"),
    "channels moved to the end": ({"RGB": planes.transpose(1, 2, 0)}, "RGB"),
    "the upper left quarter": ({"RGB": picture[:32, :48]}, "RGB"),
    "the upper left quarter, half floats": ({"RGB": picture.astype(np.float16)[:32, :48]}, "RGB"),
    "a contiguous copy of the quarter": ({"RGB": np.ascontiguousarray(picture[:32, :48])}, "RGB"),
}
seen = {}
for what, (given, name) in cases.items():
    view = given[name]
    found = stored(dict(given), name)
    seen[what] = float((found == view).mean()), np.array_equal(found, in_memory(view))
    print(f"{what}: {seen[what][0]:.1%} of the values are right, as they lie in memory: {seen[what][1]}")
row = stored(dict(channels), "R")[0, :4]
print("channel R begins with", row, "and the picture with", picture.ravel()[:4])
pyexr.write("picture.exr", planes.transpose(1, 2, 0))
by_pyexr = np.array_equal(pyexr.read("picture.exr"), picture)
print("pyexr stores the transposed picture right:", by_pyexr)
*scrambled, copy = list(seen.values())[1:]
assert seen["a whole picture"][0] == copy[0] == 1 and by_pyexr, "the behaviour has changed"
assert all(right < 0.1 and as_in_memory for right, as_in_memory in scrambled), "the behaviour has changed"
PYTHON
