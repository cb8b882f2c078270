"""Every available runtime is timed and compared with PyTorch."""

import pytest
import torch

from inpaint.benchmark import runtimes
from inpaint.hub.weights import save_generator
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig
from inpaint.networks.generators import build_generator
from tests.inpaint.runtime.rounding import UNIT_ROUNDOFF


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    save_generator(build_generator(FreeFormConfig(channels=(8, 8, 16), blocks=2)), folder)
    return str(folder)


@pytest.mark.parametrize("name", ["PyTorch", "ONNX Runtime, float32", "OpenVINO, float32", "OpenVINO, bfloat16"])
def test_every_runtime_is_timed_and_predicts_the_same(name, weights):
    try:
        result = runtimes.timed(name, weights, (32, 64), repeats=2)
    except RuntimeError as error:
        if name != "OpenVINO, bfloat16":
            raise
        pytest.skip(f"no bfloat16 on this CPU: {error}")
    assert set(result.seconds) == {32, 64}
    assert all(took > 0 for took in (result.ready_s, *result.seconds.values()))
    assert (
        result.difference <= UNIT_ROUNDOFF
    )  # untrained, the generator adds nothing to its initial fill, which is rounded


@pytest.mark.parametrize("name", ["OpenVINO, int8 and float32", "ONNX Runtime, int8 and float32"])
def test_8_bit_integers_are_timed_with_the_bundled_weights_only(name, weights):
    assert runtimes.timed(name, "bundled", (64,), repeats=1).difference > 1e-3
    with pytest.raises(RuntimeError, match="bundled weights and x86"):
        runtimes.timed(name, weights, (64,), repeats=1)


def test_the_row_of_torch_compile_runs_compiled_code(weights, monkeypatch):
    calls = []

    def compile_(function, **options):
        return lambda *arguments: calls.append(options) or function(*arguments)

    monkeypatch.setattr(torch, "compile", compile_)
    runtimes.timed("torch.compile", weights, (32,), repeats=1)
    assert calls and calls[0] == {"dynamic": False}


def test_the_command_prints_a_row_for_each_runtime_and_why_one_is_not_available(weights, monkeypatch, capsys):
    def absent(weights):
        raise ImportError("no such package")

    monkeypatch.setattr(runtimes, "RUNTIMES", {"PyTorch": runtimes.PyTorchRuntime, "absent": absent})
    monkeypatch.setattr(runtimes, "ProcessPoolExecutor", SameProcess)
    monkeypatch.setattr(runtimes, "REPEATS", 1)
    assert runtimes.main(["--model", weights]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].count("|") == 7
    assert rows[2].startswith("| PyTorch | 0.") and rows[2].count("|") == 7
    assert "no such package" in rows[3]


def test_weights_of_another_generator_are_rejected(tmp_path, monkeypatch, capsys):
    save_generator(build_generator(ContextEncoderConfig(channels=8, bottleneck_channels=16)), tmp_path)
    monkeypatch.setattr(runtimes, "ProcessPoolExecutor", SameProcess)
    assert runtimes.main(["--model", str(tmp_path)]) == 1
    assert "free-form" in capsys.readouterr().err


class SameProcess:
    """An executor that runs each function immediately, in this process."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def submit(self, function, *arguments):
        self.result = lambda: function(*arguments)
        return self
