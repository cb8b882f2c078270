#!/usr/bin/env bash
# jpeglib 1.0.2: reading DCT coefficients and writing them back, unchanged, doubles the JFIF or Adobe header.
#
# Expected: read_dct() and write_dct() keep the markers of the file, each once.
# Seen: all markers are kept, but libjpeg writes a header of its own in front of the one that was read. An RGB file
# gets two JFIF segments (APP0), a CMYK file two Adobe segments (APP14), and a second round trip makes it three. Decoded
# pixels do not change. The JFIF standard has one such segment, directly after the start of the image.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet jpeglib==1.0.2 pillow==12.3.0
cd "$folder"
venv/bin/python - <<'PYTHON'
from pathlib import Path

import jpeglib
from PIL import Image, ImageChops


def headers(path):
    """Names of the JFIF and Adobe segments, in order."""
    data, at, found = Path(path).read_bytes(), 2, []
    while data[at + 1] != 0xDA:  # start of scan
        found += [name for name in ("JFIF", "Adobe") if data[at + 4 :].startswith(name.encode())]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


seen = {}
for mode in ("RGB", "CMYK"):
    Image.linear_gradient("L").resize((64, 48)).convert(mode).save("0.jpg")
    for step in (1, 2):
        jpeglib.read_dct(f"{step - 1}.jpg").write_dct(f"{step}.jpg")
    seen[mode] = [headers(f"{step}.jpg") for step in (0, 1, 2)]
    same = ImageChops.difference(Image.open("0.jpg"), Image.open("2.jpg")).getextrema()
    print(f"{mode}: {seen[mode]}; largest difference of pixels {max(high for _, high in same)}")
    assert not any(high for _, high in same), "the behaviour has changed"
expected = {"RGB": "JFIF", "CMYK": "Adobe"}
assert seen == {mode: [[name], [name] * 2, [name] * 3] for mode, name in expected.items()}, "the behaviour has changed"
PYTHON
