"""Texture for thick holes, copied from the known part of the picture to where the generator's fill asks for it.

A small generator decides what belongs into a hole better than how its surface looks: deep inside, its fills are smooth.
So patches of the known picture are sought that look like the fill when both are blurred, then patches that agree with
each other, and their detail is pasted over each other. It is mixed into the fill, which keeps its low frequencies.

Reference:
    Wexler, Shechtman and Irani 2007, Space-Time Completion of Video, IEEE TPAMI 29(3), sections 2 and 3: a picture
    all of whose patches occur in the known part, found by turns of search and vote. Taking over what the neighbour
    copies from: Barnes et al. 2009, PatchMatch, ACM TOG 28(3), section 3.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from inpaint.networks.pyramid import keep_lows

SHRINK = 4  # patches are sought at a quarter of the resolution
PATCH = 6  # and so many pixels wide there
STEP = 2  # one is sought for every other pixel
TURNS = 2  # of search and vote
STRENGTH = 0.7
DEPTH_PX = 16  # at which the texture has its full strength
_THICK_PX = 6  # depth from which on a hole gets any
_FEWEST = 64  # known patches, without which there is no choice
_SOURCES = 2048  # known patches that each is compared with
_ROWS = 512  # of distances at a time


class _Patches(NamedTuple):
    """Where patches begin, top left: row and column of each, int64 (N,)."""

    y: Tensor
    x: Tensor

    def times(self, factor: int) -> "_Patches":
        return _Patches(self.y * factor, self.x * factor)

    def of(self, picture: Tensor, side: int) -> Tensor:
        """Their pixels in a picture (C, H, W): (N, C, side, side)."""
        reach = torch.arange(side, device=picture.device)
        rows, columns = self.y[:, None, None] + reach[:, None], self.x[:, None, None] + reach
        return picture[:, rows, columns].transpose(0, 1)


def add_texture(filled: Tensor, mask: Tensor) -> Tensor:
    """A fill with the texture of the known picture where the hole is thick.

    Args:
        filled: (1, 3, H, W) in [-1, 1], known pixels and fill; H and W multiples of 16.
        mask: (1, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (1, 3, H, W) in [-1, 1]; `filled` outside the hole, and everywhere if the hole is thin or too little is known.
    """
    depth = ndimage.distance_transform_edt(mask[0, 0].cpu().numpy())
    texture = copy_patches(filled, mask) if depth.max() >= _THICK_PX else None
    if texture is None:
        return filled
    share = torch.from_numpy(np.minimum(depth / DEPTH_PX, 1).astype(np.float32)).to(filled.device) * STRENGTH
    return torch.lerp(filled, keep_lows(texture, filled).clamp(-1, 1), share)  # outside the hole the share is 0


def copy_patches(filled: Tensor, mask: Tensor) -> Tensor | None:
    """The picture with the detail in its hole made of patches of its known part that together resemble the fill.

    Arguments are those of `add_texture`. Returns (1, 3, H, W), or None where too little is known.
    """
    small, hole = F.avg_pool2d(filled, SHRINK)[0], F.max_pool2d(mask, SHRINK)[0]
    if min(small.shape[-2:]) < PATCH:
        return None
    touched = F.max_pool2d(hole, PATCH, 1)[0] > 0
    rows, columns = (torch.arange(length, device=hole.device) for length in touched.shape)
    every_other = (rows[:, None] + columns) % 2 == 0  # half the work, and a step away from each lies another
    known = _Patches(*torch.nonzero(~touched & every_other, as_tuple=True))
    wanted = _Patches(*torch.nonzero(touched[::STEP, ::STEP], as_tuple=True))
    if len(known.y) < _FEWEST or len(wanted.y) == 0:
        return None
    found, weight = _search(small, hole, known, wanted)
    # the same patches, from the detail of the picture itself: repeated slopes would show as a grid
    lows = keep_lows(torch.zeros_like(filled), filled)
    return lows + _vote((filled - lows)[0], mask[0], found, weight, wanted, SHRINK)


def _search(picture: Tensor, hole: Tensor, known: _Patches, wanted: _Patches) -> tuple[_Patches, Tensor]:
    """For each wanted patch a known one, and how much it counts, (N,).

    Args:
        picture: (3, h, w), with the fill.
        hole: (1, h, w).
        known: all patches without a hole.
        wanted: those with one, counted in steps of the grid.
    """
    window = _window(PATCH, picture)
    window = (window / window.sum() / len(picture)).sqrt()

    def seen(x: Tensor, patches: _Patches) -> Tensor:
        return (patches.of(x, PATCH) * window).flatten(1)

    places = wanted.times(STEP)
    blurred = F.avg_pool2d(picture[None], 3, 1, 1, count_include_pad=False)[0]  # a fill's low frequencies are right
    asked, offered, detail = seen(blurred, places), seen(blurred, known), seen(picture, known)
    near = math.sqrt(0.5) / max(picture.shape[-2:])  # of patches that look alike the nearest
    here, there = (torch.stack(patches, 1) * near for patches in (places, known))
    number = torch.full(hole.shape[-2:], -1, device=hole.device)
    number[known.y, known.x] = torch.arange(len(known.y), device=hole.device)
    chance = torch.Generator().manual_seed(0)
    spread = offered.std(0), detail.std(0)

    def shaken(query: Tensor, deviation: Tensor) -> Tensor:
        return query + torch.randn(query.shape, generator=chance).to(query.device) * deviation

    copied = picture
    for turn in range(TURNS):
        # the fill counts less and less; and less and less is left to chance, without which a plain fill would be
        # answered by one and the same patch everywhere
        trust, luck = 0.8**turn, 0.3**turn
        query, source = [shaken(asked, luck * spread[0]) * trust, here], [offered * trust, there]
        if turn:
            query, source = [shaken(seen(copied, places), luck * spread[1]), *query], [detail, *source]
        chosen, distance = _nearest(torch.cat(query, 1), torch.cat(source, 1), known, places, number, chance)
        weight = torch.exp(-distance / (2 * distance.quantile(0.75) + 1e-6)).clamp_min(1e-6)
        found = _Patches(known.y[chosen], known.x[chosen])
        if turn + 1 < TURNS:
            copied = _vote(picture, hole, found, weight, wanted, 1)
    return found, weight


def _nearest(
    query: Tensor, source: Tensor, known: _Patches, places: _Patches, number: Tensor, chance: torch.Generator
) -> tuple[Tensor, Tensor]:
    """For each query the nearest source, or the one beside its neighbour's if that is nearly as near.

    Args:
        query: (N, D) of the patches at `places`.
        source: (M, D) of the patches that are `known`.
        known: where they are.
        places: where the queries are.
        number: (h, w), which known patch begins at a pixel, -1 for none.
        chance: draws the sources that are compared with, if there are many.

    Returns:
        The numbers of the sources (N,), and their squared distances.
    """
    some = torch.randperm(len(source), generator=chance)[:_SOURCES].to(query.device)  # others are reached below
    offered = source[some]
    length = offered.square().sum(1)
    chosen = some[torch.cat([torch.addmm(length, rows, offered.T, alpha=-2).argmin(1) for rows in query.split(_ROWS)])]
    # in NumPy, as PyTorch would wake its threads for each of many small steps
    nearest, near, far = chosen.cpu().numpy(), query.cpu().numpy(), source.cpu().numpy()
    (top, left), (y, x) = (np.stack([patches.y.cpu(), patches.x.cpu()]) for patches in (places, known))
    first = distance = _apart(near, far[nearest])
    beside = np.full((len(number) + STEP, number.shape[1] + STEP), -1)
    beside[top, left] = np.arange(len(top))
    inside = np.pad(number.cpu().numpy(), STEP, constant_values=-1)
    for down, right in ((-STEP, 0), (STEP, 0), (0, -STEP), (0, STEP)) * 2:
        neighbour = beside[top + down, left + right]  # an index of -1 or -2 is in the empty margin
        theirs = nearest[neighbour]
        moved = inside[y[theirs] - down + STEP, x[theirs] - right + STEP]
        further = _apart(near, far[moved])
        take = (neighbour >= 0) & (moved >= 0) & (moved != nearest) & (further < 1.2 * first)
        nearest, distance = np.where(take, moved, nearest), np.where(take, further, distance)
    return torch.from_numpy(nearest).to(query.device), torch.from_numpy(distance).to(query.device)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Squared distances of the rows: (N, D) twice -> (N,)."""
    difference = one - other
    return np.einsum("nd,nd->n", difference, difference)


def _vote(picture: Tensor, hole: Tensor, found: _Patches, weight: Tensor, wanted: _Patches, factor: int) -> Tensor:
    """The picture with its hole made of the patches found, pasted over each other: each pixel their weighted mean.

    Args:
        picture: (3, H, W), `factor` times as large as the one that was searched.
        hole: (1, H, W).
        found: N patches there.
        weight: of each, (N,).
        wanted: where they go, in steps of the grid.
        factor: how many times larger than for the search patches, steps and places are.
    """
    side, step = PATCH * factor, STEP * factor
    window = _window(side, picture) * weight[:, None, None, None]
    patches = found.times(factor).of(picture, side) * window
    (top, bottom), (left, right) = ((int(places.min()), int(places.max()) + 1) for places in wanted)
    rows, columns = bottom - top, right - left
    votes = picture.new_zeros(rows * columns, len(picture) + 1, side, side)
    votes[(wanted.y - top) * columns + wanted.x - left] = torch.cat([patches, window], 1)
    size = ((rows - 1) * step + side, (columns - 1) * step + side)
    total = F.fold(votes.flatten(1).T[None], size, side, stride=step)[0]
    box = (slice(None), slice(top * step, top * step + size[0]), slice(left * step, left * step + size[1]))
    result = picture.clone()
    result[box] = torch.where(hole[box] > 0, total[:-1] / total[-1:].clamp_min(1e-12), picture[box])
    return result


def _window(side: int, like: Tensor) -> Tensor:
    """(side, side): how much a patch's pixels count, most in the middle."""
    place = torch.arange(side, device=like.device) - (side - 1) / 2
    bell = torch.exp(-(place**2) / (2 * (0.42 * side) ** 2))
    return bell[:, None] * bell
