"""Configs are checked before a network is built from them."""

import dataclasses
import json

import pytest

from inpaint.networks.config import (
    ConfigError,
    ContextEncoderConfig,
    DamageConfig,
    FreeFormConfig,
    config_from_dict,
    config_to_dict,
    damage_config_from_dict,
)

CONFIGS = [
    ContextEncoderConfig(),
    ContextEncoderConfig(region="full", bottleneck="channelwise", channels=8),
    FreeFormConfig(),
    FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=0),
]

RANGES = {
    ContextEncoderConfig: {"bottleneck_channels": (1, 8192), "channels": (1, 128)},
    FreeFormConfig: {
        "channels": (1, 512),
        "blocks": (1, 64),
        "attention_every": (0, 64),
        "attention_heads": (1, 32),
        "expansion": (1, 8),
        "key_channels": (0, 512),
        "deep_blocks": (0, 64),
        "deep_channels": (1, 512),
    },
    DamageConfig: {"channels": (1, 512), "blocks": (0, 16), "lite0_blocks": (6, 11), "decoder_channels": (0, 512)},
}
"""The least and the largest value of each number; damage networks may also have 0 of lite0_blocks."""
FIELDS = [(config, field) for config, ranges in RANGES.items() for field in ranges]


def files(config, field, value):
    """The JSON files in which a field has this value; a list of widths has it in one place after the other."""
    values = config_to_dict(config()) | ({"attention_heads": 1} if config is FreeFormConfig else {})
    given = [value]
    if isinstance(values[field], tuple):
        given = [[*values[field][:index], value, *values[field][index + 1 :]] for index in range(len(values[field]))]
    return [json.dumps(values | {field: each}) for each in given]


@pytest.mark.parametrize(("config", "field"), FIELDS)
@pytest.mark.parametrize("end", [0, 1], ids=["least", "largest"])
def test_the_ends_of_a_fields_range_are_accepted_and_one_beyond_is_rejected_naming_it(config, field, end):
    parse = damage_config_from_dict if config is DamageConfig else config_from_dict
    value, step = RANGES[config][field][end], 1 if end else -1
    for file in files(config, field, value):
        assert parse(json.loads(file))
    for file in (*files(config, field, value + step), *files(config, field, step * 10**4000)):
        with pytest.raises(ConfigError, match=rf"^{field} is .*must lie between \d+ and \d+"):
            parse(json.loads(file))


@pytest.mark.parametrize("config", RANGES)
def test_every_number_of_a_config_has_a_range(config):
    numbers = {field.name for field in dataclasses.fields(config) if not isinstance(getattr(config(), field.name), str)}
    assert numbers == set(RANGES[config])


@pytest.mark.parametrize("value", [-1, 513, 10**9])
def test_the_old_name_of_a_field_has_the_same_range(value):
    values = config_to_dict(FreeFormConfig())
    del values["key_channels"]
    with pytest.raises(ConfigError, match="key_channels is"):
        config_from_dict(values | {"borrow_channels": value})
    assert config_from_dict(values | {"borrow_channels": 512}).key_channels == 512


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
        {"version": 2},
        {"version": "1"},
    ],
)
def test_a_config_with_a_wrong_value_is_rejected_naming_it(change):
    values = config_to_dict(FreeFormConfig()) | change
    with pytest.raises(ConfigError) as caught:
        config_from_dict(values)
    assert next(iter(change)) in str(caught.value)


@pytest.mark.parametrize("config", [ContextEncoderConfig, FreeFormConfig, DamageConfig])
def test_a_config_of_another_version_loads_where_it_lacks_fields_or_has_more(config, caplog):
    parse = damage_config_from_dict if config is DamageConfig else config_from_dict
    values = config_to_dict(config())
    for name in [field.name for field in dataclasses.fields(config)]:
        assert parse({key: value for key, value in values.items() if key != name}) == config()
    assert not caplog.records
    assert parse(values | {"version": 1, "dilation": 2}) == config()
    assert "dilation, which this version ignores" in caplog.text


@pytest.mark.parametrize("values", [None, [], "free-form", 3])
def test_a_config_that_is_not_an_object_is_rejected(values):
    with pytest.raises(ConfigError, match="JSON object"):
        config_from_dict(values)


def test_a_value_that_is_not_a_choice_is_rejected_listing_the_choices():
    with pytest.raises(ConfigError, match="'center', 'full'"):
        ContextEncoderConfig(region="left")
