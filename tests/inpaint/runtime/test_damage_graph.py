"""The damage network as an ONNX graph, checked against PyTorch."""

import sys

import numpy as np
import onnx
import pytest
import torch

from inpaint.damage import load_damage_network
from inpaint.networks.config import DamageConfig
from inpaint.networks.damage import DamageNetwork
from inpaint.runtime import openvino
from inpaint.runtime.damage_graph import damage_graph
from inpaint.runtime.damage_runtimes import OnnxRuntimeDamage, OpenVinoDamage, load_damage_runtime
from train.damage.evaluate import scratched_photo


def network_with(**sizes):
    """A network with random weights, biases and batch-norm statistics."""
    torch.manual_seed(0)
    network = DamageNetwork(DamageConfig(**sizes)).eval()
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name.startswith("lite0.adapt") or name.endswith((".bias", "running_mean")):
                value.normal_(0, 0.1)
            elif name.endswith(("running_var", "norm.weight", ".1.weight")) and value.ndim == 1:
                value.uniform_(0.5, 1.5)
    return network


def graph_of(network):
    return damage_graph(network.config, {name: value.numpy() for name, value in network.state_dict().items()})


def photo(height, width):
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(0, 4, (height, width, 3)), axis=1) + 128
    return np.clip(smooth, 0, 255).astype(np.uint8)


def pytorch_logits(network, pixels):
    with torch.inference_mode():
        return network(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1)[0, 0].numpy()


NETWORKS = {
    "bundled": load_damage_network,
    "none": lambda: network_with(lite0_blocks=0, blocks=0, channels=(3, 5, 7, 9)),
    "wide decoder": lambda: network_with(lite0_blocks=0, blocks=2, channels=(6, 5, 7, 9), decoder_channels=13),
    **{str(blocks): lambda blocks=blocks: network_with(lite0_blocks=blocks, blocks=1) for blocks in range(6, 12)},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_computes_what_the_network_of_pytorch_does(name):
    network, pixels = NETWORKS[name](), photo(80, 112)
    graph = graph_of(network)
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    wanted = pytorch_logits(network, pixels)
    difference = np.abs(OnnxRuntimeDamage(graph)(pixels) - wanted)
    assert wanted.std() > 0.01
    assert difference.max() < 0.02 * wanted.std()  # the edges differ slightly, see _for_input
    assert np.median(difference) < 0.005 * wanted.std()


def test_a_photo_of_padding_alone_differs_at_no_edge():
    network = network_with(lite0_blocks=6)
    grey = np.full((48, 64, 3), 127, np.uint8)  # what EfficientNet-Lite takes for 0, as it does beside the photo
    assert np.allclose(OnnxRuntimeDamage(graph_of(network))(grey), pytorch_logits(network, grey), atol=2e-2)


def test_openvino_finds_the_same_damage_in_bfloat16(monkeypatch):
    monkeypatch.setattr(openvino, "bfloat16_is_slow", lambda: False)
    # Logits of -10 differ by up to .8, which is nothing: compared is what follows from them.
    network, pixels = load_damage_network(), scratched_photo(320, 256, 8)
    wanted = pytorch_logits(network, pixels)
    runtime = OpenVinoDamage(graph_of(network))
    found = runtime(pixels)
    runtime.release_memory()
    assert np.array_equal(runtime(pixels), found)
    either = (found > 0) | (wanted > 0)
    assert either.sum() > 400
    assert ((found > 0) & (wanted > 0)).sum() > 0.95 * either.sum()
    assert np.abs(1 / (1 + np.exp(-found)) - 1 / (1 + np.exp(-wanted))).mean() < 0.002


def test_onnx_runtime_replaces_openvino_and_pytorch_replaces_both(monkeypatch):
    network = network_with(lite0_blocks=0)
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    assert isinstance(load_damage_runtime(network.config, tensors), OpenVinoDamage)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert isinstance(load_damage_runtime(network.config, tensors), OnnxRuntimeDamage)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load_damage_runtime(network.config, tensors) is None
