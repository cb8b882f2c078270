"""Batches for the damage network: crops of undamaged photos that are degraded as they are needed."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaint.segmentation.resize import twice_as_large
from train.damage.degradation.degrade import DegradedCrop, degrade, local_detail
from train.damage.degradation.drawings import drawing
from train.damage.degradation.overlays import Maps
from train.data.order import START, Position
from train.data.overlays import by_kind, load_overlays
from train.data.stream import PhotoStream
from train.data_config import DataConfig

from .config import DamageTrainConfig

TEXTURE_SHARE, TEXTURE_TRIES = 0.6, 3
"""This share of the crops without damage are the most detailed of as many crops of a photo: twigs, fur and lettering
must be left alone, and a crop of the sky teaches nothing about them."""
LARGE_SCAN_SHARE, LARGE_SCAN_ZOOM = 0.2, 6.0
"""This share of the crops that are not enlarged is magnified by up to as much, as in scans of many megapixels: grain,
noise and dust are as fine as in others, over a picture with nothing as fine."""
DRAWN_SHARE = 0.1
"""This share of the crops without damage are drawn, not photos; half of these are left as they were drawn."""


class DegradedStream(PhotoStream):
    """A `PhotoStream` whose images are degraded crops; `mask` is their target: 1 = damage, 0 = none, or IGNORE_INDEX.

    Args:
        config: of the run: crops, degradation and seed.
        data: which photos; None: those of the run.
        start: position to start from.
        rank: number of this process.
        world_size: number of processes.
        held_out: digests of pictures that are left out, see `train.data.held_out.HeldOut`.

    Raises:
        ValueError: a dataset cannot be opened or holds no photos; also while iterating.
        StreamError: the photos cannot be read, or can no longer be read; also while iterating.
    """

    def __init__(
        self,
        config: DamageTrainConfig,
        data: DataConfig | None = None,
        start: Position = START,
        rank: int = 0,
        world_size: int = 1,
        held_out: frozenset[str] = frozenset(),
    ) -> None:
        self._run_config = config
        self._maps = Maps(by_kind(load_overlays(config.overlays, held_out=False))) if config.overlays else None
        super().__init__(data or config.data_config, config.seed, start, rank, world_size, held_out)

    def _draw(self, photo: Image.Image, seed: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(list(seed))
        config = self._run_config
        if rng.random() < config.enlarged:
            crop = enlarged(self._degraded(photo, config.resolution // 2, config.largest_zoom, rng))
        else:
            zoom = LARGE_SCAN_ZOOM if rng.random() < LARGE_SCAN_SHARE else config.largest_zoom
            crop = self._degraded(photo, config.resolution, zoom, rng)
        return np.ascontiguousarray(crop.image.transpose(2, 0, 1)), crop.target[None]

    def _degraded(self, photo: Image.Image, side: int, zoom: float, rng: np.random.Generator) -> DegradedCrop:
        return degraded_crop(photo, side, zoom, rng, clean=self._run_config.clean, maps=self._maps)


def degraded_crop(
    photo: Image.Image, side: int, zoom: float, rng: np.random.Generator, *, clean: float, maps: Maps | None
) -> DegradedCrop:
    """Return a random crop of a photo with or without damage, or a drawing.

    Args:
        photo: any size.
        side: of the crop in pixels.
        zoom: the largest magnification, see `zoomed_crop`.
        rng: the only source of randomness.
        clean: share of the crops that have no damage.
        maps: as for `degrade`.
    """
    is_clean = rng.random() < clean
    if is_clean and rng.random() < DRAWN_SHARE:
        drawn = drawing(side, rng)
        crop = drawn if rng.random() < 0.5 else degrade(drawn, rng, clean_share=1).image
        return DegradedCrop(crop, np.zeros(crop.shape[:2], np.uint8))
    tries = TEXTURE_TRIES if is_clean and rng.random() < TEXTURE_SHARE else 1
    crops = [zoomed_crop(photo, side, zoom, rng) for _ in range(tries)]
    crop = crops[0] if tries == 1 else most_detailed(crops)
    return degrade(crop, rng, clean_share=float(is_clean), maps=maps)


def enlarged(crop: DegradedCrop) -> DegradedCrop:
    """Return a crop and its target at twice the size, as the finder enlarges small scans.

    Grain, noise and JPEG blocks are enlarged too: a crop that was magnified before it was degraded has them as fine as
    any other.
    """
    return DegradedCrop(twice_as_large(crop.image), crop.target.repeat(2, 0).repeat(2, 1))


def most_detailed(crops: Sequence[np.ndarray]) -> np.ndarray:
    """Return the crop, uint8 (side, side, 3), with the most `local_detail` in the mean."""
    return max(crops, key=lambda crop: float(local_detail(crop.astype(np.float32)).mean()))


def zoomed_crop(photo: Image.Image, side: int, largest_zoom: float, rng: np.random.Generator) -> np.ndarray:
    """Return a random square of a photo, mirrored or not, at a random magnification.

    Args:
        photo: any size.
        side: of the result in pixels.
        largest_zoom: the largest magnification. All magnifications are equally likely, down to the one that shows the
            photo's whole short side.
        rng: source of randomness.

    Returns:
        uint8 (side, side, 3).
    """
    short = min(photo.size)
    low = min(short, max(1, round(side / largest_zoom)))
    taken = round(low * math.exp(rng.uniform(0, math.log(short / low))))
    left, top = (int(rng.integers(0, extent - taken + 1)) for extent in photo.size)
    box = (left, top, left + taken, top + taken)
    crop = np.asarray(photo.convert("RGB").resize((side, side), Image.Resampling.BICUBIC, box=box, reducing_gap=2.0))
    return crop[:, ::-1] if rng.random() < 0.5 else crop
