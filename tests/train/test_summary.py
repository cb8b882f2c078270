"""What a run says before it starts, and the file that it writes for --config."""

import pytest

from tests.train.runs import damage, free_form
from train.config_file import parse_config
from train.jobs.spec import ALL_PRESETS
from train.summary import summary, write_run_file


def test_the_summary_names_start_pictures_length_rate_and_place(photos, tmp_path):
    text = summary(free_form(photos, tmp_path / "run", epochs=3, images=None), parameters=10**6)
    lines = dict(line.split(":", 1) for line in text.splitlines())
    assert lines["start"].strip() == "random weights"
    assert lines["pictures"].strip() == "24"
    assert "3 epochs, 3.0 passes over the pictures, in steps of 4 crops of 32 px" in lines["length"]
    assert lines["rate"].strip() == "0.0002"
    assert "about 40 MB" in lines["disk"]
    assert lines["folder"].strip() == str(tmp_path / "run")
    assert "rough estimate" in lines["time"]
    assert "at most 15 minutes" in summary(free_form(photos, tmp_path, images=None, max_minutes=15.0))


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
