"""The generator as an ONNX file predicts what PyTorch predicts."""

import json
import sys

import onnx
import pytest
import torch

from inpaint.export import LEVELS, export_onnx, largest_difference, main
from inpaint.hub.weights import load_generator, save_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.networks.pyramid import initial_fill
from tests.inpaint.networks.test_generators import with_random_weights

SMALL = FreeFormConfig(channels=(4, 8, 8), blocks=2, attention_every=1, attention_heads=2, expansion=1)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (17, 255), (128, 48), (3, 700)])
def test_the_unrolled_initial_fill_equals_the_loop(size):
    torch.manual_seed(0)
    image, mask = torch.rand(1, 3, *size), (torch.rand(1, 1, *size) < 0.9).float()
    mask[..., size[0] // 2 :, :] = 1
    assert max(size) <= 2**LEVELS
    assert torch.equal(initial_fill(image, mask, LEVELS), initial_fill(image, mask))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    save_generator(with_random_weights(build_generator(SMALL)), folder / "weights")
    assert main(["--onnx", str(folder / "new/free.onnx"), "--model", str(folder / "weights")]) == 0
    return load_generator(folder / "weights").generator, folder / "new/free.onnx"


def test_the_file_agrees_with_pytorch_at_every_size(exported):
    sizes = ((16, 16), (16, 320), (208, 176), (512, 48))
    assert largest_difference(*exported, sizes) < 1e-5


def test_the_file_documents_its_inputs_and_config(exported):
    model = onnx.load(exported[1])
    onnx.checker.check_model(model)
    assert [entry.name for entry in (*model.graph.input, *model.graph.output)] == ["masked_image", "mask", "prediction"]
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata["config"])["channels"] == [4, 8, 8]
    assert metadata["multiple"] == "16"
    assert "1 in the hole" in model.doc_string


def test_a_different_generator_is_noticed(exported):
    generator, file = exported
    assert largest_difference(with_random_weights(build_generator(SMALL), seed=1), file) > 1e-3
    assert largest_difference(generator, file) < 1e-5


def test_a_context_encoder_is_exported_at_its_fixed_size(tmp_path):
    generator = with_random_weights(build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=8)))
    export_onnx(generator, tmp_path / "paper.onnx")
    assert largest_difference(generator, tmp_path / "paper.onnx") < 1e-5


def test_missing_packages_and_weights_are_reported(tmp_path, monkeypatch, capsys):
    assert main(["--onnx", str(tmp_path / "a.onnx"), "--model", str(tmp_path)]) == 1
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["--onnx", str(tmp_path / "a.onnx")]) == 1
    assert "pip install onnx onnxruntime" in capsys.readouterr().err
