"""Crops and small generators for tests of runtimes."""

import numpy as np

from inpaint.networks.config import FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.inpaint.networks.test_generators import with_random_weights

SMALL = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)


def small(config=SMALL):
    """A generator with random weights."""
    return with_random_weights(build_generator(config)).eval()


def crop(height, width, seed=0, batch=1):
    """A masked image, its mask and a coarse fill, all of noise, with a hole that differs within the batch."""
    rng = np.random.default_rng(seed)
    image, coarse = (rng.uniform(-1, 1, (batch, 3, height, width)).astype(np.float32) for _ in range(2))
    mask = np.zeros((batch, 1, height, width), np.float32)
    for index in range(batch):
        mask[index, :, height // 4 + index : height // 2, width // 4 : -3] = 1
    return image * (1 - mask), mask, coarse
