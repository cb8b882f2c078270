#!/usr/bin/env bash
# kornia-rs 0.2.0: a TIFF that stores its channels one after the other is read with scrambled pixels.
#
# Expected: a TIFF may hold the planes of red, green and blue one by one (PlanarConfiguration 2), as some scanners and
# scientific programs write it. They are put together, or the file is declined.
# Seen: the planes are taken for one interleaved picture. Its upper third is made of red values alone, three neighbours
# to a pixel, the middle third of green, the lower one of blue: a photo becomes nine small grey ones. Shape and type are
# right; no error or warning. It is so with io.read_image() and the readers of 8 bits, 16 bits and floats. Pillow,
# OpenCV and tifffile read the file right. Let one of them read it, or reshape to (3, height, width) and move the channels
# to the end.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kornia-rs==0.2.0 tifffile==2026.3.3 pillow==13.0.0 \
    opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
import tifffile
from kornia_rs import io
from PIL import Image

rows, columns = np.mgrid[:60, :90]
photo = np.stack([columns * 2, rows * 4, 250 - columns - rows], axis=2).astype(np.uint8)
photos = {"8": photo, "16": photo.astype(np.uint16) * 257, "float": (photo / 255).astype(np.float32)}
for kind, pixels in photos.items():
    planes = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    tifffile.imwrite(f"planes {kind}.tif", planes, photometric="rgb", planarconfig="separate")
    tifffile.imwrite(f"pixels {kind}.tif", pixels, photometric="rgb")

readers = {
    "io.read_image": ("8", io.read_image),
    "io.read_image_tiff_u8": ("8", lambda name: io.read_image_tiff_u8(name, "rgb")),
    "io.read_image_tiff_u16": ("16", lambda name: io.read_image_tiff_u16(name, "rgb")),
    "io.read_image_tiff_f32": ("float", lambda name: io.read_image_tiff_f32(name, "rgb")),
    "tifffile": ("8", lambda name: np.moveaxis(tifffile.imread(name), 0 if "planes" in name else 2, 2)),
    "Pillow": ("8", Image.open),
    "OpenCV": ("8", lambda name: cv2.imread(name)[..., ::-1]),
}
for name, (kind, read) in readers.items():
    pixels = photos[kind]
    interleaved, planar = (np.asarray(read(f"{layout} {kind}.tif")) for layout in ("pixels", "planes"))
    assert interleaved.shape == planar.shape == pixels.shape and interleaved.dtype == planar.dtype == pixels.dtype
    assert (interleaved == pixels).all(), "the behaviour has changed"
    right = float((planar == pixels).mean())
    one_after_the_other = np.array_equal(planar.ravel(), np.moveaxis(pixels, 2, 0).ravel())
    print(f"{name}, separate planes: {right:.1%} of the values are right,", end=" ")
    print(f"the planes are in the picture one after the other: {one_after_the_other}")
    assert (right < 0.1 and one_after_the_other) if name.startswith("io.") else right == 1, "the behaviour has changed"
seen = np.asarray(io.read_image("planes 8.tif"))
print("upper left pixels", seen[0, :2].tolist(), "instead of", photo[0, :2].tolist())
PYTHON
