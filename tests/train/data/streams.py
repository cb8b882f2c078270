"""Settings of streams for tests, and what a stream yields."""

import itertools

from train.data_config import DataConfig, MaskConfig


def config(dataset, **changes):
    settings = {"resolution": 16, "batch_size": 4, "shuffle_buffer": 8, "min_scale": 1.0, "flip": False}
    datasets_ = dataset if isinstance(dataset, tuple) else (dataset,)
    return DataConfig(dataset=datasets_, masks=MaskConfig(strokes=1), **(settings | changes))


def take(stream, count):
    batches = list(itertools.islice(stream, count))
    stream.close()
    return batches


def shades(batches):
    """The grey value of each image in order; the test images are uniform."""
    return [int(image[0, 0, 0]) for batch in batches for image in batch.image]
