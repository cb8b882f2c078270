"""python -m train.jobs.preview PRESET DATASET: pictures of a dataset under a preset's masks, as one line of JSON.

A process of its own, so that it can be given a token that is not this machine's, a cache that nobody else sees, and an
end: a page runs it for people it does not know, on pictures it does not know.
"""

import base64
import dataclasses
import io
import itertools
import json
import sys
import warnings

import numpy as np
from PIL import Image

from train.config import DataConfig
from train.data.datasets import iter_photos
from train.data.samples import make_sample
from train.presets import PRESETS

PICTURES, SIDE = 9, 192
HOLE = np.array([42, 102, 86], dtype=np.float32)
"""The colour that a hole is shown in."""


def preview(preset: str, dataset: str) -> dict:
    """{"pictures": data URLs of JPEGs}: the first pictures, cropped as in training, with their holes coloured.

    Raises:
        ValueError: the dataset cannot be opened, or holds no pictures.
    """
    config = dataclasses.replace(PRESETS[preset][1].data, resolution=SIDE)
    photos = list(itertools.islice(iter_photos(dataset, config.split), PICTURES))
    if not photos:
        raise ValueError(f"The dataset {dataset!r} holds no pictures that can be read.")
    return {"pictures": [_shown(photo, config, number) for number, photo in enumerate(photos)]}


def _shown(photo: Image.Image, config: DataConfig, number: int) -> str:
    crop, mask = make_sample(photo, config, (0, 0, number), None)
    hole = mask[0, :, :, None] * np.float32(0.88)
    picture = crop.transpose(1, 2, 0) * (1 - hole) + HOLE * hole
    file = io.BytesIO()
    Image.fromarray(picture.round().astype(np.uint8)).save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def main() -> int:
    """Returns the exit code: 0 shown, 1 a problem that was explained, as {"problem": sentence}."""
    warnings.simplefilter("ignore")
    _, preset, dataset = sys.argv
    try:
        print(json.dumps(preview(preset, dataset)))
        return 0
    except Exception as error:  # whatever it is, it is the dataset's, and the page says so
        print(json.dumps({"problem": " ".join(str(error).split())}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
