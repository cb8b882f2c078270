"""The network that decides from logits as an ONNX graph, checked against PyTorch."""

import sys

import numpy as np
import onnx
import pytest
import torch

from inpaint.damage import load_damage_fusion
from inpaint.networks.config import DamageFusionConfig
from inpaint.networks.damage_fusion import DamageFusion
from inpaint.runtime.fusion_graph import fusion_graph
from inpaint.runtime.fusion_runtimes import OnnxRuntimeFusion, OpenVinoFusion, PyTorchFusion, load_fusion_runtime


def random_network():
    torch.manual_seed(0)
    network = DamageFusion(DamageFusionConfig(channels=5, dilations=(1, 3, 2, 7, 1, 1))).eval()
    torch.nn.init.normal_(network.last.weight)
    return network


def tensors_of(network):
    return {name: value.numpy() for name, value in network.state_dict().items()}


def values(height, width):
    return np.random.default_rng(0).normal(0, 1, (24, height, width)).astype(np.float32)


@pytest.mark.parametrize("build", [load_damage_fusion, random_network])
@pytest.mark.parametrize("runtime", [OpenVinoFusion, OnnxRuntimeFusion])
def test_the_graph_computes_what_the_network_of_pytorch_does(build, runtime):
    network = build()
    graph = fusion_graph(network.config, tensors_of(network))
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    fuse = runtime(graph)
    for height, width in ((48, 80), (16, 16), (48, 80)):
        wanted = PyTorchFusion(network, "cpu")(values(height, width))
        assert wanted.shape == (2 * height, 2 * width) and wanted.std() > 0.01
        np.testing.assert_allclose(fuse(values(height, width)), wanted, atol=2e-4 * np.abs(wanted).max())
        fuse.release_memory()


def test_what_is_usual_in_the_whole_photo_counts_everywhere():
    network = random_network()
    one, other = values(64, 64), values(64, 64)
    other[:, 60:, 60:] += 3  # far from what is compared
    with torch.inference_mode():
        found, changed = (network(torch.from_numpy(x)[None])[0, 0, :40, :40] for x in (one, other))
        network.around[2].weight.zero_()
        assert torch.equal(
            *(network(torch.from_numpy(x)[None])[0, 0, :40, :40] for x in (one, other))
        )  # beyond the reach of the convolutions
    assert (found - changed).abs().max() > 1e-3


def test_less_of_what_was_learnt_is_added_and_an_offset():
    network = random_network()
    x = torch.from_numpy(values(16, 32))[None]
    with torch.inference_mode():
        before = network(x)
        network.set_strength(0.25, -1.5)
        assert torch.allclose(network(x), before / 4 - 1.5, atol=1e-6)


def test_onnx_runtime_takes_the_place_of_openvino_and_pytorch_that_of_both(monkeypatch):
    network = random_network()
    arguments = network.config, tensors_of(network)
    assert isinstance(load_fusion_runtime(*arguments), OpenVinoFusion)
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert isinstance(load_fusion_runtime(*arguments), OnnxRuntimeFusion)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert load_fusion_runtime(*arguments) is None
