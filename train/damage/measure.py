"""Figures of a damage network on held-out photos that are degraded as in training, always in the same way."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import nn

from inpaint.damage import DamageFinder
from inpaint.networks.damage import DamageNetwork
from train.run.measure import OWN

from .config import DamageTrainConfig
from .degradation.degrade import IGNORE_INDEX, DegradedCrop, degrade
from .scores import PixelCounts, count_pixels, sum_counts
from .stream import zoomed_crop

CROPS_PER_PHOTO = 4
MAX_PHOTOS = 12
"""Largest number of photos of a measurement during a run, so that it takes seconds."""
SEED = 0


class DamageMeasure:
    """Marks the damage of held-out crops, see `train.run.measure.Measure`.

    Args:
        photos: RGB uint8 (H, W, 3) each; the first MAX_PHOTOS are used.
        config: of the run, whose crops and drawn damage the measurement shares.
        device: where the network runs.
    """

    def __init__(self, photos: Sequence[np.ndarray], config: DamageTrainConfig, device: torch.device) -> None:
        self._crops, self._device = degraded_crops(photos[:MAX_PHOTOS], config), device

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return F1, precision and recall of the masks, and 1 - F1 as the distance that is to become small."""
        assert isinstance(network, DamageNetwork)
        counts = pixel_counts(DamageFinder(network, self._device), self._crops)
        figures = {"f1_error": 1 - counts.f1, "precision": counts.precision, "recall": counts.recall}
        return {f"{OWN}/{name}": value for name, value in figures.items()}


def degraded_crops(photos: Sequence[np.ndarray], config: DamageTrainConfig | None = None) -> list[DegradedCrop]:
    """Return CROPS_PER_PHOTO crops of each photo with drawn damage.

    Args:
        photos: RGB uint8 (H, W, 3) each.
        config: size and magnification of the crops, and the share without damage; None: the preset's.
    """
    config, crops = config or DamageTrainConfig(), []
    for number, pixels in enumerate(photos):
        for index in range(CROPS_PER_PHOTO):
            rng = np.random.default_rng([SEED, number, index])
            crop = zoomed_crop(Image.fromarray(pixels), config.resolution, config.largest_zoom, rng)
            crops.append(degrade(crop, rng, clean_share=config.clean))
    return crops


def pixel_counts(finder: DamageFinder, crops: Sequence[DegradedCrop]) -> PixelCounts:
    """Return the counts of marked and damaged pixels of all crops together; ignored pixels are left out."""
    return sum_counts([_counts(finder, crop) for crop in crops])


def _counts(finder: DamageFinder, crop: DegradedCrop) -> PixelCounts:
    marked = finder(crop.image, grow_px=0) & (crop.target != IGNORE_INDEX)
    return count_pixels(marked, crop.target == 1)
