#!/usr/bin/env bash
# torchmetrics 1.9.0, torch 2.14.1: mean_squared_error and others of 8-bit pictures wrap around, their PSNR is right.
#
# Expected: two pictures of uint8, as decoders return them, have the errors that they have as floats, or are declined,
# as structural_similarity_index_measure does (with the message that it expected floats).
# Seen: peak_signal_noise_ratio is the same for uint8 and floats. mean_squared_error and mean_absolute_error subtract
# and square in uint8: 9 - 10 is 255, 16 x 16 is 0. A picture that is a level too dark has a mean absolute error of 255,
# one that is 16 levels too bright a mean squared error of 0. total_variation counts a step down by 1 as 255. The
# classes do the same. No warning. Convert to floats first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torchmetrics==1.9.0 torch==2.14.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from torchmetrics import MeanAbsoluteError, MeanSquaredError, functional
from torchmetrics.functional import image
from torchmetrics.image import TotalVariation

ramp = torch.arange(40, 200, dtype=torch.uint8).repeat(1, 1, 160, 1)  # brighter to the right


def mean_variation(picture, _):
    return image.total_variation(picture) / picture.numel()


def psnr(restored, photo):
    return image.peak_signal_noise_ratio(restored, photo, data_range=255.0)


def of_class(kind, *pictures):
    metric = kind()
    metric.update(*pictures)
    return float(metric.compute())


metrics = {
    "mean absolute error": functional.mean_absolute_error,
    "mean squared error": functional.mean_squared_error,
    "PSNR": psnr,
    "total variation per pixel": mean_variation,
}
pairs = {
    "a level darker": (ramp - 1, ramp),
    "16 levels brighter": (ramp + 16, ramp),
    "brighter to the left": (ramp.flip(3), ramp.flip(3)),
}
seen = {}
for what, pictures in pairs.items():
    for name, metric in metrics.items():
        as_is, as_floats = float(metric(*pictures)), float(metric(*(picture.float() for picture in pictures)))
        seen[what, name] = as_is, as_floats
        print(f"{what}: {name} {as_is:.2f}, as floats {as_floats:.2f}")
darker, brighter, flipped = pairs.values()
classes = of_class(MeanAbsoluteError, *darker), of_class(MeanSquaredError, *brighter)
classes += (of_class(TotalVariation, flipped[0]),)
print("MeanAbsoluteError, MeanSquaredError, TotalVariation:", classes)
try:
    image.structural_similarity_index_measure(*darker, data_range=255.0)
    declined = False
except RuntimeError as error:
    declined = True
    print("SSIM of uint8:", error)

for what in pairs:
    assert len(set(seen[what, "PSNR"])) == 1, "the behaviour has changed"
assert seen["a level darker", "mean absolute error"] == (255, 1), "the behaviour has changed"
assert seen["a level darker", "mean squared error"] == (1, 1), "the behaviour has changed"
assert seen["16 levels brighter", "mean squared error"] == (0, 256), "the behaviour has changed"
as_is, as_floats = seen["brighter to the left", "total variation per pixel"]
assert as_is > 250 and as_floats < 1, "the behaviour has changed"
assert classes == (255, 0, as_is * ramp.numel()) and declined, "the behaviour has changed"
PYTHON
