#!/usr/bin/env bash
# datasets 5.2.0 with Pillow 12.3.0: drawing into an image that map() hands over is lost, drawing into its copy is not.
#
# Expected: a dataset stores the pixels that map() returns, also where a hole was painted into the image itself.
# Seen: an image that was opened from a path keeps its `filename` after ImageDraw, paste() or putpixel(), and the Image
# feature stores the file of that name instead of the pixels. The hole is missing, without an error or a warning.
# Dataset.from_dict() does the same with images that were opened and then painted. A copy() has no filename.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasets==5.2.0 pillow==12.3.0
cd "$folder"
venv/bin/python - <<'PYTHON'
from datasets import Dataset, Features, Image, disable_progress_bars
from PIL import Image as Pillow
from PIL import ImageDraw

disable_progress_bars()
Pillow.new("RGB", (32, 32), (10, 20, 30)).save("photo.png")
photos = Dataset.from_dict({"image": ["photo.png"]}, features=Features({"image": Image()}))

def paint(row, copied):
    image = row["image"].copy() if copied else row["image"]
    ImageDraw.Draw(image).rectangle((8, 8, 23, 23), fill=(255, 255, 255))
    return {"image": image}

seen = [photos.map(paint, fn_kwargs={"copied": copied})[0]["image"].getpixel((16, 16)) for copied in (True, False)]
print("painted white; stored from a copy: {}, from the image itself: {}".format(*seen))
assert seen == [(255, 255, 255), (10, 20, 30)], "the behaviour has changed"
PYTHON
