"""Damage that was found in a photo: its mask for any choice of the visitor, and what the browser shows of it."""

import zlib
from dataclasses import dataclass

import numpy as np

from inpaint.damage_masks import damage_mask
from inpaint.engine.regions import Box, Part, dilate
from inpaint.morphology.labels import label
from inpaint.segmentation.kinds import KINDS
from page.editor.patches import base64_text
from page.server.errors import PageError

THRESHOLDS = (0.9, 0.8, 0.65, 0.5, 0.35, 0.25, 0.15, 0.1, 0.06)
"""Probabilities from which pixels are marked, by the level of sensitivity that the visitor chooses."""
USUAL_LEVEL = 3
BRUSH_THRESHOLD, BRUSH_MARGIN_PX = 0.15, 64
"""Inside a stroke for damage only, the visitor has said that there is some; and what around it is looked at."""
SHOWN_PIXELS = 1_000_000
"""Number of pixels of the map that the browser shows."""
LEFT_OUT_PX = 2
"""Around what the visitor has left out, in pixels of the map: there the mask at full size may be wider."""
MAX_LEFT_OUT = 2_000
_BITS = 2  # of the kind at one level


@dataclass(frozen=True)
class Choice:
    """Which of the damage that was found is to be filled.

    Attributes:
        level: index into THRESHOLDS.
        kinds: of damage; none: nothing is filled.
        left_out: (x, y) in photo pixels: the finds at these points are no damage.
    """

    level: int
    kinds: frozenset[str]
    left_out: tuple[tuple[float, float], ...]


def check_choice(call: dict) -> Choice:
    """Return the choice in a call: {level, kinds, left_out}.

    Raises:
        PageError: "bad_request" if anything is missing or out of range.
    """
    level, kinds, left_out = (call.get(key) for key in ("level", "kinds", "left_out"))
    if not isinstance(level, int) or isinstance(level, bool) or not 0 <= level < len(THRESHOLDS):
        raise PageError("bad_request")
    if not isinstance(kinds, list) or not all(kind in KINDS for kind in kinds):
        raise PageError("bad_request")
    if not isinstance(left_out, list) or len(left_out) > MAX_LEFT_OUT or not all(map(_is_point, left_out)):
        raise PageError("bad_request")
    return Choice(level, frozenset(kinds), tuple((float(x), float(y)) for x, y in left_out))


def _is_point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_coordinate, value))


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


class Found:
    """The damage of a photo. It takes little memory, as its probability is kept compressed.

    Args:
        probability: float32 (H, W) in [0, 1], as `find_damage` returns it.

    Attributes:
        kinds: uint32 (h, w), a smaller copy of the photo: two bits for each level, the lowest for level 0: the kind of
            damage that the pixel is at this level, 1 being the first of KINDS, or 0 if it is none.
    """

    def __init__(self, probability: np.ndarray) -> None:
        rounded = np.rint(probability * np.float32(255)).astype(np.uint8)
        self._shape = rounded.shape
        self._packed = zlib.compress(rounded, 1)
        self.kinds = _kinds_by_level(_block_maxima(rounded))

    @property
    def size_bytes(self) -> int:
        """Memory that it takes."""
        return len(self._packed) + self.kinds.nbytes

    def describe(self) -> dict:
        """Return what the browser shows: {width, height, levels, level, map}.

        `map` is `kinds`, row by row, little-endian, compressed by zlib, in base64.
        """
        height, width = self.kinds.shape
        packed = base64_text(zlib.compress(self.kinds.astype("<u4"), 6))
        return {"width": width, "height": height, "levels": len(THRESHOLDS), "level": USUAL_LEVEL, "map": packed}

    def mask(self, choice: Choice) -> np.ndarray:
        """Return what a choice marks: bool (H, W)."""
        if not choice.kinds:
            return np.zeros(self._shape, bool)
        mask = damage_mask(self._probability(), threshold=THRESHOLDS[choice.level], kinds=choice.kinds)
        left_out = self._left_out(choice)
        if left_out is not None:
            rows, columns = (
                np.arange(length) * small // length for length, small in zip(self._shape, left_out.shape, strict=True)
            )
            mask &= ~left_out[np.ix_(rows, columns)]
        return mask

    def within(self, area: Part) -> Part:
        """Return the damage inside an area."""
        height, width = self._shape
        window = area.box.expanded(BRUSH_MARGIN_PX).intersection(Box(0, 0, width, height))
        damage = damage_mask(self._probability()[window.slices], threshold=BRUSH_THRESHOLD)
        return Part(area.box, area.hole & damage[area.box.relative_to(window.left, window.top).slices])

    def _probability(self) -> np.ndarray:
        return np.frombuffer(zlib.decompress(self._packed), np.uint8).reshape(self._shape)

    def _left_out(self, choice: Choice) -> np.ndarray | None:
        """Return what is left out, bool (h, w) of the map; None if it is nothing."""
        height, width = self.kinds.shape
        kind = self.kinds >> np.uint32(_BITS * choice.level) & np.uint32(2**_BITS - 1)
        labels, count = label(np.isin(kind, [1 + KINDS.index(name) for name in choice.kinds]))
        chosen = np.zeros(count + 1, bool)
        for x, y in choice.left_out:
            column, row = int(x * width / self._shape[1]), int(y * height / self._shape[0])
            if 0 <= column < width and 0 <= row < height:
                chosen[labels[row, column]] = True
        chosen[0] = False
        return dilate(chosen[labels], LEFT_OUT_PX) if chosen.any() else None


def _block_maxima(values: np.ndarray) -> np.ndarray:
    """Return the maximum of each block of pixels, so that at most about SHOWN_PIXELS are left; thin lines stay."""
    factor = max(1, int(np.ceil((values.size / SHOWN_PIXELS) ** 0.5)))
    for axis in (0, 1):
        values = np.maximum.reduceat(values, np.arange(0, values.shape[axis], factor), axis=axis)
    return values


def _kinds_by_level(probability: np.ndarray) -> np.ndarray:
    """Return the kind of damage of each pixel at each level, see `Found`."""
    kinds = np.zeros(probability.shape, np.uint32)
    for level, threshold in enumerate(THRESHOLDS):
        at_level = np.zeros(probability.shape, np.uint32)
        for number, kind in enumerate(KINDS, start=1):
            at_level[damage_mask(probability, threshold=threshold, kinds=(kind,))] = number
        kinds |= at_level << np.uint32(_BITS * level)
    return kinds
