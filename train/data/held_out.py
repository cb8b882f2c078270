"""Held-out photos of a run: a split of its dataset, or some of its pictures, which are then not trained on."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from train.data_config import DataConfig

from .datasets import iter_photos
from .decoding import UnusableImageError, decode
from .folder import DEFAULT_SPLIT, NoSuchSplitError, has_one_split
from .names import display_name
from .opening import open_dataset
from .shards import Shards, digest, fetch_bytes

HELD_OUT_SPLITS = ("validation", "test")
PHOTOS, MAX_SIDE = 24, 512
"""Largest number of held-out photos, and their longest side in pixels."""
SCANNED, SHARE, FEWEST = 256, 6, 8
"""Of the first SCANNED pictures of a dataset without a split, one in SHARE is held out; of fewer than FEWEST, none."""


EXAMPLES = Path(__file__).parents[2] / "page" / "static" / "examples"
EXAMPLE_CROPS = 8


class HeldOut(NamedTuple):
    """Photos that a run does not train on.

    Attributes:
        name: what they are, as text.
        photos: RGB uint8 (H, W, 3) each, with sides of at most MAX_SIDE.
        digests: of the files that must be left out of the training: `digest` of each; empty where a split keeps them
            apart.
        split: dataset and split that they are from; None if they are no split of a dataset.
    """

    name: str
    photos: list[np.ndarray]
    digests: frozenset[str] = frozenset()
    split: tuple[str, str] | None = None


def find_held_out(data: DataConfig, requested: str | None) -> HeldOut | None:
    """Return the held-out photos of a run; the same ones each time.

    Args:
        data: what the run trains on.
        requested: a dataset, with @SPLIT if it is not its validation split; None: the validation or test split of the
            run's first dataset, or pictures of that dataset.

    Returns:
        None if nothing was requested, and the dataset has no such split and too few pictures.

    Raises:
        ValueError: the requested photos, or the dataset, cannot be read.
        StreamError: the Hub cannot be reached.
    """
    split = find_split(data, requested)
    return split if split is not None else _of_training_set(data)


def find_split(data: DataConfig, requested: str | None) -> HeldOut | None:
    """Return photos of another split than the one that is trained on; see `find_held_out`. None if there is none."""
    if requested is not None:
        return _requested(requested)
    return _other_split(data.dataset[0], data.split, free_only=data.free_only) if data.dataset else None


def _other_split(name: str, trained_on: str, *, free_only: bool) -> HeldOut | None:
    """Return photos of the first of HELD_OUT_SPLITS that is not trained on; None if the dataset has none of them."""
    if Path(name).is_file() or has_one_split(name):
        return None
    for split in HELD_OUT_SPLITS:
        if split != trained_on:
            with suppress(ValueError):  # there is no such split
                return _read(name, split, free_only=free_only)
    return None


def _requested(text: str) -> HeldOut:
    name, _, split = text.rpartition("@") if "@" in text else (text, "", HELD_OUT_SPLITS[0])
    return _read(name, split)


def _read(name: str, split: str, *, free_only: bool = False) -> HeldOut:
    photos = [_small(photo) for photo in iter_photos(name, split, PHOTOS, free_only=free_only)]
    if not photos:
        raise ValueError(f"{name} (split {split}) has no readable photos")
    text = f"{len(photos)} held-out photos of {display_name(name)} ({split})"
    return HeldOut(text, photos, split=(name, split))


def other_photos(requested: str | None, mixed: Sequence[str] = (), *, free_only: bool = False) -> list[np.ndarray]:
    """Return photos of other kinds than those that are trained on.

    Args:
        requested: a dataset, with @SPLIT if it is not its validation split; None: the validation or test split of the
            first of `mixed` that has one, or else crops of the examples of the page, where the program has them.
        mixed: datasets whose training split is mixed in.
        free_only: of `mixed`, only photos with a free licence, see `open_dataset`.

    Raises:
        ValueError: the requested photos cannot be read.
        StreamError: the Hub cannot be reached.
    """
    if requested is not None:
        return _requested(requested).photos
    for name in mixed:
        if found := _other_split(name, "train", free_only=free_only):
            return found.photos
    crops = []
    for path in sorted(EXAMPLES.glob("*.jpg")):
        photo = Image.open(path).convert("RGB")
        width, height = photo.width // 2, photo.height // 2
        corners = ((left, top) for left in (0, width) for top in (0, height))
        crops += [_small(photo.crop((left, top, left + width, top + height))) for left, top in corners]
    return crops[:: max(1, len(crops) // EXAMPLE_CROPS)][:EXAMPLE_CROPS]


def _of_training_set(data: DataConfig) -> HeldOut | None:
    """Hold out the pictures with the lowest digests: which ones does not depend on the order of the files."""
    found: dict[str, bytes] = {}
    scanned = 0
    for content in _contents(data):
        scanned += 1
        found[digest(content)] = content
        if len(found) > PHOTOS:
            del found[max(found)]
    if scanned < FEWEST:
        return None
    photos, digests = [], []
    for key in sorted(found)[: scanned // SHARE + 1]:
        try:
            photos.append(_small(decode(found[key])))
            digests.append(key)
        except UnusableImageError:
            continue
    if not photos:
        return None
    name = f"{len(photos)} held-out photos of {display_name(data.dataset[0])}, which were not trained on"
    return HeldOut(name, photos, frozenset(digests))


def _contents(data: DataConfig) -> Iterator[bytes]:
    """Yield the files of the first SCANNED pictures of the first dataset."""
    opened = open_dataset(data.dataset[0], data.split, data.revision, data.column, free_only=data.free_only)
    shards = Shards([opened], data.patience_s)
    count = 0
    for number in range(len(shards)):
        for cells in shards.rows(number):
            for cell in cells:
                if count == SCANNED:
                    return
                try:
                    content = fetch_bytes(cell, data.patience_s)
                except UnusableImageError:
                    continue
                count += 1
                yield content


def _small(photo: Image.Image) -> np.ndarray:
    photo = photo.convert("RGB")
    photo.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    return np.array(photo)


def split_to_measure(data: str, requested: str | None) -> str:
    """Return the split whose photos are measured; a line on standard error says so where they may be training data.

    Args:
        data: a dataset, as for `open_dataset`.
        requested: None: the first of validation, test and train that the dataset has.

    Raises:
        ValueError: the dataset cannot be opened.
        StreamError: it cannot be read.
    """
    if requested is not None:
        return requested
    for split in HELD_OUT_SPLITS:
        with suppress(NoSuchSplitError):
            open_dataset(data, split)
            return split
    print(
        f"note: {display_name(data)} has no split {' or '.join(HELD_OUT_SPLITS)}: {DEFAULT_SPLIT} is measured, which "
        "tells nothing about weights that were trained on it",
        file=sys.stderr,
    )
    return DEFAULT_SPLIT


def training_photos(datasets: Sequence[str], split: str) -> Iterator[Image.Image]:
    """Yield the photos of datasets, one after the other, without those that a run on them holds out.

    Args:
        datasets: Hub ids, folders of images or parquet files.
        split: of the datasets.

    Raises:
        ValueError: a dataset cannot be opened or has no photos; also while iterating.
        StreamError: it cannot be read; also while iterating.
    """
    held_out = find_held_out(DataConfig(dataset=tuple(datasets), split=split), None)
    digests = held_out.digests if held_out else frozenset()
    for name in datasets:
        yield from iter_photos(name, split, held_out=digests)
