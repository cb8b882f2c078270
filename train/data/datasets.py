"""Read the photos of a dataset in order, or the silhouettes of a segmentation dataset."""

import contextlib
import itertools
from collections.abc import Iterator

import numpy as np
from PIL import Image

from .decoding import UnusableImageError
from .opening import OpenDataset, open_dataset
from .samples import extract_silhouettes
from .shards import Shards, read_photo

MASK_COLUMNS = ("mask", "label", "annotation", "segmentation")
"""Parts of the names of columns that are preferred for silhouettes."""
MAX_SILHOUETTES = 5000


def load_silhouettes(dataset: str, split: str = "train") -> list[np.ndarray]:
    """Return up to MAX_SILHOUETTES silhouettes of a segmentation dataset as bool arrays (h, w).

    Args:
        dataset: as for `open_dataset`. A column named after a mask is preferred.
        split: of the dataset.

    Raises:
        ValueError: the dataset cannot be opened, or holds no silhouettes.
        StreamError: the dataset cannot be read.
    """
    silhouettes: list[np.ndarray] = []
    for image in _iter_decoded(open_dataset(dataset, split, prefer=MASK_COLUMNS), mode=None):
        silhouettes.extend(extract_silhouettes(image))
        if len(silhouettes) >= MAX_SILHOUETTES:
            break
    if not silhouettes:
        raise ValueError(f"The dataset {dataset!r} holds no silhouettes; give a segmentation dataset.")
    return silhouettes[:MAX_SILHOUETTES]


def iter_photos(
    dataset: str,
    split: str = "train",
    limit: int | None = None,
    *,
    free_only: bool = False,
    held_out: frozenset[str] = frozenset(),
) -> Iterator[Image.Image]:
    """Yield the photos of a dataset in the order of its rows, upright, as RGB. Unusable images are left out.

    Args:
        dataset: as for `open_dataset`.
        split: of the dataset.
        limit: largest number of photos; None: all.
        free_only: as for `open_dataset`.
        held_out: digests of files that are left out, see `train.data.held_out.HeldOut`.

    Raises:
        ValueError: the dataset cannot be opened or has no images.
        StreamError: the dataset cannot be read.
    """
    opened = open_dataset(dataset, split, free_only=free_only)
    return itertools.islice(_iter_decoded(opened, "RGB", held_out), limit)


def _iter_decoded(
    opened: OpenDataset, mode: str | None, held_out: frozenset[str] = frozenset()
) -> Iterator[Image.Image]:
    shards = Shards([opened])
    for number in range(len(shards)):
        for cells in shards.rows(number):
            for cell in cells:
                with contextlib.suppress(UnusableImageError):
                    yield read_photo(cell, mode=mode, held_out=held_out)
