#!/usr/bin/env bash
# image-similarity-measures 0.3.6: photos of 8 bits are measured as if they had 12.
#
# Expected: the range of the pixels is taken from their type, as scikit-image does, or has to be given.
# Seen: max_p is 4095 unless it is given, and the command line, which reads photos with OpenCV, does not give it. PSNR
# is 24.1 dB too high, and a photo against pure noise has an SSIM above 0.6. ISSM, which divides by 16 before it looks
# for edges, is 0 for photos of 8 bits, even for two equal ones. No warning names the range. Pass max_p=255, avoid ISSM.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet image-similarity-measures==0.3.6 scikit-image==0.20.0 numpy==1.26.4 \
    opencv-python==4.11.0.86
cd "$folder"
venv/bin/python - <<'PYTHON'
import json
import subprocess

import cv2
import numpy as np
from skimage import metrics

random = np.random.default_rng(0)
rows, columns = np.mgrid[:96, :96]
pattern = 128 + 60 * np.sin(columns / 5) + 50 * np.cos(rows / 7)
photo = np.clip(pattern[..., np.newaxis] + random.normal(0, 10, (96, 96, 3)), 0, 255).astype(np.uint8)
unfilled = photo.copy()
unfilled[30:60, 30:60] = 0
pictures = {"photo": photo, "unfilled hole": unfilled, "noise": random.integers(0, 256, photo.shape, dtype=np.uint8)}
for name, picture in pictures.items():
    cv2.imwrite(f"{name}.png", picture)

seen = {}
for name, picture in pictures.items():
    command = ["venv/bin/python", "-m", "image_similarity_measures.evaluate"]
    command += ["--org_img_path=photo.png", f"--pred_img_path={name}.png"]
    command += [f"--metric={metric}" for metric in ("psnr", "ssim", "issm")]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    seen[name] = json.loads(result.stdout)["metrics"]
    psnr = metrics.peak_signal_noise_ratio(photo, picture) if name != "photo" else np.inf
    ssim = metrics.structural_similarity(photo, picture, channel_axis=2)
    seen[name] |= {"psnr of 8 bits": psnr, "ssim of 8 bits": ssim}
    print(f"photo against {name}:", ", ".join(f"{key} {value:.3f}" for key, value in seen[name].items()))
for name in ("unfilled hole", "noise"):
    excess = seen[name]["psnr"] - seen[name]["psnr of 8 bits"]
    assert abs(excess - 20 * np.log10(4095 / 255)) < 0.01, "the behaviour has changed"
assert seen["noise"]["ssim"] > 0.6 and seen["noise"]["ssim of 8 bits"] < 0.1, "the behaviour has changed"
assert {measured["issm"] for measured in seen.values()} == {0}, "the behaviour has changed"
PYTHON
