"""An editing session: each stroke adds a hole to a photo or erases one, and returns the patches to draw."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import Cancelled
from inpaint.engine.brush import stroke_to_mask
from inpaint.engine.canvas import Canvas
from inpaint.engine.editing import Editing
from inpaint.engine.fills import FillHoles
from inpaint.engine.history import Snapshot
from inpaint.engine.options import DEFAULT_OPTIONS, FillOptions
from inpaint.engine.pending import needs_pause
from inpaint.engine.photo import coloured_like, for_photo
from inpaint.engine.regions import Box, check_grow_px, dilate
from inpaint.photos.errors import MaskError
from inpaint.photos.memory import CANVAS_BYTES, bytes_held
from inpaint.photos.modes import DEEP_MODES, Patch, grey_range, to_rgb, write_patches

HISTORY_BYTES = 256 * 1024 * 1024
"""Memory for undo and redo in bytes; beyond it the oldest steps are dropped, but never the last one."""


class Session:
    """A photo with its holes, their fills and the history of strokes.

    Every change fills only the regions that it touches and returns the patches to draw: pixels that replace what is
    shown, the original ones where a hole was removed. Methods may be called from any thread; they run one at a time.

    For a live preview, `stroke(..., finish=False)` returns after the drafts of thick holes, which are computed fast,
    and `finish` computes the final fills, while the next stroke need not wait for them.

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
        levels = grey_range(photo) if photo.mode in DEEP_MODES else None
        canvas = Canvas(to_rgb(photo, levels), lambda box: to_rgb(photo.crop(box), levels))
        self._coloured = coloured_like(photo)
        self._canvas = canvas
        self._fill_holes = fill_holes
        self._editing = Editing(canvas, self._coloured(fill_holes), for_photo(options, photo), history_bytes)
        self._touched: Box | None = None
        self._needs_pause = False

    @property
    def mask(self) -> np.ndarray:
        """A copy of the mask: bool (H, W), True = hole."""
        with self._editing.lock:
            return self._canvas.mask.copy()

    def mask_in(self, box: Box) -> np.ndarray:
        """Return a copy of the mask in a box, bool (h, w); cheaper than a copy of all of it."""
        with self._editing.lock:
            return self._canvas.mask[box.slices].copy()

    @property
    def painted(self) -> bool:
        """Whether the photo has any hole."""
        return self._canvas.hole_count > 0

    @property
    def has_drafts(self) -> bool:
        """Whether there are drafts, which `finish` replaces. Undo and redo may bring them back too."""
        return self._canvas.draft_count > 0

    @property
    def needs_pause(self) -> bool:
        """Whether an object may be half covered: `finish` had better be called after a pause without strokes."""
        return self.has_drafts and self._needs_pause

    @property
    def seed(self) -> int:
        """The seed of the next fills, which `another_fill` changes."""
        return self._editing.options.seed

    @property
    def touched(self) -> Box | None:
        """The bounding box of the last stroke; None if there is no hole in it."""
        with self._editing.lock:
            box = self._touched
            return box if box is not None and self._canvas.mask[box.slices].any() else None

    @property
    def revision(self) -> int:
        """The number of changes until now, for `patches_since`."""
        return self._editing.revision

    @property
    def size_bytes(self) -> int:
        """About how much memory the photo with its metadata, the canvas, and the history take."""
        canvas = CANVAS_BYTES * self.photo.width * self.photo.height
        return bytes_held(self.photo) + canvas + self._editing.history.size  # without the lock, which a fill may hold

    @property
    def can_undo(self) -> bool:
        """Whether there is a change for `undo` to revert."""
        return self._editing.history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change for `redo` to repeat."""
        return self._editing.history.can_redo

    def stroke(
        self,
        points: Sequence[Sequence[float]],
        brush_px: float,
        erase: bool = False,
        *,
        grow_px: float | None = None,
        finish: bool = True,
    ) -> list[Patch]:
        """Paint a hole and fill it, or erase holes and restore the original pixels.

        Args:
            points: [[x, y], ...] in photo pixels, (0, 0) being the upper left corner of the photo; they may lie
                outside it. One point gives a dot.
            brush_px: the diameter of the brush in photo pixels.
            erase: remove holes instead of adding them.
            grow_px: widen the stroke by this number of pixels on all sides; None: the session's default. Erasing
                ignores it.
            finish: compute the final fills of thick holes too; False: leave their drafts to `finish`.

        Raises:
            ValueError: points or brush are invalid, see `stroke_to_mask`.
            MaskError: `grow_px` is out of range, or the holes would cover the whole photo; the session is unchanged
                then.
        """
        dilation_px = 0 if erase else self._checked_grow_px(grow_px)
        box, painted = stroke_to_mask(points, brush_px, self.photo.size, dilation_px)
        with self._editing.lock:
            pause = self.needs_pause or needs_pause(self._canvas.mask, box, painted, brush_px)
            patches = self._editing.change(box, painted, not erase, finish)
            self._needs_pause = pause
            if patches:
                self._touched = box
            return patches

    def replace_mask(self, box: Box, hole: np.ndarray, *, finish: bool = True) -> list[Patch]:
        """Replace the mask in a box, and fill what this changes: several strokes as one change.

        Args:
            box: inside the photo.
            hole: bool (h, w) of the box's shape, True = hole; not modified. To add an area to the mask, give
                `session.mask_in(box) | area`.
            finish: as for a stroke.

        Raises:
            MaskError: the hole has another shape or type than the box, the box lies outside the photo, or the holes
                would cover the whole photo; the session is unchanged then.
        """
        if box.intersection(self._canvas.box) != box:
            raise MaskError(f"the box {tuple(box)} lies outside the photo of {self.photo.width} x {self.photo.height}")
        if hole.dtype != bool or hole.shape != (box.height, box.width):
            raise MaskError(
                f"the hole is an array of shape {hole.shape} and type {hole.dtype}; it must be bool of shape "
                f"{(box.height, box.width)}, the box's"
            )
        with self._editing.lock:
            patches = self._editing.replace(box, hole, finish)
            self._needs_pause = False
            if patches:
                self._touched = box
            return patches

    def add_mask(self, mask: np.ndarray, *, grow_px: float | None = None, finish: bool = True) -> list[Patch]:
        """Add the holes of a mask and fill them.

        From then on the colours of all holes do not count for whether the photo is grey or toned; those that strokes
        add do, as telling takes longer than a stroke may.

        Args:
            mask: bool (H, W), True = hole; not modified.
            grow_px: dilate the mask by this number of pixels first; None: the session's default.
            finish: as for a stroke.

        Raises:
            MaskError: the mask has another shape or type, `grow_px` is out of range, or the holes would cover the whole
                photo; the session is unchanged then.
        """
        canvas = self._canvas
        if mask.dtype != bool or mask.shape != canvas.mask.shape:
            raise MaskError(
                f"the mask is an array of shape {mask.shape} and type {mask.dtype}; it must be bool of "
                f"shape {canvas.mask.shape}, the photo's"
            )
        hole = dilate(mask, self._checked_grow_px(grow_px))
        with self._editing.lock:
            self._touched = None
            holes = canvas.mask | hole
            if not holes.all():  # else `change` raises
                self._coloured = coloured_like(self.photo, holes)
                self._editing.use(self._coloured(self._fill_holes))
            return self._editing.change(canvas.box, hole, True, finish)

    def finish(self, cancelled: Cancelled | None = None) -> list[Patch]:
        """Compute the final fills of all drafts. They belong to the change that they finish: no step of their own.

        Other threads may change the session meanwhile, and do not wait. Then nothing of this is applied, and `finish`
        is to be called again. Calls of this method wait for each other.

        Args:
            cancelled: polled between steps; once it returns True, nothing is applied. None: never.

        Returns:
            The patches to draw; none if there were no drafts, or nothing was applied.
        """
        return self._editing.finish(cancelled)

    def another_fill(self, where: Sequence[float] | None = None, *, cancelled: Cancelled | None = None) -> list[Patch]:
        """Fill holes again with the next seed. This can be undone like a stroke.

        Other threads may change the session meanwhile, see `finish`.

        Args:
            where: a point (x, y) in a hole, or a box (left, top, right, bottom): only the regions there; None: all
                holes.
            cancelled: as for `finish`.

        Returns:
            The patches to draw; none if the fills are the same (as those of thin holes), or nothing was applied.

        Raises:
            ValueError: there is no hole at that point or in that box.
        """
        return self._editing.another_fill(where, cancelled)

    def undo(self) -> list[Patch]:
        """Revert the last change; no patches if there is none."""
        return self._editing.undo()

    def redo(self) -> list[Patch]:
        """Repeat the change that was undone last; no patches if there is none."""
        return self._editing.redo()

    def clear(self) -> list[Patch]:
        """Remove all holes. This can be undone like a stroke."""
        return self.restore(Snapshot([], [], [], []))

    def snapshot(self) -> Snapshot:
        """Return all holes and their fills as they are now, for `restore`. Drafts are finished first."""
        with self._editing.finished() as canvas:
            return canvas.snapshot(canvas.hole_boxes)

    def restore(self, snapshot: Snapshot) -> list[Patch]:
        """Replace all holes and fills by those of a snapshot. This can be undone like a stroke.

        Args:
            snapshot: of this session or of another one with the same photo.
        """
        return self._editing.restore(snapshot)

    def use(self, fill_holes: FillHoles) -> FillHoles:
        """Fill with another function from now on; `refill` also fills the existing holes with it.

        Returns:
            The function that filled until now.
        """
        with self._editing.lock:
            replaced, self._fill_holes = self._fill_holes, fill_holes
            self._editing.use(self._coloured(fill_holes))
            return replaced

    def refill(self, *, finish: bool = True) -> list[Patch]:
        """Fill all holes again with the current function. This can be undone like a stroke.

        Args:
            finish: as for a stroke.
        """
        return self._editing.refill(finish)

    def result(self) -> Image.Image:
        """Return the filled photo in the photo's own size and mode, with its EXIF, ICC profile and dpi in `info`.

        Drafts are finished first.
        """
        with self._editing.finished() as canvas:
            patches = [Patch(box.left, box.top, canvas.pixels[box.slices]) for box in canvas.hole_boxes]
            return write_patches(self.photo, patches, canvas.mask)

    def patches(self) -> list[Patch]:
        """Return the present pixels of all holes, for a client that shows the photo alone."""
        with self._editing.lock:
            return self._canvas.patches(self._canvas.hole_boxes)

    def patches_since(self, revision: int) -> list[Patch] | None:
        """Return the present pixels of all that has changed since a revision, for clients that may miss an answer.

        Args:
            revision: an earlier value of the attribute.

        Returns:
            The patches to draw; None if that is too many changes ago.
        """
        return self._editing.patches_since(revision)

    def _checked_grow_px(self, grow_px: float | None) -> float:
        if grow_px is None:
            return self._grow_px
        check_grow_px(grow_px)
        return grow_px
