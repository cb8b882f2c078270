#!/usr/bin/env bash
# pyvips 3.2.0 (libvips 8.18.7): a grey NumPy picture of 16 bits is clipped to 8 bits when it is saved as PNG.
#
# Expected: a uint16 array becomes a PNG of 16 bits, as it does if it has three channels.
# Seen: new_from_array() tags any array of one channel as grey of 8 bits, "b-w". Saving as PNG goes by this tag and
# clips the samples: everything above 255 of 65535 is white, without a warning. The PNG of an RGB array and all TIFFs
# are exact, and JPEGs are scaled to 8 bits, so that these do not show it. A PNG of four channels has 8 bits too, but
# scaled. Grey scans and depth maps are destroyed. Pass interpretation="auto".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyvips==3.2.0 pyvips-binary==8.18.7 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import numpy as np
import pyvips

grey = np.linspace(0, 65535, 4096).round().astype(np.uint16).reshape(64, 64)
stacks = {"grey": grey, "RGB": np.dstack([grey] * 3), "RGBA": np.dstack([grey] * 4)}
seen = {}
for name, pixels in stacks.items():
    for interpretation in (None, "auto"):
        picture = pyvips.Image.new_from_array(pixels, interpretation=interpretation)
        for extension in ("tif", "png", "jpg"):
            if name == "RGBA" and extension == "jpg":
                continue
            path = f"{name}-{interpretation}.{extension}"
            picture.write_to_file(path)
            stored = pyvips.Image.new_from_file(path).numpy()
            first = stored.reshape(64, 64, -1)[..., 0].astype(int)
            if stored.dtype == np.uint16 and (first == grey).all():
                result = "exact"
            elif (first == np.minimum(grey, 255)).all():
                result = "clipped at 255"
            elif np.abs(first - grey / 257).max() < 3:
                result = "scaled to 8 bits"
            else:
                result = "something else"
            seen[name, interpretation, extension] = result
            print(f"{name}, interpretation={interpretation}, {extension}: {result}")
white = (pyvips.Image.new_from_file("grey-None.png").numpy() == 255).mean()
print(f"white in the grey PNG: {white:.1%} of the pixels of a ramp from black to white")
tiffs = {result for (_, _, extension), result in seen.items() if extension == "tif"}
assert tiffs == {"exact"}, "the behaviour has changed"
assert seen["grey", None, "png"] == "clipped at 255" and white > 0.99, "the behaviour has changed"
assert seen["RGB", None, "png"] == "exact", "the behaviour has changed"
assert seen["RGBA", None, "png"] == "scaled to 8 bits", "the behaviour has changed"
assert seen["grey", None, "jpg"] == seen["RGB", None, "jpg"] == "scaled to 8 bits", "the behaviour has changed"
assert all(seen[name, "auto", "png"] == "exact" for name in stacks), "the behaviour has changed"
PYTHON
