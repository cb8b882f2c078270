"""A config as JSON: what is written is read back as the same config, and mistakes are named."""

import dataclasses
import json

import pytest

from inpaint.networks.config import ContextEncoderConfig
from train.config import TrainConfig
from train.config_file import config_to_json, parse_config, read_config
from train.damage.config import DAMAGE_PRESETS
from train.data_config import MaskConfig
from train.presets import PRESETS
from train.run_config import to_dict
from train.settings import differences, with_overrides

OVERRIDES = [
    {},
    {"images": 12_345, "epochs": None},
    {"images": None, "epochs": 3, "cooldown_images": 0, "sample_epochs": (0, 1, 2)},
    {"sample_epochs": (), "private": True, "bf16": True, "channels_last": False, "compile": True},
    {"private": False, "push_to_hub": "me/weights", "checkpoint_repo": "me/weights-checkpoint", "event_log": True},
    {"data.dataset": ("me/photos", "me/more:large", "a folder/of; pictures & $(more)"), "data.flip": False},
    {"data.dataset": ("--push-to-hub", "None", "", "{}"), "data.column": "bild", "data.masks.shapes": "-x"},
    {"data.masks.large": 0.125, "data.masks.zoom": 3.5, "learning_rate": 1e-05, "betas": (0.25, 0.875)},
    {"loss.adversarial": "hinge", "loss.r1_gamma": 0.5, "loss.border_px": 7, "guided": 0.0},
    {"max_minutes": 90.5, "run_dir": "runs/a run", "seed": 7, "device": "cuda:1", "init_from": "me/weights@v1"},
]


def overridden(preset, overrides):
    base = PRESETS[preset][1]
    if preset == "context-encoder" and "data.masks.large" in overrides:
        base = with_overrides(base, {"generator.region": "full"})
    return with_overrides(base, overrides)


@pytest.mark.parametrize("overrides", OVERRIDES, ids=lambda overrides: " ".join(overrides) or "none")
@pytest.mark.parametrize("preset", PRESETS)
def test_a_config_is_read_back_from_its_json(preset, overrides, tmp_path):
    config = overridden(preset, overrides)
    text = config_to_json(config)
    (tmp_path / "config.json").write_text(text)
    (tmp_path / "all.json").write_text(json.dumps(to_dict(config)))
    assert read_config(text, PRESETS) == config
    assert read_config(str(tmp_path / "config.json"), PRESETS) == config
    assert read_config(str(tmp_path / "all.json"), PRESETS) == config, "the config.json of a run"
    assert with_overrides(PRESETS[preset][1], differences(config)) == config


def test_the_config_of_the_damage_network_is_read_back_from_its_json():
    config = with_overrides(DAMAGE_PRESETS["damage"][1], {"resolution": 64, "network.blocks": 1})
    assert read_config(json.dumps(to_dict(config)), DAMAGE_PRESETS) == config


def test_settings_under_the_names_of_earlier_versions_are_read():
    config = read_config('{"preset": "tiny", "generator": {"borrow_channels": 24}}', PRESETS)
    assert config == with_overrides(PRESETS["tiny"][1], {"generator.key_channels": 24})


def test_the_config_of_a_run_of_an_earlier_version_has_no_settings_that_its_preset_has_got_since():
    preset = PRESETS["photos"][1]
    config = with_overrides(preset, {"generator.deep_blocks": 0, "loss.shift_px": 0, "images": None, "epochs": 2})
    values = to_dict(config)
    del values["generator"]["deep_blocks"], values["generator"]["deep_channels"], values["loss"]["shift_px"]
    assert preset.generator.deep_blocks and preset.loss.shift_px
    assert read_config(json.dumps(values), PRESETS) == config


def test_json_holds_only_what_differs_from_the_preset():
    config = with_overrides(PRESETS["tiny"][1], {"images": 40, "data.dataset": ("me/photos",), "loss.r1_gamma": 0.01})
    assert json.loads(config_to_json(config)) == {"preset": "tiny", "images": 40, "data": {"dataset": ["me/photos"]}}


def test_flags_override_the_file(tmp_path):
    (tmp_path / "run.json").write_text('{"preset": "tiny", "images": 40, "seed": 3}')
    config = parse_config(["--config", str(tmp_path / "run.json"), "--seed", "4"], PRESETS, "train")
    assert config == with_overrides(PRESETS["tiny"][1], {"images": 40, "seed": 4})
    assert parse_config(["tiny", "--images", "40", "--seed", "4"], PRESETS, "train") == config


def test_a_preset_beside_a_file_is_refused():
    with pytest.raises(SystemExit):
        parse_config(["photos", "--config", '{"preset": "tiny"}'], PRESETS, "train")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"preset": "tiny", "imagse": 1}', "no setting 'imagse'"),
        ('{"preset": "tiny", "data": {"resolutoin": 64}}', r"no setting 'data\.resolutoin'"),
        ('{"preset": "tiny", "images": "many"}', "images is 'many'; it must be of type int"),
        ('{"preset": "tiny", "images": 1.5}', r"images is 1\.5; it must be of type int"),
        ('{"preset": "tiny", "bf16": 1}', "bf16 is 1; it must be of type bool"),
        ('{"preset": "tiny", "betas": [0.5]}', r"betas is \[0\.5\]; it must be of type tuple\[float, float\]"),
        ('{"preset": "tiny", "loss": {"adversarial": "l2"}}', r"loss\.adversarial is 'l2'; it must be .*'hinge'"),
        ('{"preset": "tiny", "data": 5}', "data is 5; it must be of type DataConfig"),
        ('{"preset": "tiny", "data": {"resolution": 65}}', r"data\.resolution is 65; it must be a multiple of 16"),
        ('{"preset": "tiny", "generator": {"architecture": "context-encoder"}}', "it must be 'free-form'"),
        ('{"preset": "tinny"}', "preset 'tinny'; .* must be one of context-encoder, photos, finetune, thin, tiny"),
        ('{"images": 1}', "preset None"),
        ("{", "is not JSON"),
        ("no/such.json", r"no/such\.json cannot be read \(there is no such file or folder\)"),
    ],
)
def test_a_mistake_in_a_config_is_named(text, message):
    with pytest.raises(ValueError, match=message):
        read_config(text, PRESETS)


def test_a_file_that_is_not_a_json_object_is_refused(tmp_path):
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(ValueError, match=r"list\.json names the preset None"):
        read_config(str(tmp_path / "list.json"), PRESETS)


def test_a_config_without_a_preset_has_no_json():
    with pytest.raises(ValueError, match="no preset 'custom'"):
        config_to_json(TrainConfig(images=1))
    other = dataclasses.replace(
        PRESETS["context-encoder"][1], preset="tiny", generator=ContextEncoderConfig(region="full")
    )
    assert other.data.masks == MaskConfig(central=1.0)
    with pytest.raises(ValueError, match="start from another preset"):
        config_to_json(other)
