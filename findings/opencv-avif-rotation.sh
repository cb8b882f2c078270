#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93 with Pillow 12.3.0: an AVIF photo that is to be rotated arrives on its side.
#
# Expected: imread() and imdecode() turn a photo upright for IMREAD_COLOR, as they do for JPEG, PNG, WebP and TIFF, and as
# Pillow's ImageOps.exif_transpose does for all five.
# Seen: an AVIF states its rotation in a property of the container (irot), which Pillow writes from the EXIF tag that it
# is given and reads back as one. OpenCV ignores the property: 64x48 pixels with orientation 6 stay 64x48. A mask that was
# painted on the upright photo then has another shape, or, for a square photo, lies elsewhere without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 pillow==12.3.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import io

import cv2
import numpy as np
from PIL import Image, ImageOps

ORIENTATION, ROTATED = 0x0112, 6
seen = {}
for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED
    file = io.BytesIO()
    Image.new("RGB", (64, 48)).save(file, kind, exif=exif)
    height, width = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR).shape[:2]
    seen[kind] = (width, height), ImageOps.exif_transpose(Image.open(file)).size
    print(f"{kind}: OpenCV {seen[kind][0]}, Pillow {seen[kind][1]}")
expected = dict.fromkeys(("JPEG", "PNG", "WEBP", "TIFF"), ((48, 64), (48, 64))) | {"AVIF": ((64, 48), (48, 64))}
assert seen == expected, "the behaviour has changed"
PYTHON
