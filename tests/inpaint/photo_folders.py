"""Folders of photos and masks for tests of the command line."""

import numpy as np
from PIL import Image

from tests.pictures import picture


def write(folder, name, mode="RGB", size=(90, 70), mask_name=None, mask_size=None, **options):
    (folder / "photos").mkdir(exist_ok=True)
    (folder / "masks").mkdir(exist_ok=True)
    picture(mode, size).save(folder / "photos" / name, **options)
    if mask_name:
        mask = Image.new("L", mask_size or size)
        mask.paste(255, (10, 20, 40, 50))
        mask.save(folder / "masks" / mask_name)


def outside_is_equal(before, after):
    hole = np.zeros((before.height, before.width), bool)
    hole[20:50, 10:40] = True
    a, b = np.asarray(before), np.asarray(after)
    return np.array_equal(a[~hole], b[~hole]) and not np.array_equal(a[hole], b[hole])
