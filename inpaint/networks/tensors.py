"""Convert between uint8 pixels and tensors, pad to a multiple, and composite."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def to_tensor(pixels: np.ndarray) -> Tensor:
    """Return RGB pixels as a batch of one image.

    `to_pixels` returns exactly the same pixels.

    Args:
        pixels: RGB uint8 (H, W, 3).

    Returns:
        float32 (1, 3, H, W) in [-1, 1].
    """
    return torch.from_numpy(np.array(pixels, order="C")).permute(2, 0, 1)[None].to(torch.float32) / 127.5 - 1


def to_pixels(image: Tensor) -> np.ndarray:
    """Return an image as RGB pixels.

    Args:
        image: (1, 3, H, W) or (3, H, W) in [-1, 1], on any device, in any floating-point type. Values outside the range
            are clipped; NaN becomes mid grey.

    Returns:
        RGB uint8 (H, W, 3).
    """
    image = image[0] if image.ndim == 4 else image
    scaled = ((image.detach().float() + 1) * 127.5).nan_to_num(127.5).round().clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(scaled.permute(1, 2, 0).cpu().numpy())


def composite(image: Tensor, prediction: Tensor, mask: Tensor) -> Tensor:
    """Return the prediction inside the hole and the image outside, exactly.

    Args:
        image: (B, 3, H, W).
        prediction: (B, 3, H, W).
        mask: (B, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B, 3, H, W).
    """
    return torch.where(mask > 0.5, prediction, image)


def pad_to_multiple(image: Tensor, multiple: int) -> Tensor:
    """Pad an image on the right and at the bottom until both sides are multiples.

    The padding is the reflection of the image, repeated where it is longer than the image. A single row or column is
    replicated.

    Args:
        image: (B, C, H, W), H and W at least 1.
        multiple: what the sides of the result are multiples of, at least 1.

    Returns:
        (B, C, H', W'); the image itself where nothing is missing.
    """
    while image.shape[-1] % multiple or image.shape[-2] % multiple:
        height, width = image.shape[-2:]
        right, below = min(-width % multiple, width - 1), min(-height % multiple, height - 1)
        if right + below == 0:  # a single row or column has no reflection
            return F.pad(image, (0, -width % multiple, 0, -height % multiple), mode="replicate")
        image = F.pad(image, (0, right, 0, below), mode="reflect")
    return image
