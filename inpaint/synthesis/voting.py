"""Voting: what the patches over a pixel propose for it, by their mean or by the offset with the largest weight."""

from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import parallel

from . import vote_kernels
from .targets import Field, bounds

_LEAST = 1 << 13  # pixels of a part that is worth a thread


class Ballot(NamedTuple):
    """The votes of a field's targets, laid out on their lattice; see `vote_kernels`."""

    rows: np.ndarray
    columns: np.ndarray
    offset_at: np.ndarray
    weight_at: np.ndarray


class Box(NamedTuple):
    """Rows and columns of a picture; ends exclusive."""

    top: int
    bottom: int
    left: int
    right: int


def box_of(hole: np.ndarray) -> Box:
    """Return the bounding box of a hole."""
    return Box(*bounds(hole))


def ballot(field: Field, weight: np.ndarray, width: int) -> Ballot:
    """Return the votes of a field.

    Args:
        field: targets and their matches.
        weight: float32 (n,), of each target's vote.
        width: of the picture.
    """
    _, _, rows, columns, index_at = field.targets
    offset_at, weight_at = np.empty(index_at.shape, np.int32), np.empty(index_at.shape, np.float32)
    vote_kernels.lay_out(index_at, field.targets.centres, field.matches, weight, width, offset_at, weight_at)
    return Ballot(rows, columns, offset_at, weight_at)


def vote_mean(votes: Ballot, hole: np.ndarray, box: Box, features: np.ndarray) -> None:
    """Set each pixel of the hole to the weighted mean of what the patches over it propose.

    Args:
        votes: of a field.
        hole: bool (h, w).
        box: that holds the hole.
        features: uint8 (PLANES, h, w * CHANNELS), changed in the hole.
    """
    parallel(vote_kernels.vote_mean, box.bottom - box.top, hole, box.top, box.left, *votes, features, least=_rows(box))


def strongest_offsets(votes: Ballot, hole: np.ndarray, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pixel of the hole in a box the offset with the largest weight, and its share of the weight.

    Returns:
        int32 (height, width), to the copied pixel: a difference of positions in the flattened picture; 0 outside the
        hole. And float32 of the same shape.
    """
    shape = box.bottom - box.top, box.right - box.left
    offsets, share = np.empty(shape, np.int32), np.empty(shape, np.float32)
    parallel(vote_kernels.vote_offset, shape[0], hole, box.top, box.left, *votes, offsets, share, least=_rows(box))
    return offsets, share


def copy_features(offsets: np.ndarray, hole: np.ndarray, box: Box, features: np.ndarray) -> None:
    """Set each pixel of the hole in a box to the one at its offset; features are uint8 (PLANES, h, w * CHANNELS)."""
    parallel(vote_kernels.copy_features, len(offsets), hole, box.top, box.left, offsets, features, least=_rows(box))


def _rows(box: Box) -> int:
    return max(1, _LEAST // (box.right - box.left))
