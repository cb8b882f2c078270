#!/usr/bin/env bash
# OpenImageIO 3.2.2: a PFM is read upside down, even the one that it wrote itself.
#
# Expected: PFM stores the lowest row first. The documentation says that reading and writing turn the rows around unless
# "pnm:pfmflip" is set to 0, so that the first row is always the upper one.
# Seen: write() turns them, as OpenCV and Pillow do. ImageBuf and ImageInput.open() with a name do not: the picture is
# upside down after each round trip, and so are PFMs of other libraries, such as depth maps, against their photos.
# There is no error or warning. Only ImageInput.open() with a configuration has the documented default; an empty
# ImageSpec is enough as configuration. PGM and OpenEXR are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet OpenImageIO==3.2.2.0 opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import pathlib

import cv2
import numpy as np
import OpenImageIO as oiio
from PIL import Image

depth = np.arange(12, dtype=np.float32).reshape(4, 3)  # 4 rows, 0 to 11 from above


def buffer(name):
    return oiio.ImageBuf(name).get_pixels(oiio.FLOAT).squeeze()


def by_input(name, *configuration):
    return oiio.ImageInput.open(name, *configuration).read_image(oiio.FLOAT).squeeze()


oiio.ImageBuf(np.ascontiguousarray(depth[..., np.newaxis])).write("oiio.pfm")
oiio.ImageBuf(np.ascontiguousarray(depth[..., np.newaxis])).write("oiio.exr")
cv2.imwrite("opencv.pfm", depth)
Image.fromarray(depth).save("pillow.pfm")
cv2.imwrite("opencv.pgm", depth.astype(np.uint8))
files = {name: pathlib.Path(name).read_bytes() for name in ("oiio.pfm", "opencv.pfm", "pillow.pfm")}
lowest_first = all(np.array_equal(np.frombuffer(data[-48:], "<f4"), depth[::-1].ravel()) for data in files.values())
print("all three libraries store the lowest row first:", lowest_first)
assert lowest_first, "the behaviour has changed"

flip = oiio.ImageSpec()
flip.attribute("pnm:pfmflip", 1)
readings = {
    "OpenCV reads OpenImageIO's PFM": cv2.imread("oiio.pfm", cv2.IMREAD_UNCHANGED),
    "Pillow reads OpenImageIO's PFM": np.asarray(Image.open("oiio.pfm")),
    "ImageBuf reads OpenImageIO's PFM": buffer("oiio.pfm"),
    "ImageBuf reads OpenCV's PFM": buffer("opencv.pfm"),
    "ImageBuf reads Pillow's PFM": buffer("pillow.pfm"),
    "ImageInput reads OpenImageIO's PFM": by_input("oiio.pfm"),
    "ImageInput with pnm:pfmflip 1 reads OpenImageIO's PFM": by_input("oiio.pfm", flip),
    "ImageInput with an empty configuration reads OpenImageIO's PFM": by_input("oiio.pfm", oiio.ImageSpec()),
    "ImageBuf reads OpenImageIO's OpenEXR": buffer("oiio.exr"),
    "ImageBuf reads OpenCV's PGM": buffer("opencv.pgm") * 255,
}
ways = {"upright": depth, "upside down": depth[::-1]}
seen = {}
for name, picture in readings.items():
    seen[name] = next((way for way, rows in ways.items() if np.allclose(picture, rows)), "?")
    print(f"{name}: {seen[name]}")
upside_down = {name for name, way in seen.items() if way == "upside down"}
assert upside_down == set(list(readings)[2:6]) and "?" not in seen.values(), "the behaviour has changed"
PYTHON
