"""Lines along the edges of a photo: the border of a print, a frame or what lies beside a scan, and no damage of it."""

import numpy as np

LONG_SHARE = 0.2
"""Share of a side from which an unbroken line at it is a border: a hair or a worn edge is hardly as long there."""
GAP_SHARE = 0.005
"""Gaps of this share of the side, or of a pixel, do not break a line."""
DEPTH_SHARE, LEAST_DEPTH_PX = 0.005, 3
"""A border is at most as thick as this share of the photo's long side, or this number of pixels: a missing edge is
thicker."""


def without_borders(found: np.ndarray) -> np.ndarray:
    """Return damage without thin lines that lie at the edges of the photo and are long.

    Args:
        found: bool (H, W), the damage; not modified.

    Returns:
        bool (H, W); `found` itself if there are no such lines.
    """
    depth = max(LEAST_DEPTH_PX, round(DEPTH_SHARE * max(found.shape)))
    kept = found
    for turn in range(4):
        side = np.rot90(found, turn)  # each edge is the first row once
        is_line = np.logical_or.reduce(side[:depth]) & ~np.logical_or.reduce(side[depth : depth + 1])
        if _longest_run(is_line) < LONG_SHARE * is_line.size:
            continue
        if kept is found:
            kept = found.copy()
        with_corners = np.convolve(is_line, np.ones(2 * depth + 1))[depth:][: is_line.size] > 0
        np.rot90(kept, turn)[:depth, with_corners] = False
    return kept


def _longest_run(is_line: np.ndarray) -> int:
    """Return the length of the longest run of set values, (n,), small gaps included."""
    places = np.flatnonzero(is_line)
    if not places.size:
        return 0
    gap = max(1, round(GAP_SHARE * is_line.size))
    breaks = np.flatnonzero(np.diff(places) > gap + 1)
    first, last = places[np.append(0, breaks + 1)], places[np.append(breaks, places.size - 1)]
    return int((last - first).max()) + 1
