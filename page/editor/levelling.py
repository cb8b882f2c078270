"""Half-transparent stains that restoring has found are levelled and not replaced, as part of their fill."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import Cancelled
from inpaint.engine.fills import Fill, FillHoles
from inpaint.engine.levelling import RIM_PX, Stain, levelled, stains_of
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box, find_regions

DamageIn = Callable[[np.ndarray], np.ndarray]
"""Returns what of a mask, bool (H, W), is damage that restoring has found: what a visitor has painted is replaced."""
_MARGIN_PX = 2 * int(RIM_PX)


def with_levelling(fill_holes: FillHoles, photo: Image.Image, damage_in: DamageIn) -> FillHoles:
    """Return a function that fills holes like this one, and then levels the stains among them.

    A levelled stain is one more fill, so that undo, redo, versions and another fill treat it like all others.

    Args:
        fill_holes: fills the holes.
        photo: of which `pixels` are the canvas; not modified.
        damage_in: asked when all holes are filled.
    """

    def fill_and_level(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, cancelled: Cancelled | None
    ) -> Iterator[Fill]:
        fills: list[Fill] = []
        for fill in fill_holes(pixels, mask, within, options, cancelled):
            if not fill.draft:
                fills.append(fill)
            yield fill
        if not fills or (cancelled is not None and cancelled()):
            return
        damage = damage_in(mask)
        for box, stain in _stains(photo, damage, within):
            result = _levelled(box, stain, pixels[box.slices].copy(), fills)
            if cancelled is not None and cancelled():
                return
            if result is not None:
                yield result

    return fill_and_level


def _stains(photo: Image.Image, damage: np.ndarray, within: Box | None) -> Iterator[tuple[Box, Stain]]:
    """Yield the stains of the regions in or beside a box, each with its window in the photo."""
    if not damage.any():
        return
    for region, hole in find_regions(damage, within):
        around = region.expanded(_MARGIN_PX).intersection(Box(0, 0, *photo.size))
        area = np.zeros((around.height, around.width), bool)
        area[region.relative_to(around.left, around.top).slices] = hole
        for stain in stains_of(photo.crop(around), area):
            top, left = around.top + stain.window[0].start, around.left + stain.window[1].start
            height, width = stain.hole.shape
            yield Box(left, top, left + width, top + height), stain


def _levelled(box: Box, stain: Stain, canvas: np.ndarray, fills: Iterable[Fill]) -> Fill | None:
    """Return what is levelled of a stain, as far as these fills have filled it; None if nothing is.

    Args:
        box: the stain's window.
        stain: in RGB or grey.
        canvas: RGB uint8 (h, w, 3), the window before these fills; they are drawn on it.
        fills: final ones, one over the other.
    """
    rest = stain.hole.copy()
    for fill in fills:
        fill.draw(canvas, box, rest)
    filled = stain.hole & ~rest
    if not filled.any():
        return None
    scan = stain.pixels if stain.pixels.ndim == 3 else np.repeat(stain.pixels[..., None], 3, axis=2)
    result = levelled(scan, canvas, stain.hole)
    if result is None:
        return None
    pixels, core = result
    return Fill(box.left, box.top, pixels, core & filled) if (core & filled).any() else None
