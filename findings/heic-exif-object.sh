#!/usr/bin/env bash
# pillow-heif 1.8.0 with Pillow 12.3.0: a HEIC saved with exif=<PIL.Image.Exif> loses its orientation; with bytes it keeps it.
#
# Expected: save(exif=...) takes an Exif object or its bytes, as Pillow's own formats do, and writes the same file.
# Seen: with bytes, orientation 6 (rotate by 90 degrees) becomes the rotation of the HEIC container, and 64x48 pixels
# open as 48x64. With the object they open as 64x48: no rotation is written. In both files the tag itself reads 1, so
# that nothing is left from which a reader could restore the orientation. Other tags arrive in both cases.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow==12.3.0 pillow-heif==1.8.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
ORIENTATION, MAKE = 0x0112, 0x010F
exif = Image.Exif()
exif[ORIENTATION], exif[MAKE] = 6, "Camera"
seen = {}
for kind, value in {"bytes": exif.tobytes(), "object": exif}.items():
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, "HEIF", exif=value)
    image = Image.open(file)
    tags = image.getexif()
    seen[kind] = image.size, tags[ORIENTATION], tags[MAKE]
    print(f"exif as {kind}: size {image.size}, orientation {tags[ORIENTATION]}, make {tags[MAKE]}")
assert seen == {"bytes": ((48, 64), 1, "Camera"), "object": ((64, 48), 1, "Camera")}, "the behaviour has changed"
PYTHON
