"""Random changes of crops on the device that trains: colours, and the traces of JPEG compression."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

COLOUR_NUMBERS, JPEG_NUMBERS = 4, 2
"""Random numbers that each change takes for a crop."""
STRENGTH = 0.2
"""Largest change of brightness, contrast and saturation, as a share."""
QUALITIES = (30.0, 95.0)
"""Lowest and highest JPEG quality."""
_LUMA = (0.299, 0.587, 0.114)
_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
_CHROMA_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99), (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99), (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)  # fmt: skip
_TO_YCC = (_LUMA, (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


class Jitter:
    """Both changes, with their constant tensors on one device.

    Args:
        device: of the crops.
    """

    def __init__(self, device: torch.device) -> None:
        line = torch.arange(8, dtype=torch.float64)
        cosines = torch.cos((2 * line + 1) * line[:, None] * math.pi / 16) / 2
        cosines[0] /= math.sqrt(2)
        self._dct = cosines.float().to(device)
        self._tables = torch.tensor([_LUMA_TABLE, _CHROMA_TABLE, _CHROMA_TABLE]).float().to(device)
        self._luma, self._to_ycc, self._to_rgb = (torch.tensor(x).to(device) for x in (_LUMA, _TO_YCC, _TO_RGB))

    def colours(self, image: Tensor, uniform: Tensor, share: float) -> Tensor:
        """Change brightness, contrast and saturation of some crops.

        Args:
            image: (B, 3, H, W) in [0, 255].
            uniform: (B, COLOUR_NUMBERS) random numbers in [0, 1).
            share: of the crops that are changed.

        Returns:
            (B, 3, H, W) in [0, 255].
        """
        factors = 1 + STRENGTH * (2 * uniform[:, 1:] - 1)
        factors = torch.where(uniform[:, :1] < share, factors, 1.0)[..., None, None, None]
        brightness, contrast, saturation = factors.unbind(1)
        changed = image * brightness
        grey = (changed * self._luma[:, None, None]).sum(1, keepdim=True)
        changed = torch.lerp(grey, changed, saturation)
        return torch.lerp(grey.mean((2, 3), keepdim=True), changed, contrast).clamp(0, 255)

    def jpeg(self, image: Tensor, uniform: Tensor, share: float) -> Tensor:
        """Quantize some crops in blocks of 8x8 as JPEG does, with colours at half the resolution.

        Args:
            image: (B, 3, H, W) in [0, 255]; H and W multiples of 16.
            uniform: (B, JPEG_NUMBERS) random numbers in [0, 1).
            share: of the crops that are changed; their qualities are uniform in QUALITIES.

        Returns:
            (B, 3, H, W) in [0, 255].

        Reference:
            ITU-T T.81, annex A.3 and K.1; the scale of a quality is that of the IJG's library.
        """
        quality = QUALITIES[0] + uniform[:, 1] * (QUALITIES[1] - QUALITIES[0])
        scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None, None]
        tables = ((self._tables * scale + 50) / 100).floor().clamp(1, 255)
        ycc = torch.einsum("dc,bchw->bdhw", self._to_ycc, image)
        luma = self._quantized(ycc[:, :1] - 128, tables[:, :1]) + 128
        chroma = self._quantized(F.avg_pool2d(ycc[:, 1:], 2), tables[:, 1:])
        chroma = F.interpolate(chroma, scale_factor=2, mode="nearest")
        decoded = torch.einsum("dc,bchw->bdhw", self._to_rgb, torch.cat([luma, chroma], 1)).clamp(0, 255)
        return torch.where(uniform[:, 0, None, None, None] < share, decoded, image)

    def _quantized(self, planes: Tensor, tables: Tensor) -> Tensor:
        """Return planes (B, C, H, W) after quantization of their blocks' cosine transforms by tables (B, C, 8, 8)."""
        blocks = planes.unflatten(3, (-1, 8)).unflatten(2, (-1, 8)).transpose(3, 4)
        steps = tables[:, :, None, None]
        coefficients = self._dct @ blocks @ self._dct.T
        blocks = self._dct.T @ ((coefficients / steps).round() * steps) @ self._dct
        return blocks.transpose(3, 4).flatten(4, 5).flatten(2, 3)
