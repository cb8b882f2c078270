"""Held-out figures of a damage network: what they are, and what a run and its publishing do with them."""

import json

import numpy as np
import pytest
import torch

from inpaint.hub.weights import save_generator
from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork
from tests.train.runs import checkpoint, damage, losses_of, same, train, weights
from train.damage.measure import DamageMeasure, degraded_crops
from train.publish.publish import publish
from train.publish.report import PublishedWeights, report

pytestmark = pytest.mark.usefixtures("no_curves")
CONFIG = DamageConfig(channels=(8, 8, 8, 8), blocks=1, lite0_blocks=0)


def constant(logit):
    """A network that gives every pixel the same logit."""
    network = DamageNetwork(CONFIG).eval()
    network.logits.weight.data.zero_()
    network.logits.bias.data.fill_(logit)
    return network


def test_a_network_that_marks_all_or_nothing_has_the_figures_of_the_shares(tmp_path):
    config = damage("unused", tmp_path, clean=0.0)
    photos = [np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)]
    measure = DamageMeasure(photos, config, torch.device("cpu"))
    assert measure(constant(-9.0)) == {"held-out/f1_error": 1, "held-out/precision": 1, "held-out/recall": 0}
    everything = measure(constant(9.0))
    crops = degraded_crops(photos, config)
    assert {crop.image.shape for crop in crops} == {(32, 32, 3)}
    assert everything["held-out/recall"] == 1
    share = sum((c.target == 1).sum() for c in crops) / sum(c.target.size for c in crops)
    precision = everything["held-out/precision"]
    assert share <= precision <= 1, "pixels within the tolerance of damage count as correct"
    assert everything["held-out/f1_error"] == pytest.approx(1 - 2 * precision / (1 + precision))


def test_a_run_measures_photos_that_it_does_not_train_on_and_keeps_the_best(photos, tmp_path):
    run_dir = train(damage(photos, tmp_path, evaluations=2, images=24))
    measured = [line for line in losses_of(run_dir) if "held-out/f1_error" in line]
    assert [line["images_seen"] for line in measured] == [0, 12, 24]
    assert checkpoint(run_dir)["rows"] == 24 - 5, "five of 24 pictures are held out"
    best = checkpoint(run_dir)["held_out"]["best"]
    stored = {name: value.half() if value.is_floating_point() else value for name, value in best.items()}
    assert same(weights(run_dir), stored)
    ran = json.loads((run_dir / "config.json").read_text())["ran"]
    better = min(measured[1:], key=lambda line: line["held-out/f1_error"])
    assert ran["best_images"] == better["images_seen"]
    assert ran["best_score"] == pytest.approx(better["held-out/f1_error"] / measured[0]["held-out/f1_error"], abs=1e-4)


@pytest.mark.parametrize(("score", "published"), [(1.02, False), (0.98, True)])
def test_a_damage_network_that_is_worse_than_its_start_is_not_published(score, published, hub, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
    monkeypatch.setenv("HF_TOKEN", "hf_me")
    uploaded = PublishedWeights("a page", "a commit")
    monkeypatch.setattr("train.publish.publish._Publication.upload", lambda *arguments: uploaded)
    run_dir = tmp_path / "run"
    save_generator(DamageNetwork(CONFIG), run_dir / "weights")
    config = {"preset": "damage", "dataset": [], "init_from": "bundled", "ran": {"best_score": score}}
    (run_dir / "config.json").write_text(json.dumps(config))
    result = publish(run_dir, "me/damage")
    assert result.published is published
    assert ("not better than those that the run started from" in report(result)) is result.withheld is not published
    assert publish(run_dir, "me/damage", even_if_worse=True).published
