"""Editing a canvas: changes of the mask, their fills now or later, and the history."""

import dataclasses
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import numpy as np

from inpaint.compiled.parallel import Cancelled
from inpaint.photos.errors import MaskError
from inpaint.photos.modes import Patch

from .canvas import Canvas
from .fills import Fill, FillHoles
from .history import History, Snapshot
from .options import MAX_SEED, FillOptions
from .pending import PendingFills
from .regions import Box, Part, covering_boxes, find_regions, union

_JOURNAL_LENGTH = 32


class Editing:
    """A canvas with its fills and their history. Methods may be called from any thread.

    Methods that change the canvas return the patches to draw, and run one at a time. `finish` and `another_fill` let
    other changes in while they compute, and apply nothing if there was one.

    Args:
        canvas: is changed in place.
        fill_holes: fills what has changed; `use` replaces it.
        options: how to fill.
        history_bytes: memory for undo and redo.

    Attributes:
        lock: held by whoever reads or changes the canvas; the thread that holds it may take it again.
        revision: the number of changes until now.
    """

    def __init__(self, canvas: Canvas, fill_holes: FillHoles, options: FillOptions, history_bytes: int) -> None:
        self.canvas, self.options = canvas, options
        self.history = History(history_bytes)
        self.lock = threading.RLock()
        self.revision = 0
        self._journal: deque[tuple[int, list[Box]]] = deque(maxlen=_JOURNAL_LENGTH)
        self._fill_holes = fill_holes
        self._pending: PendingFills | None = None
        self._computing = threading.Lock()

    def change(self, box: Box, area: np.ndarray, value: bool, finish: bool) -> list[Patch]:
        """Set the mask to `value` in an area of a box, and fill the regions that it touches; all or nothing.

        Args:
            box: inside the photo.
            area: bool (h, w).
            value: True to add holes, False to erase them.
            finish: compute the final fills too; False: leave drafts to `finish`.

        Raises:
            MaskError: the holes would cover the whole photo.
        """
        with self.lock:
            mask = self.canvas.mask[box.slices]
            return self.replace(box, mask | area if value else mask & ~area, finish)

    def replace(self, box: Box, hole: np.ndarray, finish: bool) -> list[Patch]:
        """Replace the mask in a box, and fill the regions that this touches; all or nothing.

        Args:
            box: inside the photo.
            hole: bool (h, w), True = hole.
            finish: as for `change`.

        Raises:
            MaskError: the holes would cover the whole photo.
        """
        with self.lock:
            canvas = self.canvas
            mask = canvas.mask[box.slices]
            added, erased = hole & ~mask, mask & ~hole
            changed = [part.relative_to(-box.left, -box.top) for part in covering_boxes(added | erased)]
            if not changed:
                return []
            if canvas.hole_count + int(added.sum()) - int(erased.sum()) == canvas.mask.size:
                raise MaskError(
                    "the holes would cover the whole photo: leave a part of it clear, from which the fill can continue"
                )
            before = canvas.snapshot(changed)
            canvas.add(box, added)
            canvas.erase(box, erased)
            try:
                patches = self._fill_within(union(changed), finish, before, Part(box, added))
            except BaseException:
                canvas.write(before)
                raise
            return patches + (self._finish_now() if finish else [])

    def refill(self, finish: bool) -> list[Patch]:
        """Fill all holes again; `finish` is as for `change`."""
        with self.lock:
            if not self.canvas.hole_count:
                return []
            return self._fill_within(self.canvas.box, finish, Snapshot([], [], [], []))

    def finish(self, cancelled: Cancelled | None = None) -> list[Patch]:
        """Replace all drafts by final fills, see `Session.finish`."""
        return self._compute(self._pending_fills, self._draw, cancelled)

    def another_fill(self, where: Sequence[float] | None, cancelled: Cancelled | None = None) -> list[Patch]:
        """Fill holes again with the next seed, see `Session.another_fill`."""
        options = self.options

        def prepare() -> PendingFills | None:
            nonlocal options
            options = dataclasses.replace(self.options, seed=(self.options.seed + 1) % (MAX_SEED + 1))
            return self._start(self.canvas.region_box(where), options) if self.canvas.hole_count else None

        def apply(fills: list[Fill]) -> list[Patch]:
            before = self.canvas.snapshot([fill.box for fill in fills])
            self.canvas.draw(fills)
            if all(map(self.canvas.shows, before.boxes, before.pixels)):
                return []
            self.options = options
            self.history.record(before)
            return self._changed(before.boxes)

        return self._compute(prepare, apply, cancelled)

    def undo(self) -> list[Patch]:
        """Revert the last change; no patches if there is none."""
        with self.lock:
            return self._return_to(self.history.undo(self.canvas.snapshot))

    def redo(self) -> list[Patch]:
        """Repeat the change that was undone last; no patches if there is none."""
        with self.lock:
            return self._return_to(self.history.redo(self.canvas.snapshot))

    def restore(self, snapshot: Snapshot) -> list[Patch]:
        """Replace all holes and fills by those of a snapshot."""
        with self.lock:
            boxes = self.canvas.hole_boxes + snapshot.boxes
            if not boxes:
                return []
            self.history.record(self.canvas.snapshot(boxes))
            self.canvas.erase_all()
            self.canvas.write(snapshot)
            return self._changed(boxes)

    def use(self, fill_holes: FillHoles) -> None:
        """Fill with another function from now on."""
        with self.lock:
            self._drop_pending()
            self._fill_holes = fill_holes

    @contextmanager
    def finished(self) -> Iterator[Canvas]:
        """Finish all drafts, and give exclusive access to the canvas."""
        self.finish()  # other threads may go on; what they change meanwhile is finished below
        with self.lock:
            self._finish_now()
            yield self.canvas

    def patches_since(self, revision: int) -> list[Patch] | None:
        """Return the present pixels of all that has changed since a revision; None if that is too long ago."""
        with self.lock:
            if not self.revision - len(self._journal) <= revision <= self.revision:
                return None
            return self.canvas.patches([box for number, boxes in self._journal if number > revision for box in boxes])

    def _fill_within(self, within: Box, finish: bool, before: Snapshot, added: Part | None = None) -> list[Patch]:
        """Fill the regions near a box, and record the change.

        Args:
            within: all that has changed.
            finish: as for `change`.
            before: the state of what has changed, before it changed.
            added: the new hole pixels, see `Canvas.draw`.
        """
        self._drop_pending()
        pending = self._start(within, self.options) if self.canvas.hole_count else None
        fills: list[Fill] = []
        more = False
        if pending is not None and finish:
            fills = pending.rest()
        elif pending is not None:
            fills, more = pending.until_drafts()
        before_fills = self.canvas.snapshot([fill.box for fill in fills])
        self.history.record(before_fills.followed_by(before))
        has_other_drafts = self.canvas.draw(fills, added)
        patches = self._changed(before_fills.boxes + before.boxes)
        if more and not has_other_drafts:
            self._pending = pending
        return patches

    def _start(self, within: Box, options: FillOptions) -> PendingFills:
        return PendingFills(partial(self._fill_holes, self.canvas.pixels, self.canvas.mask, within, options))

    def _pending_fills(self) -> PendingFills | None:
        """Return the fills that cover all drafts, None if there are no drafts.

        They go on where the last change has paused. Drafts of several changes are filled anew.
        """
        canvas, fill_holes, options = self.canvas, self._fill_holes, self.options
        if not canvas.draft_count:
            return None
        if self._pending is not None and not self._pending.started:
            return self._pending
        pixels, mask, boxes = canvas.pixels, canvas.mask, [part.box for part in find_regions(canvas.drafts)]

        def start(cancelled: Cancelled) -> Iterator[Fill]:
            for box in boxes:
                yield from fill_holes(pixels, mask, box, options, cancelled)

        return PendingFills(start)

    def _compute(
        self,
        prepare: Callable[[], PendingFills | None],
        apply: Callable[[list[Fill]], list[Patch]],
        cancelled: Cancelled | None,
    ) -> list[Patch]:
        """Compute fills without the lock, and apply them unless something has changed meanwhile.

        Args:
            prepare: returns the fills to compute, or None if there is nothing to do; called with the lock held.
            apply: draws them and returns the patches; called with the lock held.
            cancelled: see `finish`.
        """
        with self._computing:  # a computation that is paused cannot go on in two threads
            with self.lock:
                pending = prepare()
                if pending is None:
                    return []
                self._pending = pending  # the next change drops it
            fills = pending.rest(cancelled)
            with self.lock:
                return [] if pending.cancelled() else apply(fills)

    def _finish_now(self) -> list[Patch]:
        """Replace all drafts by final fills, with the lock held."""
        pending = self._pending_fills()
        return [] if pending is None else self._draw(pending.rest())

    def _draw(self, fills: list[Fill]) -> list[Patch]:
        self.canvas.draw(fills)
        return self._changed([fill.box for fill in fills])

    def _return_to(self, snapshot: Snapshot | None) -> list[Patch]:
        if snapshot is None:
            return []
        self.canvas.write(snapshot)
        return self._changed(snapshot.boxes)

    def _changed(self, boxes: list[Box]) -> list[Patch]:
        """Note what has changed, and return its patches."""
        self._drop_pending()
        self.revision += 1
        self._journal.append((self.revision, boxes))
        return self.canvas.patches(boxes)

    def _drop_pending(self) -> None:
        if self._pending is not None:
            self._pending.drop()
            self._pending = None
