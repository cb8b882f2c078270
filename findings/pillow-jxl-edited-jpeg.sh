#!/usr/bin/env bash
# pillow-jxl-plugin 1.3.8: a JPEG that was edited in place is saved as JPEG XL without the edits.
#
# Expected: Image.save writes the pixels of the image, in this format as in the others.
# Seen: an image that was opened from a JPEG file is not encoded at all: the plugin opens the file of its `filename` again
# and repacks its coefficients. What was drawn, pasted or filled since is lost, a thumbnail has the full size, and an
# image that was turned upright in place is not turned. With `lossless=True` and any `quality` too. There is a warning of
# "JPEG reconstruction", but none with `lossless_jpeg=True`. Images from a stream are saved as they are, and so is a copy:
# call `.copy()`, or pass `lossless_jpeg=False`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pillow-jxl-plugin==1.3.8 pillow==12.3.0
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import io
from pathlib import Path

import pillow_jxl  # registers the format
from PIL import Image, ImageDraw, ImageOps

exif = Image.Exif()
exif[0x0112] = 6  # to be turned by a quarter
Image.new("RGB", (64, 48), "grey").save("photo.jpg", quality=95, exif=exif)


def retouch(image):
    ImageDraw.Draw(image).rectangle((16, 12, 47, 35), fill="red")


def shrink(image):
    image.thumbnail((16, 16))


def turn(image):
    ImageOps.exif_transpose(image, in_place=True)


def saved(source, edit, *, copy=False, **options):
    """Return whether an edited photo has its size, and the colour of its middle, after it was saved and read."""
    with Image.open(source) as image:
        edit(image)
        edited = image.copy()
    (edited if copy else image).save(file := io.BytesIO(), "JXL", **options)
    read = Image.open(file).convert("RGB")
    middle = edited.width // 2, edited.height // 2
    distance = max(abs(a - b) for a, b in zip(read.getpixel(middle), edited.getpixel(middle)))
    return read.size == edited.size and distance < 40


seen = {
    "retouched": saved("photo.jpg", retouch),
    "retouched, lossless": saved("photo.jpg", retouch, lossless=True),
    "retouched, quality 50": saved("photo.jpg", retouch, quality=50),
    "retouched, lossless_jpeg=True": saved("photo.jpg", retouch, lossless_jpeg=True),
    "thumbnail": saved("photo.jpg", shrink),
    "turned upright": saved("photo.jpg", turn),
    "retouched, lossless_jpeg=False": saved("photo.jpg", retouch, lossless_jpeg=False),
    "retouched, copied": saved("photo.jpg", retouch, copy=True),
    "retouched, from a stream": saved(io.BytesIO(Path("photo.jpg").read_bytes()), retouch),
}
for name, kept in seen.items():
    print(f"{name}: {'saved' if kept else 'the edit is lost'}")
assert [*seen.values()] == [False] * 6 + [True] * 3, "the behaviour has changed"
PYTHON
