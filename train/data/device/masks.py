"""A bank of masks on the device that trains, as bits, and random windows of it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from train.data.samples import MAX_COVERAGE, WINDOW_ATTEMPTS

POINTS = 64
"""Number of hole pixels of each mask that windows are placed at."""
RANDOM_NUMBERS = 4 + 3 * WINDOW_ATTEMPTS
"""Random numbers that a window takes."""
COVERAGE_GRID = 32
"""The share of a window that is hole is estimated on a grid of this many points along each side."""


class DeviceMasks:
    """Masks of any size, one bit for each pixel.

    Args:
        masks: bool (n, n) each, True = hole, with at least one hole pixel and n at least the side of the windows.
        device: holds the masks and makes the windows.
        seed: of the choice of the hole pixels that windows are placed at.
    """

    def __init__(self, masks: Sequence[np.ndarray], device: torch.device, seed: int) -> None:
        rng = np.random.default_rng([seed, len(masks)])
        packed = [np.packbits(mask) for mask in masks]
        firsts = np.cumsum([0, *(len(bits) for bits in packed[:-1])]) * 8
        points = [np.argwhere(mask)[rng.integers(np.count_nonzero(mask), size=POINTS)] for mask in masks]
        self._bits = torch.from_numpy(np.concatenate(packed)).to(device)
        self._first = torch.from_numpy(firsts).to(device)
        self._side = torch.tensor([len(mask) for mask in masks]).to(device)
        self._points = torch.from_numpy(np.stack(points)).to(device)
        self.count = len(masks)

    def windows(self, uniform: Tensor, resolution: int) -> Tensor:
        """Return random windows in random orientations, distributed like `train.data.samples.random_mask`.

        Args:
            uniform: (B, RANDOM_NUMBERS) random numbers in [0, 1).
            resolution: side of the windows in pixels.

        Returns:
            uint8 (B, 1, resolution, resolution) in {0, 1}, 1 = hole, with a hole in each. At most about MAX_COVERAGE
            is hole if one of WINDOW_ATTEMPTS windows has that little, else the window with the smallest hole is taken.
        """
        number = (uniform[:, 0] * self.count).long()
        point, row, column = uniform[:, 4:].unflatten(1, (3, WINDOW_ATTEMPTS)).unbind(1)
        pixels = self._points[number[:, None], (point * POINTS).long()]
        last = self._side[number, None] - resolution
        shift = torch.stack([row, column], -1) * resolution
        corners = torch.minimum((pixels - shift.long()).clamp_min(0), last[:, :, None])
        corner = self._choose(number, corners, resolution)
        line = torch.arange(resolution, device=uniform.device)
        flip_rows, flip_columns, transpose = (uniform[:, i, None] < 0.5 for i in (1, 2, 3))
        rows = torch.where(flip_rows, resolution - 1 - line, line)
        columns = torch.where(flip_columns, resolution - 1 - line, line)
        windows = self._read(number, corner[:, :1] + rows, corner[:, 1:] + columns)
        return torch.where(transpose[:, :, None], windows.transpose(1, 2), windows)[:, None]

    def _choose(self, number: Tensor, corners: Tensor, resolution: int) -> Tensor:
        """Return the first of the corners (B, A, 2) whose window is not mostly hole, else that of the smallest."""
        points = min(resolution, COVERAGE_GRID)
        line = ((torch.arange(points, device=number.device) + 0.5) * (resolution / points)).long()
        tops, lefts = corners.flatten(0, 1).unbind(1)
        attempts = corners.shape[1]
        seen = self._read(number.repeat_interleave(attempts), tops[:, None] + line, lefts[:, None] + line)
        coverage = seen.float().mean((1, 2)).view(-1, attempts)
        order = torch.arange(attempts, device=number.device, dtype=torch.float32)
        rank = torch.where(coverage <= MAX_COVERAGE, order, attempts + coverage)
        return corners.gather(1, rank.argmin(1)[:, None, None].expand(-1, 1, 2))[:, 0]

    def _read(self, number: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the pixels of masks in given rows (B, h) and columns (B, w): uint8 (B, h, w) in {0, 1}."""
        bit = self._first[number, None, None] + rows[:, :, None] * self._side[number, None, None] + columns[:, None, :]
        return (self._bits[bit >> 3] >> (7 - (bit & 7)).to(torch.uint8)) & 1
