"""Progress of what computes for a visit: what it does, how far it is, and whether the visitor has cancelled it."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar

import numpy as np

from inpaint.compiled.parallel import Cancelled
from inpaint.engine.fills import Fill, FillHoles
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box
from page.server.errors import PageError

DRAFT, FINAL = "fill", "refine"
"""Stages of a fill: all that is shown at once, and what replaces the drafts of thick holes."""


class Progress:
    """How far a running job is. One thread reports, others read and cancel.

    Attributes:
        stage: what the job does at present, a key of the page's texts after "stage_"; "" before the first report.
        share: how much of the stage is done, from 0 to 1.
        cancelled: whether the visitor has cancelled the job.
        started: `time.monotonic()` when the job began.
    """

    def __init__(self) -> None:
        self.stage, self.share, self.cancelled = "", 0.0, False
        self.started = time.monotonic()

    def report(self, stage: str, share: float) -> None:
        """Note how far the job is.

        Raises:
            PageError: "cancelled" if the visitor has cancelled it; nothing of the job may be applied then.
        """
        if self.cancelled:
            raise PageError("cancelled")
        self.stage, self.share = stage, min(max(share, 0.0), 1.0)


current_progress: ContextVar[Progress | None] = ContextVar("current_progress", default=None)
"""Of the job that runs in this thread; None outside of a job."""


def report(stage: str, share: float) -> None:
    """Note how far the job of this thread is, like `Progress.report`; nothing outside of a job."""
    if (progress := current_progress.get()) is not None:
        progress.report(stage, share)


class RunningJobs:
    """The jobs of a visit that run now: at most one in each compute queue."""

    def __init__(self) -> None:
        self._running: list[Progress] = []
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def running(self) -> Iterator[Progress]:
        """Count as a running job; `report` finds its progress in this thread."""
        progress = Progress()
        with self._lock:
            self._running.append(progress)
        token = current_progress.set(progress)
        try:
            yield progress
        finally:
            current_progress.reset(token)
            with self._lock:
                self._running.remove(progress)

    def cancel(self) -> None:
        """Cancel all jobs that run now. Each ends at its next report."""
        with self._lock:
            for progress in self._running:
                progress.cancelled = True

    def describe(self) -> dict[str, object]:
        """Return {stage, share} of the job that has run longest and has reported; {} if there is none."""
        with self._lock:
            reported = [progress for progress in self._running if progress.stage]
        return {"stage": reported[0].stage, "share": round(reported[0].share, 3)} if reported else {}


class _Step:
    """The job that a computation belongs to at present: drafts are computed in one job, final fills in another."""

    def __init__(self, cancelled: Cancelled | None) -> None:
        self._also = cancelled
        self.resume()

    def resume(self) -> None:
        """Belong to the job of this thread from now on."""
        self._progress = current_progress.get()

    def report(self, stage: str, share: float) -> None:
        if self._progress is not None:
            self._progress.report(stage, share)

    def is_cancelled(self) -> bool:
        """Return whether the fills are no longer wanted; any thread may ask."""
        return (self._progress is not None and self._progress.cancelled) or (self._also is not None and self._also())


def with_progress(fill_holes: FillHoles) -> FillHoles:
    """Return a function that fills holes like this one, reports its progress, and ends between crops if cancelled.

    The share is that of the hole pixels inside `within`; it is known to be right at its ends only.
    """

    def fill_with_progress(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, cancelled: Cancelled | None
    ) -> Iterator[Fill]:
        step = _Step(cancelled)
        stage, done, drafted = DRAFT, 0, 0
        total = int(np.count_nonzero(mask if within is None else mask[within.slices]))
        step.report(stage, 0)
        for fill in fill_holes(pixels, mask, within, options, step.is_cancelled):
            if fill.ends_drafts:
                stage, done, total = FINAL, 0, drafted
            size = int(np.count_nonzero(fill.hole))
            done, drafted = done + size, drafted + size * fill.draft
            step.report(stage, done / max(total, 1))
            yield fill
            step.resume()
        step.report(stage, 1)  # the fills of a cancelled computation end early

    return fill_with_progress
