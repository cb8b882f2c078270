"""Find a GPU, without importing PyTorch where there is no sign of one: the import takes a second."""

import ctypes.util
import importlib.util
import os
import platform
import sys
from pathlib import Path

_LINUX_SIGNS = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvhost-gpu", "/dev/dxg", "/dev/kfd")
"""Devices of NVIDIA's driver, also on Jetson and in Windows' Linux, and of AMD's for ROCm."""
_WINDOWS_SIGNS = ("nvcuda", "amdhip64")


def best_device() -> str:
    """Return "cuda" for a GPU of NVIDIA or AMD, "mps" for Apple's, else "cpu", as PyTorch can use it."""
    if not has_sign_of_gpu() or importlib.util.find_spec("torch") is None:
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def has_sign_of_gpu() -> bool:
    """Return whether this machine may have a GPU that PyTorch can use."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):  # hidden on purpose
        return False
    if sys.platform == "win32":
        return any(ctypes.util.find_library(name) for name in _WINDOWS_SIGNS)
    return any(Path(sign).exists() for sign in _LINUX_SIGNS)
