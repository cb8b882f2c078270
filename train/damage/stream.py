"""Batches for the damage network: crops of undamaged photos, degraded on the fly."""

import math

import numpy as np
from PIL import Image

from train.config import DataConfig
from train.damage.degradation.degrade import degrade
from train.data.order import START, Position
from train.data.stream import PhotoStream

from .config import DamageTrainConfig


class DegradedStream(PhotoStream):
    """A `PhotoStream` of scans of damaged prints; the batches' `mask` is their target, see `degrade.DegradedCrop`.

    Args:
        config: of the run.
        start: position to go on from.

    Raises:
        ValueError: a dataset cannot be opened or holds no pictures; also while iterating.
    """

    def __init__(self, config: DamageTrainConfig, start: Position = START) -> None:
        self._run = config
        data = DataConfig(
            dataset=config.dataset,
            split=config.split,
            resolution=config.resolution,
            batch_size=config.batch_size,
            cache=True,
            cache_side=config.cache_side,
            workers=config.workers,
        )
        super().__init__(data, config.seed, start)

    def _draw(self, photo: Image.Image, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(list(seed))
        crop = zoomed_crop(photo, self._run.resolution, self._run.largest_zoom, rng)
        degraded = degrade(crop, rng, clean_share=self._run.clean)
        return np.ascontiguousarray(degraded.image.transpose(2, 0, 1)), degraded.target[None]


def zoomed_crop(photo: Image.Image, side: int, largest_zoom: float, rng: np.random.Generator) -> np.ndarray:
    """A random square of a photo, mirrored or not, as uint8 (side, side, 3): up to so many times enlarged.

    Each magnification is as likely as any other, down to the one that shows the photo's whole short side.
    """
    short = min(photo.size)
    low = min(short, max(1, round(side / largest_zoom)))
    taken = round(low * math.exp(rng.uniform(0, math.log(short / low))))
    left, top = (int(rng.integers(0, extent - taken + 1)) for extent in photo.size)
    box = (left, top, left + taken, top + taken)
    crop = np.asarray(photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0))
    return crop[:, ::-1] if rng.random() < 0.5 else crop
