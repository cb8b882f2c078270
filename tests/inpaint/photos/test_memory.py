"""A large photo is in memory once while it is opened, masked, filled and saved."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

WIDTH, HEIGHT = 5600, 3600
SCRIPT = """
import sys

import numpy as np

from inpaint.engine.fills import Fill
from inpaint.engine.photo import fill_photo
from inpaint.photos.masks import to_mask
from inpaint.photos.opening import open_photo
from inpaint.photos.saving import save_photo


def peak_bytes():
    return 1024 * int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])


def fills(pixels, mask, within, options, cancelled):
    for top in range(0, 3000, 200):
        yield Fill(50, top, 255 - pixels[top : top + 100, 50:250], mask[top : top + 100, 50:250])


def run(photo, mask, output):
    picture = open_photo(photo)
    hole = to_mask(mask, picture.size)
    if hole.any():
        fill_photo(picture, hole, fills)
    save_photo(picture, output)


photo, mask, small, output = sys.argv[1:]
run(small, small, output)  # loads what is loaded once
picture = open_photo(small)
picture.paste("white", (0, 0, 9, 9))
save_photo(picture, output)
before = peak_bytes()
run(photo, mask, output)
print(peak_bytes() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from /proc")
@pytest.mark.parametrize(("mode", "most"), [("RGB", 4 + 4 + 2), ("L", 1 + 2 + 2)])
def test_the_peak_is_the_photo_its_original_and_two_bytes_for_the_mask(tmp_path, mode, most):
    """Pillow has four bytes for a pixel of RGB and one for grey; the mask has one as a picture and one as an array.

    To save it, the photo is compared with the decoded original, and then changed in its coefficients: of two bytes.
    """
    photo, mask, small, output = (tmp_path / name for name in ("a.jpg", "mask.png", "small.jpg", "out.jpg"))
    Image.new(mode, (WIDTH, HEIGHT), "gray").save(photo)
    hole = Image.new("L", (WIDTH, HEIGHT))
    for top in range(0, 3000, 200):
        hole.paste(255, (50, top, 250, top + 100))
    hole.save(mask)
    Image.new(mode, (400, 300)).save(small)
    command = [sys.executable, "-c", SCRIPT, *map(str, (photo, mask, small, output))]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    slack = 16 * 1024 * 1024  # buffers, strips and blocks of the allocator
    assert WIDTH * HEIGHT < int(done.stdout) < most * WIDTH * HEIGHT + slack
