#!/usr/bin/env bash
# supervision 0.31.2: a scratch that is one pixel wide becomes the box around it in YOLO, or is left out.
#
# Expected: a mask that is saved as a data set and loaded again has about the same pixels, or an error or a warning says
# that the format cannot hold thin parts.
# Seen: the outline of a straight line of one pixel has two points, and polygons of fewer than three are dropped. If
# nothing else is in the mask, its bounding box is written instead: from YOLO, a diagonal of 30 pixels comes back as a
# filled square of 900, from Pascal VOC as an empty mask. If the mask has a thicker part, only that is written and the
# scratch is lost. There is no warning. Grow masks by a pixel first, or store them as RLE.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet supervision==0.31.2 opencv-python-headless==5.0.0.93 \
    numpy==2.4.6 pillow==12.3.0
cd "$folder"
venv/bin/python - <<'PYTHON'
import pathlib
import warnings

import numpy as np
import supervision as sv
from PIL import Image

HEIGHT, WIDTH = 60, 80
photo = pathlib.Path("photos/photo.png")
photo.parent.mkdir()
Image.new("RGB", (WIDTH, HEIGHT), (128, 128, 128)).save(photo)

diagonal = np.zeros((HEIGHT, WIDTH), bool)
diagonal[range(5, 35), range(10, 40)] = True
wide = diagonal | np.roll(diagonal, 1, axis=1) | np.roll(diagonal, 2, axis=1)
with_spot = diagonal.copy()
with_spot[40:55, 50:70] = True
masks = {"scratch of 3 pixels": wide, "scratch of 1 pixel": diagonal, "scratch of 1 pixel and a spot": with_spot}


def loaded_again(mask, layout):
    """Return the mask that a data set of one photo has after it was saved and loaded."""
    boxes = sv.mask_to_xyxy(mask[np.newaxis]).astype(float)
    holes = sv.Detections(xyxy=boxes, mask=mask[np.newaxis], class_id=np.array([0]))
    dataset = sv.DetectionDataset(["hole"], [str(photo)], {str(photo): holes})
    folder = f"{layout}-{mask.sum()}"
    if layout == "yolo":
        dataset.as_yolo(annotations_directory_path=folder, data_yaml_path=f"{folder}.yaml")
        loaded = sv.DetectionDataset.from_yolo("photos", folder, f"{folder}.yaml", force_masks=True)
    else:
        dataset.as_pascal_voc(annotations_directory_path=folder)
        loaded = sv.DetectionDataset.from_pascal_voc("photos", folder, force_masks=True)
    (detections,) = loaded.annotations.values()
    return detections.mask.any(axis=0)


seen = {}
with warnings.catch_warnings(record=True) as raised:
    warnings.simplefilter("always")
    for name, mask in masks.items():
        for layout in ("yolo", "voc"):
            again = loaded_again(mask, layout)
            seen[name, layout] = int(mask.sum()), int((mask & ~again).sum()), int((again & ~mask).sum())
for (name, layout), numbers in seen.items():
    print("{}, {}: {} pixels, {} lost, {} added".format(name, layout, *numbers))
about_masks = [str(warning.message) for warning in raised if "polygon" in str(warning.message).lower()]
print("warnings about polygons:", about_masks)
assert seen["scratch of 3 pixels", "yolo"][1:] == (0, 0), "the behaviour has changed"
assert seen["scratch of 3 pixels", "voc"][1:] == (0, 0), "the behaviour has changed"
assert seen["scratch of 1 pixel", "yolo"] == (30, 0, 870), "the behaviour has changed"
assert seen["scratch of 1 pixel", "voc"] == (30, 30, 0), "the behaviour has changed"
assert seen["scratch of 1 pixel and a spot", "yolo"] == (330, 30, 0), "the behaviour has changed"
assert seen["scratch of 1 pixel and a spot", "voc"] == (330, 30, 0), "the behaviour has changed"
assert not about_masks, "the behaviour has changed"
PYTHON
