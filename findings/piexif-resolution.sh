#!/usr/bin/env bash
# piexif 1.1.3 with Pillow 12.3.0: inserting EXIF into a JPEG removes its JFIF header and with it the resolution of a scan.
#
# Expected: insert() adds or replaces the EXIF segment and leaves the others as they are.
# Seen: the JFIF segment (APP0), in which scanners and Pillow state the dots per inch, is replaced by the EXIF segment.
# Unless the inserted tags repeat the resolution (XResolution, YResolution, ResolutionUnit), a scan of 300 dpi opens with
# Pillow's fallback of 72, and prints at four times its size. The ICC profile, the comment and the pixels stay.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet piexif==1.1.3 pillow==12.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import io

import piexif
from PIL import Image, ImageCms

scan = io.BytesIO()
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
Image.linear_gradient("L").convert("RGB").save(scan, "JPEG", dpi=(300, 300), icc_profile=profile, comment=b"scan")
tagged = io.BytesIO()
piexif.insert(piexif.dump({"0th": {piexif.ImageIFD.Make: "Scanner"}}), scan.getvalue(), tagged)
before, after = Image.open(scan), Image.open(tagged)
for name, image in {"before": before, "after": after}.items():
    info = image.info
    print(f"{name}: JFIF {'jfif' in info}, dpi {info.get('dpi')}, ICC {'icc_profile' in info}, comment {info.get('comment')}")
assert before.info["dpi"] == (300, 300) and "jfif" in before.info, "the behaviour has changed"
assert after.info["dpi"] == (72, 72) and "jfif" not in after.info, "the behaviour has changed"
assert after.info["icc_profile"] == profile and after.tobytes() == before.tobytes(), "the behaviour has changed"
PYTHON
