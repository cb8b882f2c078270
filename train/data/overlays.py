"""Read opacity maps of real or lifelike damage, which are composited onto photos."""

import re
import zlib
from collections.abc import Iterable
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
from datasets import Image as ImageFeature

from .columns import find_image_column
from .decoding import UnusableImageError, decode
from .opening import load_rows
from .shards import fetch_bytes

KIND_COLUMN = "source"
"""Column with the kind of damage; without it all maps are of one kind."""
HELD_OUT = 4
"""One map of this many is never trained on."""


class Overlay(NamedTuple):
    """An opacity map.

    Attributes:
        kind: of damage, such as "scratches".
        name: of its file.
        opacity: uint8 (h, w), 255 = opaque.
    """

    kind: str
    name: str
    opacity: np.ndarray


def load_overlays(dataset: str, split: str = "train", *, held_out: bool) -> list[Overlay]:
    """Return one part of the opacity maps of a dataset: those for training, or those for evaluation.

    Args:
        dataset: with grey images, white = opaque, and the kind of damage in the column KIND_COLUMN; see `open_dataset`.
        split: of the dataset.
        held_out: return the maps that are never trained on.

    Raises:
        ValueError: the dataset cannot be opened, or this part of it is empty.
        StreamError: the dataset cannot be read.
    """
    rows = load_rows(dataset, split).decode(False)
    column, *_ = find_image_column(rows.features, None)
    overlays: list[Overlay] = []
    for row in rows.cast_column(column, ImageFeature(decode=False)):
        cell = row[column]
        name = PurePath(cell.get("path") or str(len(overlays))).stem
        if is_held_out(name) != held_out:
            continue
        try:
            opacity = np.asarray(decode(fetch_bytes(cell), "L"))
        except UnusableImageError:
            continue
        overlays.append(Overlay(str(row.get(KIND_COLUMN) or "overlay"), name, opacity))
    if not overlays:
        raise ValueError(
            f"The dataset {dataset!r} (split {split!r}) holds no opacity maps: give grey images of damage."
        )
    return overlays


def is_held_out(name: str) -> bool:
    """Return whether the map of this file name is kept for evaluation.

    Names that differ only in their last digit are kept together: neighbours in a numbered series are often the same
    piece of damage, turned or mirrored.
    """
    return zlib.crc32(re.sub(r"\d$", "", name).encode()) % HELD_OUT == 0


def by_kind(overlays: Iterable[Overlay]) -> dict[str, list[np.ndarray]]:
    """Return kind -> the opacity maps of that kind, sorted by kind."""
    kinds: dict[str, list[np.ndarray]] = {}
    for overlay in overlays:
        kinds.setdefault(overlay.kind, []).append(overlay.opacity)
    return dict(sorted(kinds.items()))
