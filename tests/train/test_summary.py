"""What a run says before it starts, and the file that it writes for --config."""

import dataclasses
import json

import pytest

from inpaint.networks.generators import build_generator
from tests.train.runs import damage, free_form, train
from train.config_file import parse_config
from train.jobs.spec import ALL_PRESETS
from train.presets import PRESETS
from train.publish.card import build_card
from train.run import device
from train.run.checkpoint import read_ran
from train.summary import final_figures, summary, write_run_file

BF16 = [
    (False, True, "cpu"),
    (True, True, "cpu, 16-bit"),
    (True, False, "cpu, 32-bit, as this CPU is not faster in 16-bit"),
]


def test_the_summary_names_start_pictures_length_rate_and_place(photos, tmp_path):
    text = summary(free_form(photos, tmp_path / "run", epochs=3, images=None))
    lines = dict(line.split(":", 1) for line in text.splitlines())
    assert lines["start"].strip() == "random weights"
    assert lines["pictures"].strip() == "24"
    assert "3 epochs, 3.0 passes over the pictures, in steps of 4 crops of 32 px" in lines["length"]
    assert "\npictures: 24, those that are held out included\n" in summary(free_form(photos, tmp_path, evaluations=1))
    assert lines["rate"].strip() == "0.0002"
    assert "MB for checkpoints" in lines["disk"]
    assert lines["folder"].strip() == str(tmp_path / "run")
    assert lines["time"].strip() == "a minute or two, a rough estimate"
    assert "at most 15 minutes" in summary(free_form(photos, tmp_path, images=None, max_minutes=15.0))


@pytest.mark.parametrize(("bf16", "fast", "expected"), BF16)
def test_the_number_format_is_told(bf16, fast, expected, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(device, "pytorch_bfloat16_is_fast", lambda: fast)
    lines = dict(line.split(":", 1) for line in summary(free_form(photos, tmp_path, bf16=bf16)).splitlines())
    assert lines["device"].strip() == expected


@pytest.mark.parametrize("make", [free_form, damage])
def test_the_file_beside_a_run_describes_the_same_run(make, photos, tmp_path):
    config = make(photos, tmp_path, seed=5)
    write_run_file(config)
    assert parse_config(["--config", str(tmp_path / "run.yaml")], ALL_PRESETS, "train") == config
    text = (tmp_path / "run.yaml").read_text()
    assert "seed: 5" in text and "flip" not in text, "only what differs from the preset"


def test_yaml_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "run.yml").write_text("preset: [tiny")
    with pytest.raises(ValueError, match=r"run.yml is not YAML"):
        parse_config(["--config", str(tmp_path / "run.yml")], ALL_PRESETS, "train")


def test_the_space_follows_from_the_network_that_is_trained(photos, tmp_path):
    def megabytes(config):
        line = next(line for line in summary(config).splitlines() if line.startswith("disk:"))
        return int(line.split("about ")[1].split(" MB")[0])

    wide = dataclasses.replace(PRESETS["photos"][1].generator)
    weights = sum(p.numel() for p in build_generator(wide).parameters())
    assert megabytes(free_form(photos, tmp_path, generator=wide)) == round(2 * 5 * 4 * weights / 1e6)
    assert megabytes(damage(photos, tmp_path)) >= 1


def test_the_final_figures_are_the_last_value_of_each_loss_and_what_ran(tmp_path):
    assert final_figures(tmp_path) == {}
    lines = [
        {"images_seen": 0, "held_out/elp": 0.5},
        {"images_seen": 10, "generator/l1": 0.25, "images_per_s": 3.0},
        {"images_seen": 20, "generator/l1": 0.125, "images_per_s": 3.0},
        {"images_seen": 20, "held_out/elp": 0.375},
    ]
    (tmp_path / "losses.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "config.json").write_text(json.dumps({"ran": {"images": 20, "minutes": 1.5}}))
    assert final_figures(tmp_path) == {"images": 20, "minutes": 1.5, "generator/l1": 0.125, "held_out/elp": 0.375}


@pytest.mark.usefixtures("no_curves")
def test_what_ran_stands_beside_the_settings_and_is_none_of_them(photos, tmp_path):
    config = free_form(photos, tmp_path, ema_halflife_images=50)  # 48 images: shorter than the preset's 200
    train(config)
    ran = json.loads((tmp_path / "config.json").read_text())["ran"]
    assert (ran["images"], ran["ema_halflife_images"], ran["log_every"]) == (48, 12, 4)
    write_run_file(config)
    text = (tmp_path / "run.yaml").read_text()
    assert "# What ran:\n# images: 48\n" in text and "# ema_halflife_images: 12\n" in text
    for name in ("run.yaml", "config.json"):
        assert parse_config(["--config", str(tmp_path / name)], ALL_PRESETS, "train") == config, name
    assert "half-life of 12 images" in build_card(tmp_path, tmp_path / "weights", None), "not the preset's 50"
    train(dataclasses.replace(config, images=52))
    assert read_ran(tmp_path)["images"] == 52
