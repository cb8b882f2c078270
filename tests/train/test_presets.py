import dataclasses

import pytest
import tyro

from inpaint.networks.config import ContextEncoderConfig
from train.config import MaskConfig, TrainConfig
from train.presets import PRESETS, current_flags, differences, to_argv, with_overrides

OVERRIDES = [
    {},
    {"images": 12_345, "epochs": None},
    {"images": None, "epochs": 3, "cooldown_images": 0, "sample_epochs": (0, 1, 2)},
    {"sample_epochs": (), "private": True, "bf16": True, "channels_last": False, "compile": True},
    {"private": False, "push_to_hub": "me/weights", "checkpoint_repo": "me/weights-checkpoint", "event_log": True},
    {"data.dataset": ("me/photos", "me/more:large", "a folder/of; pictures & $(more)"), "data.flip": False},
    {"data.dataset": (), "data.column": "bild", "data.revision": "v1.2", "data.masks.shapes": "me/shapes"},
    {"data.masks.large": 0.125, "data.masks.zoom": 3.5, "learning_rate": 1e-05, "betas": (0.25, 0.875)},
    {"loss.adversarial": "hinge", "loss.r1_gamma": 0.5, "loss.border_px": 7, "guided": 0.0},
    {"max_minutes": 90.5, "run_dir": "runs/a run", "seed": 7, "device": "cuda:1", "init_from": "me/weights@v1"},
]


def parsed(arguments: list[str]) -> TrainConfig:
    return tyro.extras.overridable_config_cli(PRESETS, args=arguments)


@pytest.mark.parametrize("overrides", OVERRIDES, ids=lambda overrides: " ".join(overrides) or "none")
@pytest.mark.parametrize("preset", PRESETS)
def test_the_arguments_of_a_config_make_that_config_again(preset, overrides):
    base = PRESETS[preset][1]
    if preset == "context-encoder" and "data.masks.large" in overrides:
        base = with_overrides(base, {"generator.region": "full"})
    config = with_overrides(base, overrides)
    assert parsed(to_argv(config)) == config
    assert with_overrides(PRESETS[preset][1], differences(config)) == config


def test_only_what_differs_from_the_preset_becomes_an_argument():
    config = with_overrides(PRESETS["tiny"][1], {"images": 40, "data.dataset": ("me/photos",), "loss.r1_gamma": 0.01})
    assert to_argv(config) == ["tiny", "--images", "40", "--data.dataset", "me/photos"]


@pytest.mark.parametrize("name", ["imagse", "data.resolutoin", "images.more", "", "__class__"])
def test_a_setting_that_does_not_exist_is_named(name):
    with pytest.raises(ValueError, match="no setting"):
        with_overrides(PRESETS["tiny"][1], {name: 1})


def test_overrides_are_checked_like_any_setting():
    with pytest.raises(ValueError, match=r"data\.resolution is 65"):
        with_overrides(PRESETS["tiny"][1], {"data.resolution": 65})


@pytest.mark.parametrize("word", ["--push-to-hub", "-x", "None", ""])
def test_a_text_that_would_become_a_flag_is_refused(word):
    config = with_overrides(PRESETS["tiny"][1], {"data.dataset": ("me/photos", word)})
    with pytest.raises(ValueError, match=r"data\.dataset is"):
        to_argv(config)


def test_a_config_of_no_preset_cannot_become_arguments():
    with pytest.raises(ValueError, match="no preset 'custom'"):
        to_argv(TrainConfig(images=1))
    other = dataclasses.replace(
        PRESETS["context-encoder"][1], preset="tiny", generator=ContextEncoderConfig(region="full")
    )
    assert other.data.masks == MaskConfig(central=1.0)
    with pytest.raises(ValueError, match="start from another preset"):
        to_argv(other)


def test_flags_and_settings_of_earlier_versions_are_the_current_ones():
    expected = with_overrides(PRESETS["tiny"][1], {"generator.key_channels": 24})
    for flag in (["--generator.borrow-channels", "24"], ["--generator.borrow_channels=24"]):
        assert parsed(current_flags(["tiny", *flag])) == expected
    assert with_overrides(PRESETS["tiny"][1], {"generator.borrow_channels": 24}) == expected
    assert current_flags(["tiny", "--data.dataset", "me/borrow-channels"]) == [
        "tiny",
        "--data.dataset",
        "me/borrow-channels",
    ]
