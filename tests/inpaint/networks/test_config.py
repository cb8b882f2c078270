"""Configs are checked before a network is built from them."""

import json

import pytest

from inpaint.networks.config import ConfigError, ContextEncoderConfig, FreeFormConfig, config_from_dict, config_to_dict

CONFIGS = [
    ContextEncoderConfig(),
    ContextEncoderConfig(region="full", bottleneck="channelwise", channels=8),
    FreeFormConfig(),
    FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=0),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_config_survives_a_json_file(config):
    assert config_from_dict(json.loads(json.dumps(config_to_dict(config)))) == config


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "os.system"},
        {"architecture": None},
        {"blocks": "__import__('os')"},
        {"blocks": True},
        {"blocks": 8.0},
        {"blocks": 0},
        {"blocks": 10**6},
        {"channels": [40, 80]},
        {"channels": [40, 80, 10**9]},
        {"channels": [40, 80, "160"]},
        {"attention_heads": 7},
        {"extra": 1},
    ],
)
def test_a_config_with_a_wrong_value_is_rejected_naming_it(change):
    values = config_to_dict(FreeFormConfig()) | change
    with pytest.raises(ConfigError) as caught:
        config_from_dict(values)
    assert next(iter(change)) in str(caught.value)


def test_a_config_with_a_missing_key_is_rejected_naming_it():
    values = config_to_dict(FreeFormConfig())
    del values["blocks"]
    with pytest.raises(ConfigError, match="blocks"):
        config_from_dict(values)


@pytest.mark.parametrize("values", [None, [], "free-form", 3])
def test_a_config_that_is_not_an_object_is_rejected(values):
    with pytest.raises(ConfigError, match="JSON object"):
        config_from_dict(values)


def test_a_value_that_is_not_a_choice_is_rejected_listing_the_choices():
    with pytest.raises(ConfigError, match="'center', 'full'"):
        ContextEncoderConfig(region="left")
