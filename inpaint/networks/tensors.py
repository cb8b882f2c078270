"""Between pixels and tensors: uint8 pixels to (1, 3, H, W) in [-1, 1] and back, and the composite."""

import numpy as np
import torch
from torch import Tensor


def to_tensor(pixels: np.ndarray) -> Tensor:
    """RGB uint8 (H, W, 3) -> float32 (1, 3, H, W) in [-1, 1]. `to_pixels` gives back exactly the same pixels."""
    return torch.from_numpy(np.array(pixels, order="C")).permute(2, 0, 1)[None].to(torch.float32) / 127.5 - 1


def to_pixels(image: Tensor) -> np.ndarray:
    """(1, 3, H, W) or (3, H, W) in [-1, 1], any device or float type -> RGB uint8 (H, W, 3); values outside are cut."""
    image = image[0] if image.ndim == 4 else image
    scaled = ((image.detach().float() + 1) * 127.5).nan_to_num(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def composite(image: Tensor, prediction: Tensor, mask: Tensor) -> Tensor:
    """The prediction in the hole and the image outside, exactly.

    Args:
        image: (B, 3, H, W).
        prediction: (B, 3, H, W).
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.
    """
    return torch.where(mask > 0.5, prediction, image)
