"""python -m train.jobs.preview PRESET DATASET: print pictures of a dataset with a preset's masks as one line of JSON.

It runs in a separate process, so that the page can give it the token of a visitor, a private cache, a timeout and a
memory limit.
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

from train.data.datasets import iter_photos
from train.data.samples import make_sample
from train.data_config import DataConfig
from train.jobs.memory_limit import limit_memory
from train.presets import PRESETS

PICTURES, SIDE = 9, 192
HOLE_RGB = np.array([42, 102, 86], dtype=np.float32)
HOLE_OPACITY = np.float32(0.88)


def preview(preset: str, dataset: str) -> dict[str, list[str]]:
    """Return {"pictures": data URLs of JPEGs}: the first pictures, cropped as in training, with their holes coloured.

    Args:
        preset: name of a preset, whose masks are shown.
        dataset: as in `data.dataset` of a config.

    Raises:
        ValueError: the dataset cannot be opened, or holds no pictures.
    """
    config = dataclasses.replace(PRESETS[preset][1].data, resolution=SIDE)
    photos = list(itertools.islice(iter_photos(dataset, config.split), PICTURES))
    if not photos:
        raise ValueError(f"The dataset {dataset!r} holds no pictures that can be read: choose another one.")
    return {"pictures": [_data_url(photo, config, number) for number, photo in enumerate(photos)]}


def _data_url(photo: Image.Image, config: DataConfig, number: int) -> str:
    crop, mask = make_sample(photo, config, (0, 0, number), None)
    opacity = mask[0, :, :, None] * HOLE_OPACITY
    picture = crop.transpose(1, 2, 0) * (1 - opacity) + HOLE_RGB * opacity
    file = io.BytesIO()
    Image.fromarray(picture.round().astype(np.uint8)).save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def main() -> int:
    """Print the pictures, or {"problem": sentence}; return the exit code, 0 or 1."""
    warnings.simplefilter("ignore")
    limit_memory()
    _, preset, dataset = sys.argv
    try:
        print(json.dumps(preview(preset, dataset)))
        return 0
    except MemoryError:
        print(json.dumps({"problem": f"The pictures of {dataset} are too large to be shown: choose another dataset."}))
        return 1
    except Exception as error:  # a dataset can fail in many ways; the page shows the message
        print(json.dumps({"problem": " ".join(str(error).split())}))
        return 1


if __name__ == "__main__":
    sys.exit(main())
