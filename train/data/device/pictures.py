"""Pictures of any size as uint8 on one device, and random crops that are cut and resized there."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

LANCZOS_LOBES = 3


class Squares(NamedTuple):
    """Where crops lie, one for each sample, in whole pixels.

    Attributes:
        picture: numbers of the pictures, int64 (B,).
        top: first row, int64 (B,).
        left: first column, int64 (B,).
        side: length of the square's side, int64 (B,).
    """

    picture: Tensor
    top: Tensor
    left: Tensor
    side: Tensor


class DevicePictures:
    """All pictures of a training set on the device that trains.

    Args:
        pictures: RGB uint8 (H, W, 3) each, at least one.
        device: holds the pictures and makes the crops.

    Raises:
        ValueError: there are no pictures.
    """

    def __init__(self, pictures: Sequence[np.ndarray], device: torch.device) -> None:
        if not pictures:
            raise ValueError("0 pictures were given; give at least one.")
        sizes = np.array([picture.shape[:2] for picture in pictures])
        ends = np.cumsum(sizes.prod(1))
        pixels = np.empty((int(ends[-1]), 3), dtype=np.uint8)
        for picture, end in zip(pictures, ends.tolist(), strict=True):
            flat = picture.reshape(-1, 3)
            pixels[end - len(flat) : end] = flat
        self._pixels = torch.from_numpy(pixels).to(device)
        self._first = torch.from_numpy(ends - sizes.prod(1)).to(device)
        self._height, self._width = torch.from_numpy(sizes.T.copy()).to(device).unbind()
        self._longest_side = int(sizes.min(1).max())
        self.count, self.device = len(pictures), device

    def random_squares(self, picture: Tensor, uniform: Tensor, resolution: int, min_scale: float) -> Squares:
        """Return random squares, distributed like those of `train.data.samples.random_crop`.

        Args:
            picture: numbers of the pictures, int64 (B,).
            uniform: (B, 3) random numbers in [0, 1), which decide on side, top and left.
            resolution: side of the crops in pixels; squares are at least as large where the picture is.
            min_scale: smallest side as a share of the picture's short side.
        """
        height, width = self._height[picture], self._width[picture]
        short = torch.minimum(height, width).to(torch.float64)
        low = torch.minimum(short, (short * min_scale).round().clamp_min(resolution))
        random = uniform.to(torch.float64)
        side = (low * (short / low) ** random[:, 0]).round().long()
        top = (random[:, 1] * (height - side + 1)).long()
        left = (random[:, 2] * (width - side + 1)).long()
        return Squares(picture, top, left, side)

    def crops(self, squares: Squares, resolution: int) -> Tensor:
        """Cut squares out of the pictures and resize them with a Lanczos filter, as Pillow does.

        Args:
            squares: where the crops lie.
            resolution: side of the crops in pixels.

        Returns:
            float32 (B, 3, resolution, resolution) in [0, 255]; not rounded.
        """
        reach = math.ceil(LANCZOS_LOBES * max(1.0, self._longest_side / resolution)) + 1
        offsets = torch.arange(-reach, self._longest_side + reach, device=self.device)
        height, width = self._height[squares.picture, None], self._width[squares.picture, None]
        rows, columns = squares.top[:, None] + offsets, squares.left[:, None] + offsets
        of_rows = _lanczos(squares.top, squares.side, rows, height, resolution)
        of_columns = _lanczos(squares.left, squares.side, columns, width, resolution)
        rows, columns = _inside(rows, height), _inside(columns, width)
        index = (self._first[squares.picture, None] + rows * width)[:, :, None] + columns[:, None, :]
        window = self._pixels[index.flatten()].view(*index.shape, 3).permute(0, 3, 1, 2).float()
        narrow = (window @ of_columns.transpose(1, 2)[:, None]).clamp(0, 255)  # clipped in between, as by Pillow
        return (of_rows[:, None] @ narrow).clamp(0, 255)


def _inside(positions: Tensor, length: Tensor) -> Tensor:
    return torch.minimum(positions.clamp_min(0), length - 1)


def _lanczos(start: Tensor, side: Tensor, positions: Tensor, length: Tensor, resolution: int) -> Tensor:
    """Return the weight of each source pixel in each pixel of a resized line.

    Args:
        start: first pixel of the part that is resized, (B,).
        side: its length, (B,).
        positions: of the source pixels, (B, P).
        length: of the whole line, (B, 1); pixels outside of it have weight 0.
        resolution: length of the result.

    Returns:
        float32 (B, resolution, P), each row with sum 1.
    """
    scale = (side.float() / resolution)[:, None]
    centre = start[:, None] + (torch.arange(resolution, device=start.device) + 0.5) * scale
    distance = (positions[:, None, :] + 0.5 - centre[:, :, None]) / scale.clamp_min(1)[:, None]
    weight = torch.sinc(distance) * torch.sinc(distance / LANCZOS_LOBES)
    inside = (positions >= 0) & (positions < length)
    weight = torch.where((distance.abs() < LANCZOS_LOBES) & inside[:, None, :], weight, 0.0)
    return weight / weight.sum(2, keepdim=True)
