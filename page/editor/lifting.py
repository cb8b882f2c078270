"""Half-transparent damage that restoring has found is lifted off the picture and not replaced, as part of its fill."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import Cancelled
from inpaint.engine.fills import Fill, FillHoles
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box, Part, find_regions, joined
from inpaint.engine.veils import lifted, veiled_in

DamageIn = Callable[[np.ndarray], np.ndarray]
"""Returns what of a mask, bool (H, W), is damage that restoring has found: what a visitor has painted is replaced."""


def with_lifting(fill_holes: FillHoles, photo: Image.Image, damage_in: DamageIn) -> FillHoles:
    """Return a function that fills holes like this one, and then lifts the half-transparent damage among them.

    What is lifted is one more fill of each region, so that undo, redo, versions and another fill treat it like all
    others.

    Args:
        fill_holes: fills the holes.
        photo: of which `pixels` are the canvas; not modified.
        damage_in: asked when all holes are filled.
    """

    def fill_and_lift(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, cancelled: Cancelled | None
    ) -> Iterator[Fill]:
        fills: list[Fill] = []
        for fill in fill_holes(pixels, mask, within, options, cancelled):
            if not fill.draft:
                fills.append(fill)
            yield fill
        if not fills or (cancelled is not None and cancelled()):
            return
        regions = find_regions(damage_in(mask), within)
        found = list(_lifted(photo, pixels, regions, fills)) if regions else []
        if cancelled is None or not cancelled():
            yield from found

    return fill_and_lift


def _lifted(photo: Image.Image, pixels: np.ndarray, regions: list[Part], fills: Iterable[Fill]) -> Iterator[Fill]:
    """Yield what is lifted in each region, as far as these fills have filled it.

    Args:
        photo: as for `with_lifting`.
        pixels: RGB uint8 (H, W, 3), the canvas before these fills; not modified.
        regions: of the damage, at least one.
        fills: final ones, one over the other.
    """
    window, hole = joined(regions)
    veiled = veiled_in(photo.crop(window), hole)
    if veiled is None:
        return
    canvas, rest = pixels[window.slices].copy(), hole.copy()
    for fill in fills:
        fill.draw(canvas, window, rest)
    scan = veiled.pixels if veiled.pixels.ndim == 2 else np.repeat(veiled.pixels[:, None], 3, axis=1)
    values, visible = lifted(scan, canvas, hole)
    canvas[hole] = values
    hole[hole] = visible
    hole &= ~rest
    for box, damage in regions:
        inside = box.relative_to(window.left, window.top).slices
        if (hole[inside] & damage).any():
            yield Fill(box.left, box.top, canvas[inside].copy(), hole[inside] & damage)
