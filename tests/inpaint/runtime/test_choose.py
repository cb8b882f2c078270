"""Whatever runs the generator, the fill is the same within the stated tolerance."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from inpaint.hub.weights import load_generator
from inpaint.inpainter import Inpainter
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from inpaint.runtime import choose as runtime
from inpaint.runtime.choose import TOLERANCE, OpenVinoRuntime, PyTorchRuntime, choose_runtime
from tests.inpaint.networks.test_generators import with_random_weights
from tests.pictures import picture

CPU = torch.device("cpu")
SMALL = FreeFormConfig(channels=(8, 12, 16), blocks=2, attention_every=1, expansion=2, key_channels=8)


def small():
    return with_random_weights(build_generator(SMALL)).eval()


def crop(height, width, seed=0):
    torch.manual_seed(seed)
    image, mask = torch.rand(1, 3, height, width) * 2 - 1, torch.zeros(1, 1, height, width)
    mask[..., height // 4 : height // 2, width // 4 : -3] = 1
    return image * (1 - mask), mask, torch.rand(1, 3, height, width) * 2 - 1


@pytest.fixture(scope="module")
def bundled():
    generator = load_generator().generator
    return generator, choose_runtime(generator, CPU, "openvino")


@pytest.mark.parametrize("size", [(128, 128), (256, 192), (512, 512), (16, 320)])
def test_openvino_fills_as_pytorch_does_at_every_size(bundled, size):
    generator, faster = bundled
    masked_image, mask, guide = crop(*size)
    with torch.inference_mode():
        for guess in ((), (guide,)):
            difference = (faster(masked_image, mask, *guess) - generator(masked_image, mask, *guess)).abs()
            assert difference.max() < TOLERANCE
            assert difference.mean() < TOLERANCE / 20


def test_a_photo_is_filled_alike(bundled, monkeypatch):
    generator, _ = bundled
    photo, mask = picture("RGB", (300, 260)), np.zeros((260, 300), bool)
    mask[30:200, 40:220] = True

    def differences():
        one, other = (
            np.asarray(Inpainter(generator, device="cpu", runtime=name)(photo, mask)).astype(int)
            for name in ("pytorch", "openvino")
        )
        return np.abs(one - other)

    copied = differences()
    assert not copied[~mask].any()
    assert copied[mask].mean() < 8  # of 255; where two patches fit equally well, either may be copied
    monkeypatch.setattr("inpaint.inpainter.add_texture", lambda filled, mask: filled)
    assert differences().max() <= 3  # through two passes


def test_openvino_serves_many_threads():
    generator = small()
    faster = OpenVinoRuntime(generator)
    crops = [crop(64, 96, seed) for seed in range(8)]
    alone = [faster(*one) for one in crops]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: faster(*one), crops * 3))
    assert all(torch.equal(a, b) for a, b in zip(alone * 3, together, strict=True))


def test_without_the_package_pytorch_runs_the_generator(monkeypatch):
    monkeypatch.setattr(runtime.importlib.util, "find_spec", lambda name: None)
    assert isinstance(choose_runtime(small(), CPU), PyTorchRuntime)
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ValueError, match="pip install openvino onnx"):
        choose_runtime(small(), CPU, "openvino")


def test_openvino_is_taken_where_it_is_faster(monkeypatch):
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: True)
    assert "OpenVINO" in choose_runtime(small(), CPU).name
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: False)
    assert choose_runtime(small(), CPU).name == "PyTorch"


def test_if_openvino_fails_pytorch_goes_on_with_a_warning(monkeypatch):
    monkeypatch.setattr(runtime, "_is_faster", lambda *_: True)

    def broken(*_):
        raise RuntimeError("no such operation")

    monkeypatch.setattr(runtime, "to_onnx", broken)
    with pytest.warns(UserWarning, match="no such operation"):
        assert choose_runtime(small(), CPU).name == "PyTorch"


def test_other_networks_and_devices_stay_with_pytorch():
    paper = build_generator(ContextEncoderConfig(channels=4, bottleneck_channels=8)).eval()
    assert choose_runtime(paper, CPU).name == "PyTorch"
    assert choose_runtime(small(), torch.device("meta")).name == "PyTorch"
    with pytest.raises(ValueError, match="on a CPU only"):
        choose_runtime(paper, CPU, "openvino")
    with pytest.raises(ValueError, match="'tensorrt'.*auto, pytorch or openvino"):
        choose_runtime(paper, CPU, "tensorrt")
