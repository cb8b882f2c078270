#!/usr/bin/env bash
# imagecodecs 2026.3.6: level=100 is the best quality of AVIF, and for JPEG-LS permits an error of 100 grey levels.
#
# Expected: the encoders of one package read the same argument on the same scale, so that 100 is (nearly) lossless.
# Seen: for JPEG-LS `level` is the NEAR parameter of the format, the largest permitted error of a sample: level=0
# and no level are lossless, level=100 returns pixels that are off by 100. It raises no error. Batch code that sets one
# level for a choice of codecs must leave JPEG-LS out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet imagecodecs==2026.3.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import imagecodecs
import numpy as np

blocks = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8).repeat(4, 0).repeat(4, 1)


def error(codec, **options):
    encode, decode = (getattr(imagecodecs, f"{codec}_{way}") for way in ("encode", "decode"))
    decoded = decode(encode(blocks, **options))
    return int(np.abs(decoded.astype(int) - blocks).max())


LEVELS = {}, {"level": 0}, {"level": 100}
seen = {codec: [error(codec, **options) for options in LEVELS] for codec in ("avif", "jpegls")}
for codec, errors in seen.items():
    print(f"{codec}: largest error {errors[0]} without level, {errors[1]} at level=0, {errors[2]} at level=100")
assert seen["jpegls"] == [0, 0, 100], "the behaviour has changed"
assert seen["avif"][2] == 0 < seen["avif"][1], "the behaviour has changed"
PYTHON
