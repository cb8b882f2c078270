"""Figures of a generator on held-out photos while it trains: its own fills, without the synthesis of surfaces."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from inpaint.networks.tensors import composite, to_tensor
from train.masks import families
from train.metrics.efficientnet import LITE0, LITE2
from train.metrics.perceptual import elp, shared_features
from train.metrics.pixels import masked_psnr, mean_l1

MASKS = (families.scratches, families.free_form_strokes, families.large_holes)
DISTANCES = {"elp": LITE0, "elp2": LITE2}
PIXELS = {"l1": mean_l1, "psnr": masked_psnr}
MAX_PHOTOS = 12
"""Largest number of photos of a group, so that a measurement takes seconds."""
MAX_SIDE, MULTIPLE, SEED = 256, 16, 0


class _Item(NamedTuple):
    image: Tensor
    mask: Tensor


class GeneratorMeasure:
    """Fills held-out photos with three kinds of holes, always the same, and measures the fills over the holes.

    Args:
        groups: name of a group of photos -> RGB uint8 (H, W, 3) each; the first MAX_PHOTOS are used.
        device: where fills are computed.
    """

    def __init__(self, groups: Mapping[str, Sequence[np.ndarray]], device: torch.device) -> None:
        self._items = {name: list(_items(photos[:MAX_PHOTOS])) for name, photos in groups.items()}
        self._device = device
        self._features = {}
        for field, variant in DISTANCES.items():
            try:
                self._features[field] = shared_features(device, variant)
            except ModuleNotFoundError:  # the packages of the networks are missing: pixels decide
                continue

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return the mean of each metric over the photos and holes of each group, as "group/metric"."""
        return {
            f"{group}/{name}": value
            for group, items in self._items.items()
            if items
            for name, value in self._means(network, items).items()
        }

    def _means(self, network: nn.Module, items: Sequence[_Item]) -> dict[str, float]:
        rows = []
        for item in items:
            image, mask = item.image.to(self._device), item.mask.to(self._device)
            fill = network(image * (1 - mask), mask).float().clamp(-1, 1)
            fill = composite(image, fill, mask)
            row = {name: float(elp(fill, image, mask, features)) for name, features in self._features.items()}
            rows.append(row | {name: float(metric(fill, image, mask)) for name, metric in PIXELS.items()})
        return {name: fmean(values) for name in rows[0] if (values := _finite(row[name] for row in rows))}


def _finite(values: object) -> list[float]:
    return [value for value in values if math.isfinite(value)]  # type: ignore[attr-defined]


def _items(photos: Sequence[np.ndarray]) -> "list[_Item]":
    items = []
    for number, pixels in enumerate(photos):
        photo = Image.fromarray(pixels)
        photo.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        width, height = (max(MULTIPLE, side // MULTIPLE * MULTIPLE) for side in photo.size)
        image = to_tensor(np.array(photo.resize((width, height)) if min(photo.size) < MULTIPLE else
                                   photo.crop((0, 0, width, height))))  # fmt: skip
        for kind, draw in enumerate(MASKS):
            mask = draw(height, width, np.random.default_rng((SEED, number, kind)))
            items.append(_Item(image, torch.from_numpy(mask.astype(np.float32))[None, None]))
    return items
