"""Trained weights against those at the start."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.config import FreeFormConfig
from inpaint.networks.free_form import FreeFormGenerator
from train.config import TrainConfig
from train.data_config import DataConfig
from train.evaluate import finetune
from train.evaluate.finetune import NEW, OLD, OTHER, OWN, Group, compare, missed_limits, read_comparison, summary, table
from train.evaluate.methods import Method
from train.evaluate.sheets import comparison_sheet
from train.run_config import to_dict

PHOTO = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)


def photos(count):
    return [PHOTO] * count


def method(name, error):
    """Fills with the ground truth, which it knows, plus an error."""
    return Method(
        name, lambda pixels, mask: (PHOTO.astype(int) + error * mask[..., None]).clip(0, 255).astype(np.uint8)
    )


@pytest.fixture
def comparison(monkeypatch):
    monkeypatch.setattr(finetune, "available_distances", list)
    groups = {OWN: Group("a few", photos(2)), OTHER: Group("others", photos(1))}
    figures, rows = compare(method(OLD, 20), method(NEW, 18), groups)
    assert len(rows) == 9
    assert comparison_sheet(rows, [OLD, NEW]).width > 800
    return summary(figures)


def test_the_score_is_the_ratio_of_the_errors(comparison):
    assert comparison["score"] == pytest.approx(0.9, abs=0.02)
    assert comparison["better"]
    assert set(comparison["groups"]["own"]["holes"]) == {"scratches", "strokes", "large", "all"}
    text = table(comparison)
    assert "9.7% better than those at the start" in text
    assert "Other photos: others" in text


def test_the_comparison_holds_out_the_same_pictures_as_the_run():
    data = DataConfig(
        dataset=("me/mine",), split="all", revision="v2", column="photo", free_only=True, mixed=("a/b",), cache=True
    )
    found = finetune.data_of(json.loads(json.dumps(to_dict(TrainConfig(data=data, images=4)))))
    for name in ("dataset", "split", "revision", "column", "free_only"):
        assert getattr(found, name) == getattr(data, name), name


def test_as_many_photos_as_wanted_are_compared(monkeypatch):
    monkeypatch.setattr(finetune, "available_distances", list)
    groups = {OWN: Group("a few", photos(3)), OTHER: Group("others", photos(2))}
    figures, _ = compare(method(OLD, 20), method(NEW, 18), groups, count=2)
    assert [figures[name]["photos"] for name in (OWN, OTHER)] == [2, 2]


def test_a_count_of_none_is_refused(capsys):
    with pytest.raises(SystemExit):
        finetune.main(["runs/finetune", "--count", "0"])
    assert "--count must be at least 1" in capsys.readouterr().err


def test_limits_that_are_missed_are_named(comparison):
    means = {OLD: {"elp": 0.5, "elp2": 0.4}, NEW: {"elp": 0.48, "elp2": 0.396}}
    for name in (OWN, OTHER):
        comparison["groups"][name]["holes"]["all"] = means
    assert list(missed_limits(comparison, 3, 1)) == ["ELP2 on your own kind: -1.0%; the limit is -3.0%."]
    means[NEW]["elp"] = 0.51
    assert len(list(missed_limits(comparison, None, 1))) == 1


def test_a_comparison_of_other_weights_is_not_read(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.safetensors").write_bytes(b"new")
    assert read_comparison(tmp_path) is None
    for digest, found in ((finetune.weights_digest(tmp_path / "weights"), True), ("0", False)):
        (tmp_path / "comparison.json").write_text(json.dumps({"weights": digest}))
        assert (read_comparison(tmp_path) is not None) == found


def test_the_networks_alone_are_compared_without_a_trace(tmp_path, monkeypatch):
    monkeypatch.setattr(finetune, "available_distances", list)
    run, pictures = tmp_path / "run", tmp_path / "pictures" / "validation"
    for split in (pictures, pictures.with_name("train")):
        split.mkdir(parents=True)
        for number, picture in enumerate(photos(2)):
            Image.fromarray(picture).save(split / f"{number}.png")
    for number, folder in enumerate((tmp_path / "start", run / "weights")):
        torch.manual_seed(number)
        save_generator(FreeFormGenerator(FreeFormConfig(channels=(8, 12, 16), blocks=1, attention_every=0)), folder)
    config = {"init_from": str(tmp_path / "start"), "dataset": [str(pictures.parent)], "other_photos": str(pictures)}
    (run / "config.json").write_text(json.dumps(config))
    before = sorted(run.rglob("*"))
    network = finetune.compare_run(run, other=f"{pictures.parent}@validation", network_only=True)
    assert sorted(run.rglob("*")) == before
    engine = finetune.compare_run(run, other=f"{pictures.parent}@validation")
    assert {path.name for path in run.glob("comparison.*")} == {"comparison.json", "comparison.md", "comparison.png"}
    holes = [result["groups"][OWN]["holes"]["large"] for result in (network, engine)]
    assert holes[0] != holes[1]
