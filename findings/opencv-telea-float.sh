#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93: INPAINT_TELEA fills a float picture with noise beyond its range.
#
# Expected: cv2.inpaint takes float32 of one channel, and what it fills does not depend on the unit: the fill of a picture
# in [0, 1] is that of the same picture in [0, 255], divided by 255. A flat picture gets a flat fill.
# Seen: a hole in a flat picture of 0.2 is filled with values from -1.2 to 1.6, and a gradient in [0.25, 0.75] with values
# from -0.9 to 2.0, as if a term of up to about 1.4 were added to the mean of the neighbours whatever the range of the values
# is: in 8 bits that is one grey level and is not seen. No error is raised. INPAINT_NS is right; or fill in [0, 65535] and
# divide.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet opencv-python-headless==5.0.0.93 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np

mask = np.zeros((60, 60), np.uint8)
mask[20:40, 20:40] = 255
hole = mask > 0
pictures = {
    "flat": np.full((60, 60), 0.2, np.float32),
    "gradient": np.tile(np.linspace(0.25, 0.75, 60, dtype=np.float32), (60, 1)),
}
worst = {}
for name, picture in pictures.items():
    eight_bits = np.round(picture * 255).astype(np.uint8)
    for method in "NS", "TELEA":
        flag = getattr(cv2, f"INPAINT_{method}")
        fills = {
            "uint8": cv2.inpaint(eight_bits, mask, 3, flag) / 255,
            "float32 in [0, 1]": cv2.inpaint(picture, mask, 3, flag),
            "float32 in [0, 65535]": cv2.inpaint(picture * np.float32(65535), mask, 3, flag) / 65535,
        }
        for kind, filled in fills.items():
            assert np.abs(filled - picture)[~hole].max() < 0.01, "the known pixels have changed"
            worst[name, method, kind] = np.abs(filled - picture)[hole].max()
            low, high = filled[hole].min(), filled[hole].max()
            error = worst[name, method, kind]
            print(f"{name:8} {method:5} {kind:21} filled with {low:5.2f} to {high:.2f}, wrong by up to {error:.2f}")
wrong = {case for case, error in worst.items() if error > 0.1}
assert wrong == {(name, "TELEA", "float32 in [0, 1]") for name in pictures}, "the behaviour has changed"
assert min(worst[case] for case in wrong) > 1, "the behaviour has changed"
PYTHON
