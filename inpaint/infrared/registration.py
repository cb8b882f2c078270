"""How far the infrared channel of a scan lies beside its colours, and how much more blurred it is."""

import math

import numpy as np

from .filters import blur_once, box_mean, noise_of

MAX_SHIFT_PX = 5
MAX_BLURS = 8
"""Largest defocus, in times of `blur_once`: a standard deviation of 2 pixels."""
CELL_PX = 64
"""The deepest dip of each cell of this side is compared."""
MAX_DIPS = 400
_WINDOW_PX, _RADIUS_PX = 12, 6
_REACH_PX = _WINDOW_PX + MAX_SHIFT_PX + _RADIUS_PX
_DEPTH = 6.0
_LEAST_AGREEMENT = 0.2
"""Mean correlation from which a shift is believed."""


def find_shift(infrared: np.ndarray, brightness: np.ndarray) -> tuple[float, float]:
    """Return how far the infrared channel lies (down, right) of the colours, in pixels.

    Around the deepest dips of the infrared channel, which are dust, its detail is correlated with that of the colours
    for all shifts of up to MAX_SHIFT_PX; the maximum is refined by a parabola.

    Args:
        infrared: float32 (H, W), logarithm of the infrared channel.
        brightness: float32 (H, W), logarithm of the colours.

    Returns:
        (0, 0) if there is no dust, or no shift at which both agree.
    """
    detail = infrared - box_mean(infrared, _RADIUS_PX)
    dips = _dips(detail)
    scores = np.zeros((2 * MAX_SHIFT_PX + 1,) * 2)
    for row, column in dips:
        seen = brightness[row - _REACH_PX : row + _REACH_PX + 1, column - _REACH_PX : column + _REACH_PX + 1]
        seen = (seen - box_mean(seen, _RADIUS_PX))[_RADIUS_PX:-_RADIUS_PX, _RADIUS_PX:-_RADIUS_PX]
        dark = _window(detail, row, column)
        windows = np.lib.stride_tricks.sliding_window_view(seen, dark.shape)
        norm = np.sqrt((windows**2).sum(axis=(2, 3)) * (dark**2).sum()) + 1e-6
        scores += np.clip(np.einsum("abij,ij->ab", windows, dark) / norm, 0, None) ** 2
    if not dips or scores.max() < _LEAST_AGREEMENT**2 * len(dips):
        return 0.0, 0.0
    best = np.unravel_index(scores.argmax(), scores.shape)
    down = _refined(scores[:, best[1]], int(best[0])) - MAX_SHIFT_PX
    right = _refined(scores[best[0]], int(best[1])) - MAX_SHIFT_PX
    return -down, -right


def find_defocus(infrared: np.ndarray, brightness: np.ndarray) -> int:
    """Return how often `blur_once` must blur the colours until their dust looks like that of the infrared channel.

    Args:
        infrared: float32 (H, W), logarithm of the infrared channel, registered with the colours.
        brightness: float32 (H, W), logarithm of the colours.

    Returns:
        0 to MAX_BLURS: that with the highest median correlation around the deepest dips; 0 if there is no dust.
    """
    detail = infrared - box_mean(infrared, _RADIUS_PX)
    dips = _dips(detail)
    agreement = []
    for _ in range(MAX_BLURS + 1):
        seen = brightness - box_mean(brightness, _RADIUS_PX)
        agreement.append(float(np.median([_correlation(detail, seen, dip) for dip in dips])) if dips else 0.0)
        brightness = blur_once(brightness)
    return int(np.argmax(agreement)) if max(agreement) > _LEAST_AGREEMENT else 0


def defocus_px(blurs: int) -> float:
    """Return the standard deviation in pixels of a number of times of `blur_once`."""
    return math.sqrt(blurs / 2)


def _correlation(one: np.ndarray, other: np.ndarray, dip: tuple[int, int]) -> float:
    a, b = _window(one, *dip), _window(other, *dip)
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum() + 1e-12))


def _window(values: np.ndarray, row: int, column: int) -> np.ndarray:
    return values[row - _WINDOW_PX : row + _WINDOW_PX + 1, column - _WINDOW_PX : column + _WINDOW_PX + 1]


def _dips(detail: np.ndarray) -> list[tuple[int, int]]:
    """Return the deepest dips, at most MAX_DIPS, one of a cell, not at the border."""
    height, width = (length // CELL_PX * CELL_PX for length in detail.shape)
    limit = -_DEPTH * noise_of(detail)
    found = []
    for top in range(0, height, CELL_PX):
        columns = detail[top : top + CELL_PX, :width].reshape(CELL_PX, -1, CELL_PX)
        cells = columns.transpose(1, 0, 2).reshape(width // CELL_PX, -1)
        at = cells.argmin(axis=1)
        depths = cells[np.arange(len(cells)), at]
        for cell in np.flatnonzero(depths < limit).tolist():
            row, column = divmod(int(at[cell]), CELL_PX)
            found.append((float(depths[cell]), top + row, cell * CELL_PX + column))
    inside = [
        (row, column)
        for _, row, column in sorted(found)
        if _REACH_PX <= row < detail.shape[0] - _REACH_PX and _REACH_PX <= column < detail.shape[1] - _REACH_PX
    ]
    return inside[:MAX_DIPS]


def _refined(line: np.ndarray, at: int) -> float:
    """Return the position of a maximum, refined by a parabola through its neighbours."""
    if not 0 < at < len(line) - 1:
        return float(at)
    before, peak, after = (float(value) for value in line[at - 1 : at + 2])
    bend = before - 2 * peak + after
    return at + (0.5 * (before - after) / bend if bend < 0 else 0.0)
