"""The device of a run, and batches on it."""

import contextlib
import os
from typing import Any

import torch
from torch import Tensor

from inpaint.runtime.bfloat16 import pytorch_bfloat16_is_fast


def to_model_input(image: Tensor, mask: Tensor, device: torch.device, channels_last: bool) -> tuple[Tensor, Tensor]:
    """Convert a batch to what the networks take.

    Args:
        image: (B, 3, R, R) uint8.
        mask: (B, 1, R, R) uint8 or float32.
        device: where the result lies.
        channels_last: whether the image's memory layout is channels last.

    Returns:
        The image, (B, 3, R, R) float32 in [-1, 1], and the mask, (B, 1, R, R) float32 with unchanged values.
    """
    layout = torch.channels_last if channels_last else torch.contiguous_format
    image = image.to(device, non_blocking=True).float().div_(127.5).sub_(1).contiguous(memory_format=layout)
    return image, mask.to(device, non_blocking=True).float()


def pick_device(name: str, local_rank: int = 0) -> torch.device:
    """Return the device of a name.

    Args:
        name: of PyTorch; "auto" takes the first of CUDA, MPS and CPU that is available.
        local_rank: number of the GPU if the name is "auto" or "cuda".
    """
    if name not in ("auto", "cuda"):
        return torch.device(name)
    if name == "cuda" or torch.cuda.is_available():
        return torch.device("cuda", local_rank)
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def autocast_dtype(device: torch.device) -> torch.dtype:
    """Return the 16-bit format of forward passes on a device: bfloat16, or float16 on a GPU that lacks it."""
    if device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.float16
    return torch.bfloat16


def computes_in_16_bit(device: torch.device, wanted: bool) -> bool:
    """Return whether forward passes are in 16 bits: if that is wanted, and not slower than float32 on a CPU."""
    return wanted and (device.type != "cpu" or pytorch_bfloat16_is_fast())


def autocast(device: torch.device, wanted: bool) -> contextlib.AbstractContextManager[Any]:
    """Return the context of forward passes, see `computes_in_16_bit`."""
    return torch.autocast(device.type, autocast_dtype(device), enabled=computes_in_16_bit(device, wanted))


def grad_scaler(device: torch.device, wanted: bool) -> torch.amp.GradScaler | None:
    """Return what scales the losses of a network whose forward passes are in float16; None if they are not."""
    needed = computes_in_16_bit(device, wanted) and autocast_dtype(device) == torch.float16
    return torch.amp.GradScaler(device.type) if needed else None


def available_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
