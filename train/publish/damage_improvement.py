"""New damage networks compared with the published ones, on the same artificially degraded held-out photos."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.damage import DamageFinder, load_damage_network
from inpaint.hub.download import download
from inpaint.networks.config import damage_config_from_dict
from train.damage.config import DamageTrainConfig
from train.damage.degradation.degrade import IGNORE_INDEX, DegradedCrop, degrade
from train.damage.scores import PixelCounts, count_pixels, sum_counts
from train.damage.stream import zoomed_crop
from train.data.held_out import HeldOut
from train.evaluate.results import Metric, write_scores

from .card import COMPARISON_FILE
from .improvement import PREVIOUS, SEED, Improvement

CROPS_PER_PHOTO = 4
METRICS = (
    Metric("f1", "F1", "%", 1, "higher"),
    Metric("precision", "precision", "%", 1, "higher"),
    Metric("recall", "recall", "%", 1, "higher"),
)


def compare_damage_networks(run_dir: Path, folder: Path, previous: str | None, held_out: HeldOut) -> Improvement:
    """Measure new and previous damage networks, and write the figures to the run's held-out.json.

    Args:
        run_dir: of the new weights.
        folder: has the new weights.
        previous: REPO_ID@REVISION of the previous weights; None if there are none.
        held_out: the photos. Crops of them are degraded as in training, always in the same way.

    Raises:
        WeightsError: weights cannot be loaded.
    """
    crops = degraded_crops(held_out)
    new, old = _scores(folder, crops), None
    if previous is not None:
        repo_id, _, revision = previous.partition("@")
        old = _scores(download(repo_id, revision, parse=damage_config_from_dict), crops)
    figures = {"photos": held_out.name, "new": new, PREVIOUS: old}
    write_scores(run_dir / COMPARISON_FILE, figures)
    return Improvement(held_out.name, new, old, METRICS, ("f1",), "artificially degraded crops")


def degraded_crops(held_out: HeldOut) -> list[DegradedCrop]:
    """Return CROPS_PER_PHOTO crops of each photo, degraded as in the training of the preset "damage"."""
    config, crops = DamageTrainConfig(), []
    for number, pixels in enumerate(held_out.photos):
        for index in range(CROPS_PER_PHOTO):
            rng = np.random.default_rng([SEED, number, index])
            crop = zoomed_crop(Image.fromarray(pixels), config.resolution, config.largest_zoom, rng)
            crops.append(degrade(crop, rng, clean_share=config.clean))
    return crops


def _scores(folder: Path, crops: list[DegradedCrop]) -> Mapping[str, float]:
    """Return F1, precision and recall of a network's masks in percent, over the pixels of all crops."""
    finder = DamageFinder(load_damage_network(folder))
    counts = sum_counts([_counts(finder, crop) for crop in crops])
    return {metric.field: 100 * getattr(counts, metric.field) for metric in METRICS}


def _counts(finder: DamageFinder, crop: DegradedCrop) -> PixelCounts:
    marked = finder(crop.image, grow_px=0) & (crop.target != IGNORE_INDEX)
    return count_pixels(marked, crop.target == 1)
