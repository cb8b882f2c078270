"""A runtime is chosen by what suits the generator and is installed and works; any number of threads may call it."""

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inpaint.hub.weights import load_weights
from inpaint.networks.config import ContextEncoderConfig
from inpaint.runtime import choose, openvino
from inpaint.runtime.choose import choose_runtime
from inpaint.runtime.onnxruntime import OnnxRuntimeRuntime
from inpaint.runtime.openvino import OpenVinoRuntime
from inpaint.runtime.pytorch import PyTorchRuntime
from tests.inpaint.mean_generator import MeanGenerator
from tests.inpaint.runtime.crops import SMALL, crop, small

NAMES = ["openvino", "onnxruntime", "pytorch"]
CLASSES = dict(zip(NAMES, (OpenVinoRuntime, OnnxRuntimeRuntime, PyTorchRuntime), strict=True))


def hide(monkeypatch, *packages):
    """Make packages look as if they were not installed."""
    find_spec = choose.importlib.util.find_spec
    monkeypatch.setattr(
        choose.importlib.util, "find_spec", lambda name, *rest: None if name in packages else find_spec(name, *rest)
    )
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_threads_may_call_a_runtime(name):
    runtime = CLASSES[name](small())
    crops = [crop(64, 96, seed) for seed in range(8)]
    alone = [runtime(*one) for one in crops]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda one: runtime(*one), crops * 3))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 3, together, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_runtime_says_what_it_runs_and_modifies_no_argument(name):
    runtime = CLASSES[name](small())
    assert (runtime.config, runtime.multiple, runtime.fixed_size, runtime.device) == (SMALL, 16, None, "cpu")
    arguments = crop(48, 32)
    copies = [array.copy() for array in arguments]
    for count in (2, 3):
        prediction = runtime(*arguments[:count])
        assert prediction.dtype == np.float32 and prediction.shape == (1, 3, 48, 32)
        assert np.abs(prediction).max() <= 1
        assert not any(np.shares_memory(prediction, array) for array in arguments)
    assert all(np.array_equal(a, b) for a, b in zip(arguments, copies, strict=True))
    with pytest.raises(ValueError, match="32x40.*multiples of 16"):
        runtime(*(array[..., :40, :] for array in arguments[:2]))


@pytest.mark.parametrize("name", NAMES)
def test_weights_and_their_module_predict_the_same(name):
    generator = small()
    tensors = {key: value.numpy() for key, value in generator.state_dict().items()}
    masked_image, mask, _ = crop(64, 48)
    predictions = [
        choose_runtime(source, "cpu", name)(masked_image, mask)
        for source in (generator, SimpleNamespace(config=SMALL, tensors=tensors))
    ]
    assert np.array_equal(*predictions)


def test_where_bfloat16_is_disabled_openvino_computes_in_float32():
    def compile_model(network, device, settings):
        if settings["INFERENCE_PRECISION_HINT"] == "bf16":
            raise RuntimeError("Supported primitive descriptors list is empty")
        return "model"

    core = SimpleNamespace(compile_model=compile_model)
    assert openvino._compiled(core, None, ["bf16", "f32"], 1) == ("model", "f32")
    with pytest.raises(RuntimeError):
        openvino._compiled(core, None, ["bf16"], 1)


@pytest.mark.parametrize("source", [small, load_weights], ids=["module", "weights"])
def test_the_fastest_library_that_is_installed_is_chosen_on_a_cpu(source, monkeypatch):
    source = source()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for missing, expected in (((), "openvino"), (("openvino",), "onnxruntime"), (NAMES[:2], "pytorch")):
            hide(monkeypatch, *missing)
            assert type(choose_runtime(source, "cpu")) is CLASSES[expected]


def test_a_library_that_is_wanted_and_missing_is_named_with_the_command_that_installs_it(monkeypatch):
    hide(monkeypatch, "openvino", "onnxruntime")
    for name in ("openvino", "onnxruntime"):
        with pytest.raises(ValueError, match=f"pip install {name}"):
            choose_runtime(small(), "cpu", name)


def test_if_no_library_is_installed_the_error_says_what_to_install(monkeypatch):
    weights, paper = load_weights(), SimpleNamespace(config=ContextEncoderConfig(), tensors={})
    hide(monkeypatch, *NAMES, "torch")
    for generator in (weights, paper):
        with pytest.raises(ValueError, match="pip install openvino  or  pip install torch"):
            choose_runtime(generator, "cpu")
    with pytest.raises(ValueError, match="run  pip install torch"):
        choose_runtime(MeanGenerator(), "cpu")


def test_if_openvino_fails_the_next_library_is_used_with_one_warning(monkeypatch):
    def broken(*_):
        raise RuntimeError("no such operation\nat line 7")

    monkeypatch.setattr(OpenVinoRuntime, "_compile", broken)
    with pytest.warns(UserWarning, match=r"OpenVINO cannot be used \(no such operation\), so fills") as caught:
        assert choose_runtime(small(), "cpu").name == "ONNX Runtime, float32"
    assert len(caught) == 1
    with pytest.raises(ValueError, match="no such operation"):
        choose_runtime(small(), "cpu", "openvino")


def test_other_networks_and_devices_are_run_by_pytorch():
    other = MeanGenerator()
    assert choose_runtime(other, torch.device("cpu")).name == "PyTorch"
    runtime = choose_runtime(small(), torch.device("meta"))
    assert (runtime.name, runtime.device) == ("PyTorch", "meta")
    for name in ("openvino", "onnxruntime"):
        with pytest.raises(ValueError, match="on a CPU only"):
            choose_runtime(other, "cpu", name)
        with pytest.raises(ValueError, match="on a CPU only"):
            choose_runtime(small(), "meta", name)
    with pytest.raises(ValueError, match="'tensorrt'.*auto, openvino, onnxruntime or pytorch"):
        choose_runtime(other, "cpu", "tensorrt")


def test_without_a_device_a_gpu_is_preferred_and_a_library_for_cpus_can_be_wanted(monkeypatch):
    monkeypatch.setattr(choose, "best_device", lambda: "meta")
    assert choose_runtime(small()).device == "meta"
    assert choose_runtime(small(), None, "openvino").device == "cpu"


def test_pytorch_puts_a_module_into_eval_mode_and_float32():
    runtime = PyTorchRuntime(small().train().double())
    assert not runtime.module.training
    assert {parameter.dtype for parameter in runtime.module.parameters()} == {torch.float32}
    assert not any(parameter.requires_grad for parameter in runtime.module.parameters())


def test_a_device_that_pytorch_cannot_use_is_named_with_what_to_do(monkeypatch):
    with pytest.raises(ValueError, match=r"device is 'tpu', which PyTorch cannot use .*use cpu"):
        choose_runtime(small(), "tpu")

    def without_cuda(*args, **kwargs):
        raise AssertionError("Torch not compiled with CUDA enabled")

    monkeypatch.setattr(torch, "zeros", without_cuda)
    with pytest.raises(ValueError, match=r"device is 'cuda', .*not compiled with CUDA.*use cpu"):
        choose_runtime(small(), "cuda")
