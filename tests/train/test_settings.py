"""Overrides of a preset's settings."""

import pytest

from train.config_file import parse_config
from train.presets import PRESETS
from train.settings import current_flags, with_overrides


@pytest.mark.parametrize("name", ["imagse", "data.resolutoin", "images.more", "", "__class__"])
def test_an_unknown_setting_is_reported(name):
    with pytest.raises(ValueError, match="no setting"):
        with_overrides(PRESETS["tiny"][1], {name: 1})


def test_overrides_are_validated():
    with pytest.raises(ValueError, match=r"data\.resolution is 65"):
        with_overrides(PRESETS["tiny"][1], {"data.resolution": 65})


def test_a_list_stands_for_a_tuple_and_a_whole_number_for_a_float():
    config = with_overrides(PRESETS["tiny"][1], {"betas": [0, 1], "data.dataset": ["a", "b"]})
    assert (config.betas, config.data.dataset) == ((0.0, 1.0), ("a", "b"))


def test_flags_and_settings_of_earlier_versions_are_the_current_ones():
    expected = with_overrides(PRESETS["tiny"][1], {"generator.key_channels": 24})
    for flag in (["--generator.borrow-channels", "24"], ["--generator.borrow_channels=24"]):
        assert parse_config(["tiny", *flag], PRESETS, "train") == expected
    assert with_overrides(PRESETS["tiny"][1], {"generator.borrow_channels": 24}) == expected
    assert current_flags(["tiny", "--data.dataset", "me/borrow-channels"]) == [
        "tiny",
        "--data.dataset",
        "me/borrow-channels",
    ]
