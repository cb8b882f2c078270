"""Draw a bank of masks, in several processes where it is large: a mask takes milliseconds of Python."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from train.data.samples import Silhouettes, draw_bank_mask
from train.data_config import DataConfig

DRAWN_HERE = 500
"""Largest bank that is not worth the start of further processes."""


def draw_bank(config: DataConfig, silhouettes: Silhouettes | None, seed: int) -> list[np.ndarray]:
    """Return the masks of a bank, those of `train.data.samples.MaskBank`: bool (n, n), True = hole; n varies.

    Args:
        config: `config.masks.bank` is the number of masks.
        silhouettes: as for `train.data.samples.make_sample`.
        seed: of the masks.
    """
    numbers = range(config.masks.bank)
    processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    draw = partial(draw_bank_mask, config, silhouettes, seed)
    if len(numbers) <= DRAWN_HERE or processes == 1:
        return [draw(number) for number in numbers]
    # not forked: PyTorch's threads may hold locks
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        return list(pool.map(draw, numbers, chunksize=64))
