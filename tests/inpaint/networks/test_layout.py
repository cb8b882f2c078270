"""The layout that is derived from a config is that of the module's state dict."""

import pytest
import torch

from inpaint.networks import layout
from inpaint.networks.config import ConfigError, ContextEncoderConfig, DamageConfig, DamageFusionConfig, FreeFormConfig
from inpaint.networks.damage import DamageNetwork
from inpaint.networks.damage_fusion import DamageFusion
from inpaint.networks.generators import GENERATORS
from inpaint.networks.layout import check_parameters, is_whole_number, tensor_shapes

CONFIGS = [
    FreeFormConfig(),
    FreeFormConfig(channels=(1, 2, 4), blocks=1, attention_every=1, expansion=1, key_channels=1),
    FreeFormConfig(channels=(12, 20, 24), blocks=7, attention_every=3, attention_heads=2, key_channels=8),
    FreeFormConfig(channels=(8, 12, 16), blocks=3, attention_every=0, key_channels=0),
    FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=0, deep_blocks=3, deep_channels=20),
    *(
        ContextEncoderConfig(region=region, bottleneck=bottleneck, bottleneck_channels=10, channels=4)
        for region in ("center", "full")
        for bottleneck in ("fc", "channelwise", "conv")
    ),
    ContextEncoderConfig(),
    DamageConfig(),
    DamageConfig(channels=(4, 5, 6, 7), blocks=0, lite0_blocks=0),
    DamageConfig(channels=(4, 5, 6, 7), blocks=1, lite0_blocks=0, decoder_channels=9),
    *(DamageConfig(channels=(8, 12, 16, 20), blocks=3, lite0_blocks=blocks) for blocks in (6, 9, 11)),
    DamageFusionConfig(),
    DamageFusionConfig(channels=3),
]


def module_of(config):
    with torch.device("meta"):
        networks = {DamageConfig: DamageNetwork, DamageFusionConfig: DamageFusion}
        return (networks.get(type(config)) or GENERATORS[config.architecture])(config)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_names_shapes_and_kinds_are_those_of_the_state_dict(config):
    state = module_of(config).state_dict()
    assert tensor_shapes(config) == {name: tuple(value.shape) for name, value in state.items()}
    for name, value in state.items():
        assert is_whole_number(name) != value.is_floating_point()


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_parameters_are_counted_as_the_module_has_them(config, monkeypatch):
    size = sum(parameter.numel() for parameter in module_of(config).parameters())
    monkeypatch.setattr(layout, "MAX_PARAMETERS", size)
    check_parameters(config)
    monkeypatch.setattr(layout, "MAX_PARAMETERS", size - 1)
    with pytest.raises(ConfigError, match=f"{size:,} parameters; at most {size - 1:,}"):
        check_parameters(config)
