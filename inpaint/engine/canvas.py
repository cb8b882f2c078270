"""The canvas of a session: the photo's pixels with the fills of its holes, the mask, and which fills are drafts."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from inpaint.photos.modes import Patch

from .fills import Fill, unpack_mask
from .history import Snapshot
from .regions import Box, Part, covering_boxes, find_regions, union


class Canvas:
    """Pixels, mask and drafts of one photo, changed in place. Not thread-safe.

    Args:
        pixels: RGB uint8 (H, W, 3), the photo; the canvas draws on it.
        original: returns the photo's own pixels in a box, RGB uint8 (h, w, 3).

    Attributes:
        pixels: the photo with its fills.
        mask: bool (H, W), True = hole.
        drafts: bool (H, W), True where the fill of a hole is a draft.
        hole_count: the number of hole pixels.
        draft_count: the number of draft pixels.
    """

    def __init__(self, pixels: np.ndarray, original: Callable[[Box], np.ndarray]) -> None:
        self.pixels, self._original = pixels, original
        self.mask, self.drafts = np.zeros(pixels.shape[:2], bool), np.zeros(pixels.shape[:2], bool)
        self.hole_count = self.draft_count = 0

    @property
    def box(self) -> Box:
        """The whole photo."""
        return Box(0, 0, self.pixels.shape[1], self.pixels.shape[0])

    @property
    def hole_boxes(self) -> list[Box]:
        """Disjoint boxes that hold every hole pixel."""
        return covering_boxes(self.mask)

    def add(self, box: Box, area: np.ndarray) -> None:
        """Add an area of a box, bool (h, w), to the mask. None of it may be hole; its pixels stay as they are."""
        self.mask[box.slices][area] = True
        self.hole_count += int(area.sum())

    def erase(self, box: Box, area: np.ndarray) -> None:
        """Remove an area of a box, bool (h, w), from the mask, and restore its pixels. All of it must be hole."""
        self.pixels[box.slices][area] = self._original(box)[area]
        self.mask[box.slices][area] = False
        self.hole_count -= int(area.sum())
        self._set_drafts(box, area, False)

    def erase_all(self) -> None:
        """Empty the mask, and restore the photo."""
        for box in self.hole_boxes:
            self.erase(box, self.mask[box.slices].copy())

    def draw(self, fills: Sequence[Fill], added: Part | None = None) -> bool:
        """Draw fills, one over the other, and return whether there are drafts that none of them covers.

        Args:
            fills: final ones, or drafts, which later ones replace.
            added: what has just become hole. Drafts leave other pixels that show a final fill as they are: a stroke
                beside a finished hole would else show the draft of that hole again. None: drafts are drawn everywhere.
        """
        kept = [self._finished(fill.box, added) if fill.draft and added is not None else None for fill in fills]
        for fill in fills:
            self._set_drafts(fill.box, fill.hole, False)
        others = self.draft_count > 0
        for fill, finished in zip(fills, kept, strict=True):
            drawn = fill if finished is None else fill._replace(hole=fill.hole & ~finished)
            drawn.draw(self.pixels, self.box)
            self._set_drafts(fill.box, fill.hole, fill.draft)
        return others

    def snapshot(self, boxes: list[Box]) -> Snapshot:
        """Return the present state of some boxes."""
        return Snapshot(
            boxes,
            [self.pixels[box.slices].copy() for box in boxes],
            [np.packbits(self.mask[box.slices]) for box in boxes],
            [np.packbits(self.drafts[box.slices]) for box in boxes],
        )

    def write(self, snapshot: Snapshot) -> None:
        """Return some boxes to the state of a snapshot."""
        for box, pixels, *packed in zip(*snapshot, strict=True):
            mask, drafts = (unpack_mask(bits, box) for bits in packed)
            self.hole_count += int(mask.sum()) - int(self.mask[box.slices].sum())
            self.draft_count += int(drafts.sum()) - int(self.drafts[box.slices].sum())
            self.pixels[box.slices], self.mask[box.slices], self.drafts[box.slices] = pixels, mask, drafts

    def shows(self, box: Box, pixels: np.ndarray) -> bool:
        """Return whether the present pixels of a box are these."""
        return np.array_equal(self.pixels[box.slices], pixels)

    def region_box(self, where: Sequence[float] | None) -> Box:
        """Return the bounding box of the regions at a point or in a box.

        Args:
            where: (x, y) or (left, top, right, bottom) in photo pixels; None: the whole photo is returned.

        Raises:
            ValueError: there is no hole.
        """
        if where is None:
            return self.box
        left, top, *end = (math.floor(edge) for edge in where)
        right, bottom = end or (left + 1, top + 1)
        box = Box(left, top, right, bottom).intersection(self.box)
        parts = find_regions(self.mask, box) if box.width > 0 and box.height > 0 else []
        boxes = [part.box for part in parts if part.marks_any(box)]
        if not boxes:
            raise ValueError(
                f"there is no hole at {tuple(where)}: give a point (x, y) in a hole, a box (left, top, right, bottom) "
                "with one, or None for all holes"
            )
        return union(boxes)

    def patches(self, boxes: list[Box]) -> list[Patch]:
        """Return the present pixels of these boxes, without boxes that lie inside another one."""
        ordered = np.array(sorted(set(boxes), key=lambda box: -box.width * box.height))
        patches = []
        for index, (left, top, right, bottom) in enumerate(ordered.tolist()):
            larger = ordered[:index]
            outside = (larger[:, :2] > (left, top)).any(axis=1) | (larger[:, 2:] < (right, bottom)).any(axis=1)
            if outside.all():
                patches.append(Patch(left, top, self.pixels[top:bottom, left:right].copy()))
        return patches

    def _finished(self, box: Box, added: Part) -> np.ndarray:
        """Return where a box shows final fills of holes that were there before a part was added: bool (h, w)."""
        finished = self.mask[box.slices] & ~self.drafts[box.slices]
        common = box.intersection(added.box)
        if common.width > 0 and common.height > 0:
            new = added.hole[common.relative_to(added.box.left, added.box.top).slices]
            finished[common.relative_to(box.left, box.top).slices] &= ~new
        return finished

    def _set_drafts(self, box: Box, area: np.ndarray, value: bool) -> None:
        """Note whether the pixels of an area of a box, bool (h, w), are drafts."""
        if value or self.draft_count:  # without drafts the array is never written, and takes no memory
            drafts = self.drafts[box.slices]
            self.draft_count += int((area & ~drafts).sum()) if value else -int((area & drafts).sum())
            drafts[area] = value
