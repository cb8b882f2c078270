"""Metrics that compare a fill with the known pixels around it and need no ground truth: detail and seam.

They tell what distances from a ground truth hide: the fill of a thick hole that scores best in PSNR is the mean of all
plausible fills, which is blurred. Both are ratios that are 1 where the fill continues its surroundings. A high value is
not better: noise has more detail than a photo. They depend on the scale of the photo, so methods are comparable on the
same pixels only.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

DEPTH_PX = 2
"""`detail` leaves out hole pixels that are at most this far from a known pixel: there the seam counts, not the fill."""
RING_PX = 16
"""Known pixels that are at most this far from the hole are its surroundings."""
LEAST_STEP = 0.25 / 127.5
"""A quarter of a grey level: surroundings with a smaller mean step are plain, and no ratio to them means anything."""


def detail(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean gradient magnitude of a fill relative to that of its surroundings.

        detail = mean of |grad c| over the interior of the hole / mean of |grad c| over the ring around the hole

    c is the composite, |grad c|(y, x) = sqrt((c(y, x+1) - c(y, x))^2 + (c(y+1, x) - c(y, x))^2) of each channel. The
    interior is the hole pixels more than DEPTH_PX from every known pixel, the ring the known pixels at most RING_PX
    from the hole, both in the chessboard distance max(|dy|, |dx|). A gradient counts where its three pixels lie in the
    same area, so no gradient crosses the edge of the hole.

    Args:
        prediction: (B, 3, H, W) in [-1, 1]; known pixels are not read.
        image: (B or 1, 3, H, W) in [-1, 1]; hole pixels are not read.
        mask: (B or 1, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) >= 0: 1 for as much detail as around the hole, less for a blurred fill, more for a noisy one. nan where it
        is not defined: the hole is nowhere thicker than 2 DEPTH_PX + 1 pixels, or its surroundings are plain or none.
    """
    composite, hole = _window(prediction, image, mask)
    across = composite[..., :-1, 1:] - composite[..., :-1, :-1]
    down = composite[..., 1:, :-1] - composite[..., :-1, :-1]
    magnitude = (across.square() + down.square()).sqrt()
    interior, ring = ~_dilate(~hole, DEPTH_PX), _dilate(hole, RING_PX) & ~hole
    inside, around = (area[..., :-1, :-1] & area[..., :-1, 1:] & area[..., 1:, :-1] for area in (interior, ring))
    return _ratio(_mean((magnitude, inside)), _mean((magnitude, around)))


def seam(prediction: Tensor, image: Tensor, mask: Tensor) -> Tensor:
    """Return the mean step across the edge of the hole relative to the steps between known pixels near it.

        seam = mean of |c(p) - c(q)| over pairs at the edge / mean of |c(p) - c(q)| over pairs in the ring

    c is the composite; a pair is two pixels p and q beside or below each other, and each channel counts. At the edge,
    one of them is a hole pixel and the other is known; in the ring, both are known and at most RING_PX from the hole,
    in the chessboard distance max(|dy|, |dx|). The border of the photo is no edge.

    Args:
        prediction: (B, 3, H, W) in [-1, 1]; known pixels are not read.
        image: (B or 1, 3, H, W) in [-1, 1]; hole pixels are not read.
        mask: (B or 1, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (B,) >= 0: about 1 where the edge of the hole looks like the photo around it, less where it is blurred, more
        where it is visible as a line. nan where it is not defined: there is no edge, or the surroundings are plain.
    """
    composite, hole = _window(prediction, image, mask)
    ring = _dilate(hole, RING_PX) & ~hole
    across, down = composite.diff(dim=-1).abs(), composite.diff(dim=-2).abs()
    edge = _mean((across, hole[..., 1:] ^ hole[..., :-1]), (down, hole[..., 1:, :] ^ hole[..., :-1, :]))
    around = _mean((across, ring[..., 1:] & ring[..., :-1]), (down, ring[..., 1:, :] & ring[..., :-1, :]))
    return _ratio(edge, around)


def _window(prediction: Tensor, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return composite and hole, cut to the part of the photo that the metrics read: a small one of a large photo."""
    hole = mask > 0
    cut: list[slice] = [slice(None), slice(None)]
    for axis in (2, 3):
        places = hole.transpose(0, axis).flatten(1).any(1).nonzero()
        if len(places):
            cut.append(slice(max(0, int(places[0]) - RING_PX), int(places[-1]) + 1 + RING_PX))
    prediction, image, hole = prediction[tuple(cut)], image[tuple(cut)], hole[tuple(cut)]
    return torch.where(hole, prediction, image), hole


def _dilate(area: Tensor, px: int) -> Tensor:
    """Return the pixels at most `px` from an area, in the chessboard distance: bool (B, 1, H, W) -> the same."""
    wide = F.max_pool2d(area.float(), (1, 2 * px + 1), 1, (0, px))
    return F.max_pool2d(wide, (2 * px + 1, 1), 1, (px, 0)) > 0


def _mean(*parts: tuple[Tensor, Tensor]) -> Tensor:
    """Return the mean over the marked pixels of all parts, each values (B, C, H, W) and bool (B, 1, H, W); (B,)."""
    sums = [torch.where(area, values, 0).flatten(1).sum(1) for values, area in parts]
    counts = [values.shape[1] * area.flatten(1).sum(1) for values, area in parts]
    return torch.stack(sums).sum(0) / torch.stack(counts).sum(0)


def _ratio(fill: Tensor, surroundings: Tensor) -> Tensor:
    """Return the ratio; nan where the surroundings are plain."""
    return torch.where(surroundings < LEAST_STEP, torch.nan, fill / surroundings)
