"""Weights and configs that were saved under earlier names still load."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from inpaint.hub.weights import WeightsError, load_generator, save_generator
from inpaint.networks.config import ConfigError, FreeFormConfig, config_from_dict, config_to_dict
from inpaint.networks.generators import build_generator
from inpaint.networks.old_keys import current_keys
from tests.inpaint.networks.test_generators import SMALL, with_random_weights

OLD = {
    "contextual_attention.key.weight": "borrow.match.weight",
    "contextual_attention.key.bias": "borrow.match.bias",
    "contextual_attention.value.weight": "borrow.lend.weight",
    "contextual_attention.value.bias": "borrow.lend.bias",
    "contextual_attention.output.weight": "borrow.take.weight",
    "contextual_attention.output.bias": "borrow.take.bias",
    "contextual_attention.softmax_scale": "borrow.sharpness",
}


def in_old_names(state):
    assert set(OLD) <= set(state)
    return {OLD.get(name, name): value for name, value in state.items()}


def old_config():
    values = config_to_dict(SMALL)
    values["borrow_channels"] = values.pop("key_channels")
    return values


@pytest.fixture
def generator():
    return with_random_weights(build_generator(SMALL)).eval()


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_weights_folder_with_old_names_loads(tmp_path, generator):
    save_generator(generator, tmp_path, dtype=torch.float32)
    save_file(in_old_names(load_file(tmp_path / "model.safetensors")), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(old_config()))
    loaded = load_generator(tmp_path).generator
    assert loaded.config == SMALL
    assert equal(loaded.state_dict(), generator.state_dict())


def test_the_bundled_weights_load():
    config = FreeFormConfig(blocks=4, attention_every=0, deep_blocks=6, deep_channels=256)
    assert load_generator().generator.config == config


def test_a_weights_folder_with_the_same_tensor_under_both_names_is_refused(tmp_path, generator):
    save_generator(generator, tmp_path, dtype=torch.float32)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors["borrow.match.bias"] = tensors["contextual_attention.key.bias"].clone()
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"unexpected borrow\.match\.bias"):
        load_generator(tmp_path)


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_dict_with_old_keys_loads_also_as_a_part_of_another(generator, prefix):
    state = {prefix + name: value for name, value in in_old_names(generator.state_dict()).items()}
    other = with_random_weights(build_generator(SMALL), seed=1)
    (torch.nn.ModuleDict({"module": other}) if prefix else other).load_state_dict(state)
    assert equal(other.state_dict(), generator.state_dict())


def test_an_old_setting_is_read_and_not_taken_twice():
    assert config_from_dict(old_config()) == SMALL
    with pytest.raises(ConfigError, match="borrow_channels"):
        config_from_dict(old_config() | {"key_channels": 8})


def test_a_key_is_renamed_by_its_beginning_unless_the_current_key_is_there_too():
    assert current_keys(["a.b.x", "c", "a.bc"], {"a.b.": "z."}) == {"a.b.x": "z.x", "c": "c", "a.bc": "a.bc"}
    assert current_keys(["a.x", "z.x"], {"a.": "z."}) == {"a.x": "a.x", "z.x": "z.x"}
