"""Without a sign of a GPU, PyTorch is not imported to look for one."""

import subprocess
import sys

import pytest
import torch

from inpaint.runtime import device
from inpaint.runtime.device import best_device, has_sign_of_gpu


def test_a_device_of_a_driver_is_a_sign_of_a_gpu_unless_gpus_are_hidden(monkeypatch, tmp_path):
    monkeypatch.setattr(device.sys, "platform", "linux")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(device, "_LINUX_SIGNS", (str(tmp_path / "nvidiactl"),))
    assert not has_sign_of_gpu()
    (tmp_path / "nvidiactl").touch()
    assert has_sign_of_gpu()
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert not has_sign_of_gpu()


def test_a_library_of_a_driver_is_a_sign_on_windows(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(device.sys, "platform", "win32")
    for found, expected in ((None, False), ("nvcuda.dll", True)):
        monkeypatch.setattr(device.ctypes.util, "find_library", lambda name, found=found: found)
        assert has_sign_of_gpu() == expected


@pytest.mark.parametrize(("machine", "expected"), [("arm64", True), ("x86_64", False)])
def test_only_macs_with_apples_processor_may_have_a_gpu(machine, expected, monkeypatch):
    monkeypatch.setattr(device.sys, "platform", "darwin")
    monkeypatch.setattr(device.platform, "machine", lambda: machine)
    assert has_sign_of_gpu() == expected


def test_the_device_is_what_pytorch_finds_where_there_is_a_sign(monkeypatch):
    monkeypatch.setattr(device, "has_sign_of_gpu", lambda: True)
    for cuda, mps, expected in ((True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert best_device() == expected
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    assert best_device() == "cpu"


def test_on_a_cpu_weights_are_run_without_torch_scipy_and_the_hub():
    code = """
import os, sys
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import numpy as np
from inpaint.hub.weights import load_weights
from inpaint.runtime.choose import choose_runtime
runtime = choose_runtime(load_weights())
mask = np.zeros((1, 1, 32, 32), np.float32)
mask[..., 8:16, 8:16] = 1
assert runtime(np.zeros((1, 3, 32, 32), np.float32), mask).shape == (1, 3, 32, 32)
sys.exit(str({"torch", "scipy.linalg", "huggingface_hub"} & set(sys.modules) or ""))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
