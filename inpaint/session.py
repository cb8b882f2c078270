"""An editing session: each stroke adds a hole to a photo or erases one, and returns the patches to draw."""

import threading
from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaint.engine.brush import stroke_to_mask
from inpaint.engine.fills import Fill, FillHoles, unpack_mask, without_drafts
from inpaint.engine.history import History, Snapshot
from inpaint.engine.options import DEFAULT_OPTIONS, FillOptions
from inpaint.engine.regions import Box, check_grow_px, covering_boxes, dilate
from inpaint.photos.modes import DEEP_MODES, Patch, grey_range, is_grey, to_rgb, without_colour, write_patches
from inpaint.photos.opening import MaskError

HISTORY_BYTES = 256 * 1024 * 1024
"""Memory for undo and redo in bytes; beyond it the oldest steps are dropped, but never the last one."""


class Session:
    """A photo with its holes, their fills and the history of strokes.

    Every change fills only the regions that it touches and returns the patches to draw: pixels that replace what is
    shown, the original ones where a hole was removed. Methods may be called from any thread; they run one at a time.

    Args:
        photo: upright, as `open_photo` returns it; the session keeps it and does not modify it.
        fill_holes: fills what has changed, such as `Inpainter.fill_holes`; `use` replaces it.
        grow_px: dilate each stroke and mask by this number of pixels, unless a call of `stroke` or `add_mask` says
            otherwise.
        options: how to fill.
        history_bytes: see HISTORY_BYTES.

    Raises:
        MaskError: `grow_px` is out of range.
    """

    def __init__(
        self,
        photo: Image.Image,
        fill_holes: FillHoles,
        *,
        grow_px: float = 0,
        options: FillOptions = DEFAULT_OPTIONS,
        history_bytes: int = HISTORY_BYTES,
    ) -> None:
        check_grow_px(grow_px)
        self.photo = photo
        self._grow_px = grow_px
        self._fill_holes, self._options = fill_holes, options
        self._levels = grey_range(photo) if photo.mode in DEEP_MODES else None
        self._canvas = to_rgb(photo, self._levels)
        self._grey = is_grey(self._canvas)
        self._mask = np.zeros((photo.height, photo.width), bool)
        self._hole_count = 0
        self._history = History(history_bytes)
        self._lock = threading.RLock()

    @property
    def mask(self) -> np.ndarray:
        """A copy of the mask: bool (H, W), True = hole."""
        with self._lock:
            return self._mask.copy()

    def mask_in(self, box: Box) -> np.ndarray:
        """Return a copy of the mask in a box, bool (h, w); cheaper than a copy of all of it."""
        with self._lock:
            return self._mask[box.slices].copy()

    @property
    def painted(self) -> bool:
        """Whether the photo has any hole."""
        return self._hole_count > 0

    @property
    def can_undo(self) -> bool:
        """Whether there is a change for `undo` to revert."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change for `redo` to repeat."""
        return self._history.can_redo

    def stroke(
        self,
        points: Sequence[Sequence[float]],
        brush_px: float,
        erase: bool = False,
        *,
        grow_px: float | None = None,
    ) -> list[Patch]:
        """Paint a hole and fill it, or erase holes and restore the original pixels.

        Args:
            points: [[x, y], ...] in photo pixels, (0, 0) being the upper left corner of the photo; they may lie
                outside it. One point gives a dot.
            brush_px: the diameter of the brush in photo pixels.
            erase: remove holes instead of adding them.
            grow_px: widen the stroke by this number of pixels on all sides; None: the session's default. Erasing
                ignores it.

        Raises:
            ValueError: points or brush are invalid, see `stroke_to_mask`.
            MaskError: `grow_px` is out of range, or the holes would cover the whole photo; the session is unchanged
                then.
        """
        dilation_px = 0 if erase else self._checked_grow_px(grow_px)
        with self._lock:
            box, painted = stroke_to_mask(points, brush_px, self.photo.size, dilation_px)
            return self._change(box, painted, not erase)

    def add_mask(self, mask: np.ndarray, *, grow_px: float | None = None) -> list[Patch]:
        """Add the holes of a mask and fill them.

        Args:
            mask: bool (H, W), True = hole; not modified.
            grow_px: dilate the mask by this number of pixels first; None: the session's default.

        Raises:
            MaskError: the mask has another shape or type, `grow_px` is out of range, or the holes would cover the whole
                photo; the session is unchanged then.
        """
        if mask.dtype != bool or mask.shape != self._mask.shape:
            raise MaskError(
                f"the mask is an array of shape {mask.shape} and type {mask.dtype}; it must be bool of "
                f"shape {self._mask.shape}, the photo's"
            )
        with self._lock:
            return self._change(Box(0, 0, *self.photo.size), dilate(mask, self._checked_grow_px(grow_px)), True)

    def undo(self) -> list[Patch]:
        """Revert the last change; no patches if there is none."""
        with self._lock:
            return self._return_to(self._history.undo(self._snapshot_of))

    def redo(self) -> list[Patch]:
        """Repeat the change that was undone last; no patches if there is none."""
        with self._lock:
            return self._return_to(self._history.redo(self._snapshot_of))

    def clear(self) -> list[Patch]:
        """Remove all holes. This can be undone like a stroke."""
        return self.restore(Snapshot([], [], []))

    def snapshot(self) -> Snapshot:
        """Return all holes and their fills as they are now, for `restore`."""
        with self._lock:
            return self._snapshot_of(covering_boxes(self._mask))

    def restore(self, snapshot: Snapshot) -> list[Patch]:
        """Replace all holes and fills by those of a snapshot. This can be undone like a stroke.

        Args:
            snapshot: of this session or of another one with the same photo.
        """
        with self._lock:
            painted = covering_boxes(self._mask)
            boxes = painted + snapshot.boxes
            if not boxes:
                return []
            self._history.record(self._snapshot_of(boxes))
            for box in painted:
                self._erase(box, self._mask[box.slices].copy())
            self._write(snapshot)
            return self._patches(boxes)

    def use(self, fill_holes: FillHoles) -> None:
        """Fill with another function from now on; `refill` also fills the existing holes with it."""
        with self._lock:
            self._fill_holes = fill_holes

    def refill(self) -> list[Patch]:
        """Fill all holes again with the current function. This can be undone like a stroke."""
        with self._lock:
            if not self._hole_count:
                return []
            fills = self._fill_regions(Box(0, 0, *self.photo.size))
            before_fills = self._snapshot_of([fill.box for fill in fills])
            self._history.record(before_fills)
            self._draw(fills)
            return self._patches(before_fills.boxes)

    def result(self) -> Image.Image:
        """Return the filled photo in the photo's own size and mode, with its EXIF, ICC profile and dpi in `info`."""
        with self._lock:
            patches = [Patch(box.left, box.top, self._canvas[box.slices]) for box in covering_boxes(self._mask)]
            return write_patches(self.photo, patches, self._mask)

    def _checked_grow_px(self, grow_px: float | None) -> float:
        if grow_px is None:
            return self._grow_px
        check_grow_px(grow_px)
        return grow_px

    def _change(self, box: Box, area: np.ndarray, value: bool) -> list[Patch]:
        """Set the mask to `value` in an area of a box, and fill the regions that it touches; all or nothing."""
        area = area & (self._mask[box.slices] != value)
        changed = [part.relative_to(-box.left, -box.top) for part in covering_boxes(area)]
        if not changed:
            return []
        count = int(area.sum())
        if value and self._hole_count + count == self._mask.size:
            raise MaskError(
                "the holes would cover the whole photo: leave a part of it clear, from which the fill can continue"
            )
        edges = np.array(changed)
        touched = Box(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
        before = self._snapshot_of(changed)
        if value:
            self._mask[box.slices][area] = True
            self._hole_count += count
        else:
            self._erase(box, area)
        try:
            fills = self._fill_regions(touched) if self._hole_count else []
        except BaseException:
            self._write(before)
            raise
        before_fills = self._snapshot_of([fill.box for fill in fills])
        self._history.record(before_fills.followed_by(before))
        self._draw(fills)
        return self._patches(before_fills.boxes + changed)

    def _fill_regions(self, touched: Box) -> list[Fill]:
        fills = list(without_drafts(self._fill_holes(self._canvas, self._mask, touched, self._options, None)))
        return [fill._replace(pixels=without_colour(fill.pixels)) for fill in fills] if self._grey else fills

    def _draw(self, fills: list[Fill]) -> None:
        for fill in fills:
            fill.draw(self._canvas, Box(0, 0, *self.photo.size))

    def _erase(self, box: Box, area: np.ndarray) -> None:
        """Restore the original pixels in an area of a box, and remove it from the mask."""
        original = to_rgb(self.photo.crop(box), self._levels)
        self._canvas[box.slices][area] = original[area]
        self._mask[box.slices][area] = False
        self._hole_count -= int(area.sum())

    def _snapshot_of(self, boxes: list[Box]) -> Snapshot:
        return Snapshot(
            boxes,
            [self._canvas[box.slices].copy() for box in boxes],
            [np.packbits(self._mask[box.slices]) for box in boxes],
        )

    def _write(self, snapshot: Snapshot) -> None:
        """Set pixels and mask to those of a snapshot."""
        for box, pixels, packed in zip(*snapshot, strict=True):
            mask = unpack_mask(packed, box)
            self._hole_count += int(mask.sum()) - int(self._mask[box.slices].sum())
            self._canvas[box.slices] = pixels
            self._mask[box.slices] = mask

    def _return_to(self, snapshot: Snapshot | None) -> list[Patch]:
        if snapshot is None:
            return []
        self._write(snapshot)
        return self._patches(snapshot.boxes)

    def _patches(self, boxes: list[Box]) -> list[Patch]:
        """Return the current pixels of these boxes, without boxes that lie inside another one."""
        ordered = np.array(sorted(set(boxes), key=lambda box: -box.width * box.height))
        patches = []
        for index, (left, top, right, bottom) in enumerate(ordered.tolist()):
            larger = ordered[:index]
            outside = (larger[:, :2] > (left, top)).any(axis=1) | (larger[:, 2:] < (right, bottom)).any(axis=1)
            if outside.all():
                patches.append(Patch(left, top, self._canvas[top:bottom, left:right].copy()))
        return patches
