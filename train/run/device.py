"""Where a run computes, how a batch gets there, and the error of a run that diverges."""

import torch
from torch import Tensor


class Diverged(RuntimeError):
    """A loss became infinite or not a number."""


def to_model(image: Tensor, mask: Tensor, device: torch.device, channels_last: bool) -> tuple[Tensor, Tensor]:
    """uint8 pictures and masks as the networks take them: (B, 3, R, R) in [-1, 1] and (B, 1, R, R) in {0, 1}."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    image = image.to(device, non_blocking=True).float().div_(127.5).sub_(1).contiguous(memory_format=layout)
    return image, mask.to(device, non_blocking=True).float()


def pick_device(name: str, number: int = 0) -> torch.device:
    """The device of a name; "auto" takes the first of CUDA, MPS and CPU that is there, and among GPUs that number."""
    if name not in ("auto", "cuda"):
        return torch.device(name)
    if name == "cuda" or torch.cuda.is_available():
        return torch.device("cuda", number)
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
