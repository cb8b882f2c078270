"""Texture for thick holes, copied from the known part of the picture to where the generator's fill suggests it.

A small generator predicts the structure inside a hole better than its texture: deep inside a hole its fills are
smooth. Therefore EM iterations find patches of the known picture: a nearest-patch search, first for patches that look
like the blurred fill, later also for patches that agree with their neighbours; then voting, which blends the patches
where they overlap. The detail of the patches is mixed into the fill, which keeps its low frequencies.

Reference:
    Wexler, Shechtman and Irani 2007, Space-Time Completion of Video, IEEE TPAMI 29(3), sections 2 and 3: EM iterations
    of search and voting. Barnes et al. 2009, PatchMatch, ACM TOG 28(3), section 3: propagation, here two rounds
    after a search among random candidates.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from inpaint.networks.pyramid import transfer_low_frequencies

DOWNSCALE = 4  # the search runs at a quarter of the resolution
PATCH = 6  # side of a patch there, in pixels
STRIDE = 2  # of target patches there, in pixels
EM_ITERATIONS = 2
STRENGTH = 0.7  # share of the texture in the result, deep inside a hole
FULL_STRENGTH_DEPTH_PX = 16
_MIN_DEPTH_PX = 6  # thinner holes get no texture
_MIN_SOURCES = 64  # with fewer known patches no texture is copied
_MAX_CANDIDATES = 2048  # source patches that each target is compared with
_TARGETS_PER_BATCH = 512  # of the distance matrix
_PROPAGATION_TOLERANCE = 1.2


class _Patches(NamedTuple):
    """Positions of patches: row and column of their top left pixels, int64 (N,) each."""

    y: Tensor
    x: Tensor

    def scaled(self, factor: int) -> "_Patches":
        return _Patches(self.y * factor, self.x * factor)

    def extract(self, picture: Tensor, side: int) -> Tensor:
        """Return the patches' pixels from a picture (C, H, W): (N, C, side, side)."""
        offsets = torch.arange(side, device=picture.device)
        rows, columns = self.y[:, None, None] + offsets[:, None], self.x[:, None, None] + offsets
        return picture[:, rows, columns].transpose(0, 1)


def add_texture(filled: Tensor, mask: Tensor) -> Tensor:
    """Return a fill with the texture of the known picture where the hole is thick.

    Args:
        filled: (1, 3, H, W) in [-1, 1], known pixels and fill; H and W multiples of 16.
        mask: (1, 1, H, W) in {0, 1}, 1 = hole.

    Returns:
        (1, 3, H, W) in [-1, 1]; equal to `filled` outside the hole, and everywhere if the hole is thin or too little of
        the picture is known.
    """
    depth = ndimage.distance_transform_edt(mask[0, 0].cpu().numpy())
    texture = copy_patches(filled, mask) if depth.max() >= _MIN_DEPTH_PX else None
    if texture is None:
        return filled
    share = np.minimum(depth / FULL_STRENGTH_DEPTH_PX, 1).astype(np.float32)  # 0 outside the hole
    weight = torch.from_numpy(share).to(filled.device) * STRENGTH
    return torch.lerp(filled, transfer_low_frequencies(texture, filled).clamp(-1, 1), weight)


def copy_patches(filled: Tensor, mask: Tensor) -> Tensor | None:
    """Return the picture with its hole made of known patches that together resemble the fill.

    Args:
        filled: as for `add_texture`.
        mask: as for `add_texture`.

    Returns:
        (1, 3, H, W), or None if too little is known. Low frequencies are the fill's, detail is the patches'.
    """
    small, hole = F.avg_pool2d(filled, DOWNSCALE)[0], F.max_pool2d(mask, DOWNSCALE)[0]
    if min(small.shape[-2:]) < PATCH:
        return None
    touches_hole = F.max_pool2d(hole, PATCH, 1)[0] > 0
    rows, columns = (torch.arange(length, device=hole.device) for length in touches_hole.shape)
    checkerboard = (rows[:, None] + columns) % 2 == 0  # half the sources; propagation by STRIDE stays on them
    sources = _Patches(*torch.nonzero(~touches_hole & checkerboard, as_tuple=True))
    targets = _Patches(*torch.nonzero(touches_hole[::STRIDE, ::STRIDE], as_tuple=True))
    if len(sources.y) < _MIN_SOURCES or len(targets.y) == 0:
        return None
    matches, weight = _match_patches(small, hole, sources, targets)
    # detail only: the low frequencies of repeated patches would show as a grid
    lows = transfer_low_frequencies(torch.zeros_like(filled), filled)
    return lows + _vote((filled - lows)[0], mask[0], matches, weight, targets, DOWNSCALE)


def _match_patches(picture: Tensor, hole: Tensor, sources: _Patches, targets: _Patches) -> tuple[_Patches, Tensor]:
    """Return a source patch for each target patch, and its weight (N,) in the vote, by EM iterations.

    Args:
        picture: (3, h, w), with the fill.
        hole: (1, h, w), 1 = hole.
        sources: patches without hole pixels.
        targets: patches with hole pixels, in units of STRIDE.
    """
    window = _gaussian_window(PATCH, picture)
    window = (window / window.sum() / len(picture)).sqrt()

    def descriptors(image: Tensor, patches: _Patches) -> Tensor:
        return (patches.extract(image, PATCH) * window).flatten(1)

    positions = targets.scaled(STRIDE)
    blurred = F.avg_pool2d(picture[None], 3, 1, 1, count_include_pad=False)[0]  # low frequencies of a fill are reliable
    fill_lows, source_lows = descriptors(blurred, positions), descriptors(blurred, sources)
    source_detail = descriptors(picture, sources)
    position_weight = math.sqrt(0.5) / max(picture.shape[-2:])  # prefers the nearest of similar patches
    target_yx, source_yx = (torch.stack(patches, 1) * position_weight for patches in (positions, sources))
    index_at = torch.full(hole.shape[-2:], -1, device=hole.device)
    index_at[sources.y, sources.x] = torch.arange(len(sources.y), device=hole.device)
    rng = torch.Generator().manual_seed(0)
    deviation = source_lows.std(0), source_detail.std(0)

    def jittered(query: Tensor, scale: Tensor) -> Tensor:
        return query + torch.randn(query.shape, generator=rng).to(query.device) * scale

    voted = picture
    for iteration in range(EM_ITERATIONS):
        # Both decay: the fill gives way to the voted picture. Without noise a flat fill would match one and the same
        # patch everywhere.
        fill_weight, noise_scale = 0.8**iteration, 0.3**iteration
        query = [jittered(fill_lows, noise_scale * deviation[0]) * fill_weight, target_yx]
        key = [source_lows * fill_weight, source_yx]
        if iteration:
            query = [jittered(descriptors(voted, positions), noise_scale * deviation[1]), *query]
            key = [source_detail, *key]
        match, squared_distance = _nearest_patches(
            torch.cat(query, 1), torch.cat(key, 1), sources, positions, index_at, rng
        )
        weight = torch.exp(-squared_distance / (2 * squared_distance.quantile(0.75) + 1e-6)).clamp_min(1e-6)
        matches = _Patches(sources.y[match], sources.x[match])
        if iteration + 1 < EM_ITERATIONS:
            voted = _vote(picture, hole, matches, weight, targets, 1)
    return matches, weight


def _nearest_patches(
    query: Tensor, key: Tensor, sources: _Patches, positions: _Patches, index_at: Tensor, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return for each query the nearest key, or the one that continues its neighbour's match if that is nearly as near.

    Args:
        query: (N, D), descriptors of the target patches.
        key: (M, D), descriptors of the source patches.
        sources: positions of the source patches.
        positions: positions of the target patches.
        index_at: (h, w), the index of the source patch at each pixel, -1 for none.
        rng: draws the candidates, if there are more than _MAX_CANDIDATES keys.

    Returns:
        Indices of the keys, int64 (N,), and their squared distances (N,).
    """
    candidates = torch.randperm(len(key), generator=rng)[:_MAX_CANDIDATES].to(query.device)  # propagation adds others
    candidate_keys = key[candidates]
    norms = candidate_keys.square().sum(1)
    batches = query.split(_TARGETS_PER_BATCH)
    best = torch.cat([torch.addmm(norms, rows, candidate_keys.T, alpha=-2).argmin(1) for rows in batches])
    # in NumPy: PyTorch would start its threads for each of many small operations
    match, queries, keys = candidates[best].cpu().numpy(), query.cpu().numpy(), key.cpu().numpy()
    (top, left), (y, x) = (np.stack([patches.y.cpu(), patches.x.cpu()]) for patches in (positions, sources))
    searched = squared_distance = _squared_distance(queries, keys[match])
    target_at = np.full((len(index_at) + STRIDE, index_at.shape[1] + STRIDE), -1)
    target_at[top, left] = np.arange(len(top))
    source_at = np.pad(index_at.cpu().numpy(), STRIDE, constant_values=-1)
    for down, right in ((-STRIDE, 0), (STRIDE, 0), (0, -STRIDE), (0, STRIDE)) * 2:
        neighbour = target_at[top + down, left + right]  # an index of -1 or -2 wraps to the empty margin
        neighbour_match = match[neighbour]
        proposed = source_at[y[neighbour_match] - down + STRIDE, x[neighbour_match] - right + STRIDE]
        proposed_distance = _squared_distance(queries, keys[proposed])
        accepted = (neighbour >= 0) & (proposed >= 0) & (proposed != match)
        accepted &= proposed_distance < _PROPAGATION_TOLERANCE * searched
        match = np.where(accepted, proposed, match)
        squared_distance = np.where(accepted, proposed_distance, squared_distance)
    return torch.from_numpy(match).to(query.device), torch.from_numpy(squared_distance).to(query.device)


def _squared_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the squared distance of each pair of rows: (N, D) twice -> (N,)."""
    difference = a - b
    return np.einsum("nd,nd->n", difference, difference)


def _vote(picture: Tensor, hole: Tensor, matches: _Patches, weight: Tensor, targets: _Patches, factor: int) -> Tensor:
    """Return the picture with each hole pixel the weighted mean of the matched patches that overlap it.

    Args:
        picture: (3, H, W), `factor` times as large as the one that was searched.
        hole: (1, H, W), 1 = hole.
        matches: N source patches, in the searched picture.
        weight: of each, (N,).
        targets: where they are pasted, in units of STRIDE.
        factor: how many times larger than in the search patches, strides and positions are.
    """
    side, stride = PATCH * factor, STRIDE * factor
    window = _gaussian_window(side, picture) * weight[:, None, None, None]
    patches = matches.scaled(factor).extract(picture, side) * window
    (top, bottom), (left, right) = ((int(places.min()), int(places.max()) + 1) for places in targets)
    rows, columns = bottom - top, right - left
    votes = picture.new_zeros(rows * columns, len(picture) + 1, side, side)
    votes[(targets.y - top) * columns + targets.x - left] = torch.cat([patches, window], 1)
    size = ((rows - 1) * stride + side, (columns - 1) * stride + side)
    total = F.fold(votes.flatten(1).T[None], size, side, stride=stride)[0]
    box = (slice(None), slice(top * stride, top * stride + size[0]), slice(left * stride, left * stride + size[1]))
    result = picture.clone()
    result[box] = torch.where(hole[box] > 0, total[:-1] / total[-1:].clamp_min(1e-12), picture[box])
    return result


def _gaussian_window(side: int, like: Tensor) -> Tensor:
    """Return the weights of a patch's pixels (side, side), the largest in the middle, on the device of `like`."""
    offset = torch.arange(side, device=like.device) - (side - 1) / 2
    bell = torch.exp(-(offset**2) / (2 * (0.42 * side) ** 2))
    return bell[:, None] * bell
