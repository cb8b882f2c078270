"""`python -m train.calibrate` measures the ranges of a network's activations and writes them beside its weights."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from inpaint.hub.weights import save_generator
from inpaint.networks.activation_ranges import RANGES_FILE, read_ranges
from inpaint.networks.config import ContextEncoderConfig, DamageConfig, FreeFormConfig
from inpaint.networks.damage import DamageNetwork
from inpaint.networks.generators import build_generator
from train.calibrate import main


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for number, size in enumerate([(96, 64), (64, 96), (5, 5), (700, 80)]):
        pixels = np.cumsum(rng.normal(0, 9, (size[1], size[0], 3)), axis=1) + 128
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    return folder


def test_ranges_of_a_generator_hold_what_its_convolutions_receive(photos, tmp_path):
    config = FreeFormConfig(channels=(4, 6, 8), blocks=2, expansion=2, key_channels=3)
    save_generator(build_generator(config), tmp_path)
    assert main([str(tmp_path), "--dataset", str(photos), "--count", "3"]) == 0
    ranges = read_ranges(tmp_path)
    assert {"stem.2", "body.0.expand", "body.1.contract", "merge_half.0.skip", "up_full.1"} <= set(ranges)
    assert all(low <= 0 <= high and low < high for (low, high), _ in ranges.values())
    assert ranges["body.1.contract"].input[0] == 0 > ranges["body.1.expand"].input[0]  # a ReLU, a layer norm before it
    assert not any(found.output for found in ranges.values())


def test_ranges_of_outputs_are_those_behind_a_relu(photos, tmp_path):
    save_generator(build_generator(FreeFormConfig(channels=(4, 6, 8), blocks=2, key_channels=0)), tmp_path)
    assert main([str(tmp_path), "--dataset", str(photos), "--count", "2", "--outputs", "body.1", "stem.2"]) == 0
    ranges = read_ranges(tmp_path)
    assert {name for name in ranges if ranges[name].output} == {"body.1.expand", "body.1.contract", "stem.2"}
    assert ranges["body.1.expand"].output == ranges["body.1.contract"].input  # so that its integers go on as they are
    assert ranges["body.1.contract"].output[0] < 0


def test_convolutions_may_be_left_in_floats(photos, tmp_path):
    save_generator(build_generator(FreeFormConfig(channels=(4, 6, 8), blocks=1, key_channels=0)), tmp_path)
    arguments = [str(tmp_path), "--dataset", str(photos), "--thin", "--count", "2"]
    assert main([*arguments, "--floats", "stem", "merge", "up_"]) == 0
    names = set(read_ranges(tmp_path))
    assert "body.0.expand" in names
    assert not any(name.startswith(("stem", "merge", "up_")) for name in names)
    assert main([*arguments, "--floats", "merge_half.0"]) == 0
    assert set(read_ranges(tmp_path)) >= {"merge_half.0.skip"}  # the name of one is not the beginning of others
    assert "merge_half.0" not in read_ranges(tmp_path)


def test_ranges_of_a_damage_network_are_those_of_degraded_crops(photos, tmp_path):
    save_generator(DamageNetwork(DamageConfig(channels=(4, 5, 6, 7), blocks=1, lite0_blocks=0)), tmp_path)
    assert main([str(tmp_path), "--dataset", str(photos), "--count", "2"]) == 0
    ranges = json.loads((tmp_path / RANGES_FILE).read_text())
    assert {"at_half.1", "at_sixteenth.1.second", "to_half", "to_half.skipped"} <= set(ranges)
    assert ranges["at_half.1"][0] == 0 < ranges["at_half.1"][1]


EXPLAINED = {
    "missing": "is not a folder",
    "Context Encoder": "never quantized",
    "no photos": "nothing",
    "small photos": "no photo has sides of at least 16 px",
    "--floats zzz": "--floats 'zzz' fits no convolution; their names are body.0.contract",
    "--outputs zzz": "--outputs 'zzz' fits no convolution; their names are body.0.contract",
    "--overlays maps": "--overlays is for damage networks",
    "a folder in its place": "cannot be written",
}


@pytest.mark.parametrize("kind", EXPLAINED)
def test_what_goes_wrong_is_explained(kind, photos, tmp_path, capsys):
    folder, dataset = tmp_path / "weights", str(photos)
    options = kind.split() if kind.startswith("--") else []
    if kind == "Context Encoder":
        save_generator(build_generator(ContextEncoderConfig(bottleneck="channelwise")), folder)
    elif kind != "missing":
        save_generator(build_generator(FreeFormConfig(channels=(4, 6, 8), blocks=1, key_channels=0)), folder)
    if kind == "no photos":
        dataset = str(tmp_path / "nothing")
    elif kind == "small photos":
        dataset = str(tmp_path / "small")
        (tmp_path / "small").mkdir()
        Image.new("RGB", (5, 40)).save(tmp_path / "small" / "0.png")
    elif kind == "a folder in its place":
        (folder / RANGES_FILE).mkdir()
    assert main([str(folder), "--dataset", dataset, "--count", "1", *options]) == 1
    assert EXPLAINED[kind] in capsys.readouterr().err
    assert not (folder / RANGES_FILE).is_file()


@pytest.mark.parametrize("option", ["--thin", "--outputs at_half"])
def test_options_of_generators_do_not_fit_a_damage_network(option, photos, tmp_path, capsys):
    save_generator(DamageNetwork(DamageConfig(channels=(4, 5, 6, 7), blocks=1, lite0_blocks=0)), tmp_path)
    assert main([str(tmp_path), "--dataset", str(photos), *option.split()]) == 1
    assert f"{option.split()[0]} is for generators" in capsys.readouterr().err


def test_without_openvino_it_says_what_to_install(photos, tmp_path, monkeypatch, capsys):
    save_generator(build_generator(FreeFormConfig(channels=(4, 6, 8), blocks=1, key_channels=0)), tmp_path)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert main([str(tmp_path), "--dataset", str(photos)]) == 1
    assert "pip install openvino" in capsys.readouterr().err


def test_a_count_below_one_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--dataset", "x", "--count", "0"])
    assert "--count is 0; it must be at least 1" in capsys.readouterr().err
