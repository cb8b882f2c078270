"""New damage networks compared with the published ones, on the same artificially degraded held-out photos."""

from collections.abc import Mapping
from pathlib import Path

from inpaint.damage import DamageFinder, load_damage_network
from inpaint.hub.download import download
from inpaint.networks.config import damage_config_from_dict
from train.damage.degradation.degrade import DegradedCrop
from train.damage.measure import degraded_crops, pixel_counts
from train.data.held_out import HeldOut
from train.evaluate.results import Metric, write_scores

from .card import COMPARISON_FILE
from .improvement import PREVIOUS, Improvement

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
    crops = degraded_crops(held_out.photos)
    new, old = _scores(folder, crops), None
    if previous is not None:
        repo_id, _, revision = previous.partition("@")
        old = _scores(download(repo_id, revision, parse=damage_config_from_dict), crops)
    figures = {"photos": held_out.name, "new": new, PREVIOUS: old}
    write_scores(run_dir / COMPARISON_FILE, figures)
    return Improvement(held_out.name, new, old, METRICS, ("f1",), "artificially degraded crops")


def _scores(folder: Path, crops: list[DegradedCrop]) -> Mapping[str, float]:
    """Return F1, precision and recall of a network's masks in percent, over the pixels of all crops."""
    counts = pixel_counts(DamageFinder(load_damage_network(folder)), crops)
    return {metric.field: 100 * getattr(counts, metric.field) for metric in METRICS}
